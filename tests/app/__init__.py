"""Tests of `trakt_ical/app/`."""
