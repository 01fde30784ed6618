"""Tests of `trakt_ical/cli/`: what all commands have in common."""
