"""Tests of `trakt_ical/demo/`."""
