"""The demo's cast: invented shows, each there for a case that calendars get wrong."""

from trakt_ical.demo.cast.bystanders import bystanders
from trakt_ical.demo.cast.clocks import clocks
from trakt_ical.demo.cast.elsewhere import elsewhere
from trakt_ical.demo.cast.films import films
from trakt_ical.demo.cast.gaps import gaps
from trakt_ical.demo.cast.midnights import midnights
from trakt_ical.demo.cast.twins import twins
from trakt_ical.demo.cast.whims import whims
from trakt_ical.demo.cast.words import words
from trakt_ical.demo.show import Cast


def default_cast() -> Cast:
    """The cast a demo starts with; every window of 120 days holds each hard case."""
    watched = (*clocks(), *midnights(), *gaps(), *words(), *twins(), *whims())
    return Cast(shows=(*watched, *elsewhere(), *bystanders()), films=films())
