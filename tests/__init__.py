"""Tests; what they share is in `conftest`, `server` and `benchmarks`."""
