"""Benchmarks: speed is measured here and asserted nowhere. Run `python -m tests.bench --help`."""
