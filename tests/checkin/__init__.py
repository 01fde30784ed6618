"""Tests of `trakt_ical/checkin/`."""
