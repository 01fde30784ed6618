"""Tests of `trakt_ical/config/`."""
