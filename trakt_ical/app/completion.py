"""Completes a title in the user's shell from the answers that earlier runs kept: nobody is asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from trakt_ical.app.context import App, make_app_at_rest
from trakt_ical.app.environment import Environment
from trakt_ical.fetch.sources import SOURCES, KeptTitle, LoginMethod
from trakt_ical.trakt.cache import read_cached_bodies
from trakt_ical.transform.title_matching import begins_name, normalize_title

_HARMLESS = re.compile(r"\w[\w-]*")


class TitleCompletion(NamedTuple):
    """A show or movie: its *slug*, which is what a shell inserts, and its *title*."""

    slug: str
    title: str


def complete_title(text: str, flags: Mapping[str, Any], *, demo: bool, movies: bool) -> list[TitleCompletion]:
    """Return the shows, or *movies*, in kept answers whose slug or title begins with *text*, in the order of slugs.

    Raises TraktIcalError.
    """
    app = make_app_at_rest(flags, demo=demo, environment=Environment())
    if app.capabilities.login is LoginMethod.DEVICE_CODE and not app.token_file.load().username:
        return []  # to find out whose the answers are would take a request
    found = {_make_completion(slug or "", title or "") for slug, title in _read_titles(app, movies=movies)}
    return sorted(each for each in found if each.slug and begins_name(text, each))


def _read_titles(app: App, *, movies: bool) -> Iterable[KeptTitle]:
    """Return the shows of the imported list, which has no movies, or else the shows or *movies* of kept answers."""
    if app.capabilities.needs_list:
        imported = app.imported_list_file.load()
        return [KeptTitle(show.slug, show.title) for show in imported.shows] if imported and not movies else []
    bodies = read_cached_bodies(app.find_answers_folder("my"))
    return SOURCES[app.settings.api].load_adapter().read_kept_titles(bodies, movies=movies)


def _make_completion(slug: str, title: str) -> TitleCompletion:
    """With a slug made of the title where Trakt's has signs that a shell would obey; "" where nothing is left."""
    return TitleCompletion(slug if _HARMLESS.fullmatch(slug) else normalize_title(title).replace(" ", "-"), title)
