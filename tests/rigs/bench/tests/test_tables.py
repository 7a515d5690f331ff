"""The tables in Markdown: what was measured stands in them, as medians."""

from tests.rigs.bench import tables
from tests.rigs.bench.targets import LARGE, PER_PICTURE


def run(cores: float, fps: float, p50: float) -> dict[str, object]:
    return {
        "CPU, cores": cores,
        "distinct frames a second": fps,
        "glass to glass, ms": {"count": 9, "p50": p50, "p95": p50 + 10, "p99": p50 + 20},
        "CPU by group, cores": {"encoder": cores / 2, "decoder": cores / 2},
    }


FIGURES = {
    "pipeline": {
        LARGE: {
            "runs": {
                "daemon": [run(0.4, 20.0, 100.0), run(0.5, 25.0, 120.0), run(0.6, 24.0, 140.0)],
                "bare": [{"CPU, cores": 0.5}],
            },
            "CPU, daemon / bare": 1.1,
        },
        "left out": {"browser": "no Chromium"},
    },
    "sizes": {"table": [{"what": "usual", "CPU, cores": 0.25}], "runs": {}},
    "idle": {"wake-ups a second": 12.5},
}


def rows(text: str, section: str) -> list[list[str]]:
    """The cells of a section's table, without its line of dashes."""
    lines = text.split(f"## {section}\n\n")[1].split("\n\n", maxsplit=1)[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [line for line in cells if line[0] != "---"]


def test_a_setting_has_a_column_for_each_contender_and_medians():
    found = rows(tables.text(FIGURES), LARGE)
    assert found[0] == ["", "bare", "daemon"]
    table = {line[0]: line[1:] for line in found}
    assert table["CPU, cores"] == ["0.5", "0.5"]
    assert table[PER_PICTURE] == ["", "20"]
    assert table["glass to glass, ms"] == ["", "120 / 130 / 140"]
    assert "SSIM" not in table, "nobody has measured it"
    assert "CPU, daemon / bare: 1.1" in tables.text(FIGURES)


def test_targets_parts_sizes_and_the_rest_have_tables_of_their_own():
    text = tables.text(FIGURES)
    verdicts = {line[0]: line[3] for line in rows(text, "Targets")[1:]}
    assert verdicts[f"CPU of the daemon ÷ bare, {LARGE}"] == "met"
    assert verdicts["Idle, nobody watches"] == "not measured"
    assert ["encoder", "0.25"] in rows(text, f"CPU by thread, cores, {LARGE}")
    assert rows(text, "Cost against size") == [["what", "CPU, cores"], ["usual", "0.25"]]
    assert rows(text, "idle")[1:] == [["", "wake-ups a second 12.5"]]


def test_a_bar_in_a_text_does_not_end_its_cell():
    assert tables.table(("a", "b"), [("x|y", 2.0)]).splitlines()[2] == "| x/y | 2 |"


def test_without_figures_there_are_targets_only():
    text = tables.text({})
    assert text.startswith("## Targets\n")
    assert text.count("## ") == 1
