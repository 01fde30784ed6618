"""Tests of `trakt_ical/fetch/`."""
