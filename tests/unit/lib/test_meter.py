"""Rates, how long something was on, and how values spread."""

from __future__ import annotations

from sana_vcam.lib.meter import Histogram, Meter, Stopwatch


def test_a_rate_is_of_the_last_two_seconds():
    meter = Meter()
    for number in range(100):
        meter.count(number / 24)
    assert round(meter.rate(99 / 24), 1) == 24.0
    assert meter.rate(99 / 24 + 3) == 0.0
    assert meter.total == 100


def test_a_stopwatch_adds_up_what_was_on():
    watch = Stopwatch()
    assert watch.seconds(5.0) == 0.0
    watch.switch(False, 6.0)
    watch.switch(True, 10.0)
    watch.switch(True, 11.0)
    assert watch.seconds(12.5) == 2.5
    watch.switch(False, 13.0)
    watch.switch(False, 14.0)
    assert watch.seconds(20.0) == 3.0
    watch.switch(True, 30.0)
    assert watch.seconds(31.0) == 4.0


def test_a_histogram_counts_up_to_each_bound():
    histogram = Histogram((0.1, 0.5, 1.0))
    for value in (0.05, 0.1, 0.11, 0.5, 0.9, 7.0):
        histogram.observe(value)
    assert histogram.counts == (2, 2, 1, 1)
    assert round(histogram.sum, 6) == 8.66
