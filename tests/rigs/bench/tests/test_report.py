"""The page of plots: everything that was measured is on it, and nothing else is loaded."""

import json
import re
from xml.etree import ElementTree

import pytest

from tests.rigs.bench import report
from tests.rigs.bench.paired import Estimate
from tests.rigs.bench.plots import (
    LEFT,
    WIDTH,
    Scale,
    bars,
    intervals,
    part_colour,
    spread,
    stacked,
)
from tests.rigs.bench.targets import LARGE
from tests.rigs.bench.threads import CAMERA, ENCODER, ENDED, GROUPS


@pytest.mark.parametrize(
    ("top", "ticks"),
    [
        (0.0, [0, 1]),
        (1.0, [0, 0.5, 1.0]),
        (0.23, [0, 0.1, 0.2, 0.3]),
        (401, [0, 200, 400, 600]),
        (38.0, [0, 10, 20, 30, 40]),
    ],
)
def test_the_scale_has_round_numbers_and_holds_the_largest(top, ticks):
    scale = Scale(top)

    assert scale.ticks() == pytest.approx(ticks)
    assert LEFT <= scale.x(top) <= WIDTH


def drawn(svg, tag, **attributes):
    return [
        one
        for one in ElementTree.fromstring(svg).iter(tag)
        if all(one.get(key) == value for key, value in attributes.items())
    ]


def test_a_bar_is_as_long_as_its_figure_and_each_turn_is_a_dot():
    svg = bars({"bare": (2.0, [1.0, 2.0, 4.0]), "daemon": (2.0, [2.0])})

    bare, daemon = drawn(svg, "rect")
    assert bare.get("width") == daemon.get("width")
    assert (bare.get("fill"), daemon.get("fill")) == ("var(--bare)", "var(--daemon)")
    assert len(drawn(svg, "circle")) == 3


def test_a_delay_shows_its_percentiles():
    svg = spread({"daemon": ([55.0, 85.0, 105.0], [50.0, 60.0])})

    widths = [float(one.get("width")) for one in drawn(svg, "rect")]
    assert widths == sorted(widths, reverse=True)
    assert "55 85 105" in [one.text for one in drawn(svg, "text")]
    assert len(drawn(svg, "circle")) == 2


def test_a_ratio_lies_on_its_interval_beside_what_is_wanted():
    svg = intervals({"CPU ÷ bare": Estimate(1.1, 1.0, 1.2, 8)}, {"CPU ÷ bare": 1.05})

    (line,) = drawn(svg, "line", **{"class": "range"})
    (dot,) = drawn(svg, "circle")
    (mark,) = drawn(svg, "line", **{"class": "mark"})
    assert float(line.get("x1")) < float(mark.get("x1")) < float(dot.get("cx"))
    assert float(dot.get("cx")) < float(line.get("x2")) <= WIDTH
    assert "1 to 1.2" in [one.text for one in drawn(svg, "text")]


def test_parts_follow_each_other_and_end_at_their_sum():
    svg = stacked({"bare": {"a": 1.0, "c": 3.0}, "daemon": {"a": 2.0, "b": 2.0}}, ["a", "b", "c"])

    first, second, *others = drawn(svg, "rect")
    scale = Scale(4.0)
    assert float(first.get("x")) == LEFT
    assert float(second.get("x")) == pytest.approx(scale.x(1.0), abs=0.1)
    for last in (second, others[-1]):
        assert float(last.get("x")) + float(last.get("width")) == pytest.approx(
            scale.x(4.0), abs=0.1
        )
    assert [one.text for one in drawn(svg, "title")] == ["a: 1", "c: 3", "a: 2", "b: 2"]
    assert first.get("fill") == others[0].get("fill")


def test_what_rounding_took_away_is_not_drawn():
    svg = stacked({"bare": {"a": 1.0, "ended": -0.01}}, ["a", "ended"])

    assert len(drawn(svg, "rect")) == 1


def test_each_group_has_a_colour_of_its_own():
    assert len({part_colour(GROUPS, group) for group in GROUPS}) == len(GROUPS)


def test_names_are_escaped():
    assert "<b>" not in bars({"<b>": (1.0, [])})


def run(turn, cpu_s, **more):
    return {"turn": turn, "seconds": 5.0, "CPU, s": cpu_s, "resident MB": 140.0, **more}


SEEN = {"pictures": 120, "delays, ms": [60.0, 70.0, 71.0], "intervals, ms": [40.0, 41.0, 43.0]}
FIGURES = {
    "pipeline": {
        LARGE: {
            "runs": {
                "bare": [run(n, 2.5, pictures=120) for n in range(6)],
                "daemon": [run(n, 3.0, **SEEN) for n in range(6)],
            }
        },
        "machine": {"too busy to judge": "", "load: median, most": [1.0, 2.0]},
        "left out": {"browser": "there is no chromium on this machine"},
    },
    "startup": {"python -c pass, ms": {"p50": 401.5}},
    "ctl": {"a press, ms": [20, 30, 22], "says": "<script>"},
    "targets": ["once is enough"],
}


def test_the_page_shows_every_measure_and_loads_nothing():
    page = report.page(FIGURES, "today")

    for words in (
        "1.2 (1.2 to 1.2)",
        "Quiet enough to be judged",
        "without the browser: there is no chromium on this machine",
        "CPU per distinct picture, ms",
        "CPU ÷ bare",
        "20, 30, 22 (median 22)",
        "401.5",
        "&lt;script&gt;",
    ):
        assert words in page, words
    assert page.count("✗ missed") == 2
    assert "once is enough" not in page
    assert not re.search(r"<script|src=|href=|url\(|@import", page)


def test_the_page_shows_what_the_time_and_the_memory_go_to():
    runs = {
        "bare": [
            run(0, 2.0)
            | {"CPU by group, cores": {ENCODER: 0.4}, "memory by part, MB": {"heap": 99.0}}
        ],
        "daemon": [
            run(n, 2.0) | {"CPU by group, cores": {ENCODER: cores, CAMERA: 0.1, ENDED: -0.001}}
            for n, cores in enumerate((0.3, 0.4, 0.5))
        ],
    }
    page = report.page({"pipeline": {LARGE: {"runs": runs}}}, "today")

    assert "CPU by thread, cores" in page
    assert "Resident memory, MB" in page
    assert f"<title>{ENCODER}: 0.4</title>" in page
    assert f"<td>{CAMERA}</td><td></td><td>0.1</td>" in page
    assert "What it goes to" not in report.page(FIGURES, "today")


def test_a_delay_of_none_is_left_out():
    none = run(0, 1.0, **{"pictures": 0, "delays, ms": [], "intervals, ms": []})
    page = report.page({"pipeline": {"x": {"runs": {"daemon": [none]}}}}, "today")

    assert "Camera to virtual camera, ms" not in page
    assert "Judder" not in page
    assert "<td>inf</td>" in page


def test_the_page_is_written_from_a_file_of_results(tmp_path, monkeypatch):
    results, page = tmp_path / "results.json", tmp_path / "page.html"
    results.write_text(json.dumps(FIGURES))
    monkeypatch.setattr("sys.argv", ["report", str(results), str(page)])

    assert report.main() == 0
    assert page.read_text().startswith("<!doctype html>")
