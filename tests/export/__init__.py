"""Tests of `trakt_ical/export/`."""
