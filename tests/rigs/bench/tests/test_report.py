"""The page of plots: everything that was measured is on it, and nothing else is loaded."""

import json
import re
from xml.etree import ElementTree

import pytest

from tests.rigs.bench import report
from tests.rigs.bench.plots import LEFT, WIDTH, Scale, bars, part_colour, spread, stacked
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


def test_a_bar_is_as_long_as_its_median_and_each_run_is_a_dot():
    svg = bars({"bare": [1.0, 2.0, 4.0], "daemon": [2.0]})

    bare, daemon = drawn(svg, "rect")
    assert bare.get("width") == daemon.get("width")
    assert (bare.get("fill"), daemon.get("fill")) == ("var(--bare)", "var(--daemon)")
    assert len(drawn(svg, "circle")) == 3


def test_a_delay_shows_its_percentiles():
    runs = [{"p50": 50.0, "p95": 80.0, "p99": 100.0}, {"p50": 60.0, "p95": 90.0, "p99": 110.0}]
    svg = spread({"daemon": runs})

    widths = [float(one.get("width")) for one in drawn(svg, "rect")]
    assert widths == sorted(widths, reverse=True)
    assert "55 85 105" in [one.text for one in drawn(svg, "text")]


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
    assert "<b>" not in bars({"<b>": [1.0]})


FIGURES = {
    "pipeline": {
        LARGE: {
            "runs": {
                "bare": [{"CPU, cores": 0.5, "resident MB": 140.0}],
                "daemon": [
                    {
                        "CPU, cores": 0.6,
                        "resident MB": 190.0,
                        "distinct frames a second": 24.0,
                        "glass to glass, ms": {"count": 9, "p50": 60.0, "p95": 70.0, "p99": 71.0},
                        "judder": 0.04,
                    }
                ],
            },
            "CPU, daemon / bare": 1.2,
        },
        "left out": {"browser": "there is no chromium on this machine"},
    },
    "startup": {"first slate, ms": {"p50": 401.5}, "python -c pass, ms": {"p50": 13.0}},
    "ctl": {"a press, ms": [20, 30, 22], "says": "<script>"},
}


def test_the_page_shows_every_measure_and_loads_nothing():
    page = report.page(FIGURES, "today")

    for words in (
        "CPU, daemon / bare: 1.2",
        "Without the browser: there is no chromium on this machine.",
        "CPU per distinct picture, ms",
        "20, 30, 22 (median 22)",
        "401.5",
        "&lt;script&gt;",
    ):
        assert words in page
    assert page.count("✗ not met") == 1
    assert not re.search(r"<script|src=|href=|url\(|@import", page)


def test_the_page_shows_what_the_time_and_the_memory_go_to():
    runs = {
        "bare": [{"CPU by group, cores": {ENCODER: 0.4}, "memory by part, MB": {"heap": 99.0}}],
        "daemon": [
            {"CPU by group, cores": {ENCODER: cores, CAMERA: 0.1, ENDED: -0.001}}
            for cores in (0.3, 0.4, 0.5)
        ],
    }
    page = report.page({"pipeline": {LARGE: {"runs": runs}}}, "today")

    assert "CPU by thread, cores" in page
    assert "Resident memory, MB" in page
    assert f"<title>{ENCODER}: 0.4</title>" in page
    assert f"<td>{CAMERA}</td><td></td><td>0.1</td>" in page
    assert "What it goes to" not in report.page(FIGURES, "today")


def test_a_delay_of_none_is_left_out():
    figures = {"pipeline": {"x": {"runs": {"daemon": [{"glass to glass, ms": {"count": 0}}]}}}}

    assert "<svg" not in report.page(figures, "today")


def test_the_page_is_written_from_a_file_of_results(tmp_path, monkeypatch):
    results, page = tmp_path / "results.json", tmp_path / "page.html"
    results.write_text(json.dumps(FIGURES))
    monkeypatch.setattr("sys.argv", ["report", str(results), str(page)])

    assert report.main() == 0
    assert page.read_text().startswith("<!doctype html>")
