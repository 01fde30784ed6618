"""Tests of `trakt_ical/transform/`."""
