"""Tests of `trakt_ical/trakt/`."""
