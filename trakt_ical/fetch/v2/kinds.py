"""The kinds of calendars of API v2, and what their paths are called."""

from __future__ import annotations

from trakt_ical.model import Release

SHOWS = {"shows": "shows", "new": "shows/new", "premieres": "shows/premieres", "finales": "shows/finales"}
MOVIES = {"movies": Release.CINEMA, "streaming": Release.STREAMING, "dvd": Release.PHYSICAL}
