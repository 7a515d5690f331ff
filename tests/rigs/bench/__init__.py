"""Benchmarks: speed is measured here and asserted nowhere: `python -m tests.rigs.bench --help`."""
