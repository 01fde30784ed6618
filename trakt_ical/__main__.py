"""`python -m trakt_ical`."""

from trakt_ical.cli import main

main()
