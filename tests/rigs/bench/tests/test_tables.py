"""The tables in Markdown: what was measured stands in them, over all turns."""

import json

import pytest

from tests.rigs.bench import tables
from tests.rigs.bench.comparing import P50, PER_PICTURE, RATE
from tests.rigs.bench.targets import APP, LARGE


def run(turn, cpu_s, pictures, p50=None):
    seen = {} if p50 is None else {"delays, ms": [p50 - 10, p50, p50 + 10]}
    groups = {"encoder": cpu_s / 10, "decoder": cpu_s / 10}
    return seen | {
        "turn": turn,
        "seconds": 5.0,
        "CPU, s": cpu_s,
        "pictures": pictures,
        "CPU by group, cores": groups,
    }


FIGURES = {
    "pipeline": {
        LARGE: {
            "runs": {
                "daemon": [run(n, 2.0 + n / 50, 100, 120.0) for n in range(7)],
                "bare": [run(n, 1.0 + n / 100, 100) for n in range(7)],
            },
            "ratios": {},
        },
        "machine": {"too busy to judge": "", "load: median, most": [1.0, 2.5]},
        "left out": {"browser": "no Chromium"},
        "failed": [f"{LARGE}, bare, turn 9: shows nothing"],
    },
    "sizes": {"table": [{"what": "usual", "CPU, cores": 0.25}], "runs": {}},
    "idle": {"modules": 12.5},
    "targets": [],
}


def rows(text, section):
    """The cells of a section's table, without its line of dashes."""
    lines = text.split(f"## {section}\n\n")[1].split("\n\n", maxsplit=1)[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [line for line in cells if line[0] != "---"]


def test_a_setting_has_a_column_for_each_contender_and_for_each_ratio():
    found = rows(tables.text(FIGURES), LARGE)
    assert found[0] == ["", "bare", "daemon", "daemon ÷ bare"]
    table = {line[0]: line[1:] for line in found}
    assert table[PER_PICTURE] == ["10.3", "20.6", "2 (2 to 2)"]
    assert table[P50] == ["", "120", ""]
    assert table[RATE] == ["", "20", ""], "the floor looks at no picture"
    assert "PSNR, dB" not in table, "nobody has measured it"
    assert "Over 7 turns" in tables.text(FIGURES)


def test_it_is_told_how_the_machine_was_and_what_is_missing():
    text = tables.sections("pipeline", FIGURES["pipeline"])
    assert "Quiet enough to be judged" in text
    assert "- load: median, most: 1 / 2.5" in text
    assert "- without the browser: no Chromium" in text
    assert "- failed: 1280x704 both ways, bare, turn 9: shows nothing" in text
    busy = {"machine": {"too busy to judge": "others took 2 cores"}}
    assert "**Too busy to judge**: others took 2 cores" in tables.sections("pipeline", busy)


def test_only_targets_that_were_measured_have_a_row():
    found = rows(tables.text(FIGURES), "Targets")
    assert [line[3] for line in found[1:]] == ["**missed**", "**missed**"]
    assert "more were not measured" in tables.text(FIGURES)


def test_parts_sizes_and_the_rest_have_tables_of_their_own():
    text = tables.text(FIGURES)
    assert ["encoder", "0.206", "0.103"] in rows(text, f"CPU by thread, cores, {LARGE}")
    assert rows(text, "Cost against size") == [["what", "CPU, cores"], ["usual", "0.25"]]
    assert rows(text, "idle")[1:] == [["", "modules 12.5"]]
    assert "CPU by thread" not in tables.text(FIGURES, parts=False)


def test_beside_other_work_the_heading_says_so():
    assert tables.title("beside 2", APP) == f"{APP}, beside 2 busy loops"
    assert tables.title("pipeline", APP) == APP


def test_a_bar_in_a_text_does_not_end_its_cell():
    assert tables.table(("a", "b"), [("x|y", 2.0)]).splitlines()[2] == "| x/y | 2 |"


def test_results_of_several_runs_are_taken_together(tmp_path):
    paths = [tmp_path / "quiet.json", tmp_path / "beside.json"]
    paths[0].write_text(json.dumps({"pipeline": {}, "idle": 1}))
    paths[1].write_text(json.dumps({"beside 1": {}, "idle": 2}))

    assert tables.read(paths) == {"pipeline": {}, "beside 1": {}, "idle": 2}


def test_pages_have_the_tables_where_they_have_room():
    runs = {"bare": [run(0, 1.0, 100)], "daemon": [run(0, 2.0, 100, 120.0)]}
    figures = {"pipeline": {APP: {"runs": runs}, "machine": {"too busy to judge": "others"}}}
    page = "before\n<!-- measured: short -->\nold\n<!-- /measured -->\nafter\n"

    found = tables.filled(page, figures)
    assert found.startswith(f"before\n<!-- measured: short -->\n| {APP} | bare SDK | sana-vcam |\n")
    assert "| CPU for each picture, ms | 10 | 20 |" in found
    assert "too busy to judge by this: others.\n<!-- /measured -->\nafter\n" in found
    assert "old" not in found
    assert tables.filled(found, figures) == found
    whole = tables.filled(page.replace("short", "whole"), figures)
    assert "## Targets" in whole
    with pytest.raises(ValueError, match="<!-- measured: short -->"):
        tables.filled("nothing", figures)
    with pytest.raises(LookupError, match="was not measured"):
        tables.filled(page, {})
