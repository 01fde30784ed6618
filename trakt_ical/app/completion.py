"""The titles of the user's calendar as earlier runs kept it, for a shell that completes them: nobody is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from trakt_ical.app.app import make_app_at_rest
from trakt_ical.app.environment import Environment
from trakt_ical.fetch.source import SOURCES
from trakt_ical.trakt.cache import read_cached_bodies
from trakt_ical.transform.titles import begins_name, normalize_title

_HARMLESS = re.compile(r"\w[\w-]*")


class KeptTitle(NamedTuple):
    """A show or movie: its *slug*, which a shell takes as it is, and its *title*."""

    slug: str
    title: str

    def begins_with(self, text: str) -> bool:
        """Whether slug or title begin so."""
        return begins_name(text, self)


def load_kept_titles(flags: Mapping[str, Any], *, demo: bool, movies: bool) -> list[KeptTitle]:
    """The shows, or *movies*, of all kept answers, each once, in the order of their slugs. Raises TraktIcalError."""
    app = make_app_at_rest(flags, demo=demo, environment=Environment())
    adapter, bodies = SOURCES[app.settings.api].load_adapter(), read_cached_bodies(app.answers("my"))
    named = {_make_title(slug or "", title or "") for slug, title in adapter.read_kept_titles(bodies, movies=movies)}
    return sorted(each for each in named if each.slug)


def _make_title(slug: str, title: str) -> KeptTitle:
    """With a slug made of the title where Trakt's has signs that a shell would obey; "" where nothing is left."""
    return KeptTitle(slug if _HARMLESS.fullmatch(slug) else normalize_title(title).replace(" ", "-"), title)
