"""Tests of `trakt_ical/feed/`."""
