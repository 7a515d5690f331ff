"""The rows of the two sizes."""

from __future__ import annotations

from tests.rigs.bench.sending import KEYS, table


def test_a_row_has_the_median_and_the_spread_of_what_there_is():
    runs = [{"CPU, cores": cpu, "PSNR, 5 to 15 s, dB": None} for cpu in (0.5, 0.3, 0.4)]
    (row,) = table({"640x352": runs})
    assert row["sent"] == "640x352"
    assert row["CPU, cores"] == "0.4 (0.3..0.5)"
    assert row["PSNR, 5 to 15 s, dB"] == "unknown"
    assert row["no picture in time"] == "unknown"
    assert set(row) == {"sent", *KEYS}
