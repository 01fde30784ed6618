"""The account's export, as Trakt's settings page makes it: a zip of the answers to some of API v2's requests."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC

from requests.structures import CaseInsensitiveDict

from trakt_ical.demo.account import Backend
from trakt_ical.demo.messages import JSON, Answer, Request
from trakt_ical.demo.v2 import user

PAGE = 250  # entries of one file


def make_export(backend: Backend) -> Answer:
    """Answer with the zip that `Export now` would give at Trakt."""
    octets = io.BytesIO()
    made_at = backend.clock().astimezone(UTC)
    with zipfile.ZipFile(octets, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _list_files(backend):
            file = zipfile.ZipInfo(name, made_at.timetuple()[:6])
            text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
            archive.writestr(file, text, zipfile.ZIP_DEFLATED)
    name = f"trakt-export-{backend.account.username}.zip"
    headers = {"Content-Type": "application/zip", "Content-Disposition": f'attachment; filename="{name}"'}
    return Answer(200, octets.getvalue(), headers)


def _list_files(backend: Backend) -> Iterator[tuple[str, object]]:
    settings: JSON = json.loads(user.show_settings(backend, _make_request()).body)
    # That and the token in there are why nobody but Trakt should read this file.
    settings["user"]["email"] = f"{backend.account.username}@example.com"
    yield "user-settings.json", settings
    yield "user-profile.json", {name: settings["user"][name] for name in ("username", "name", "private", "vip", "ids")}
    # There is no list of dropped shows. Trakt hides most of them from the progress too, and that list there is.
    yield from _cut("hidden-calendar", lambda request: user.list_hidden(backend, request, "calendar"))
    yield from _cut("hidden-progress-watched", lambda request: user.list_hidden(backend, request, "dropped"))
    yield from _cut("watched-shows", lambda request: user.list_watched(backend, request, "shows"))
    yield from _cut("watched-movies", lambda request: user.list_watched(backend, request, "movies"))
    expected = _find_expected(backend)
    yield from _cut("lists-watchlist", lambda request: user.list_watchlist(backend, request, "all", more=expected))


def _find_expected(backend: Backend) -> dict[str, int]:
    """Return the shows that are in the user's calendar before they begin, and since when.

    At Trakt they are there by way of the watchlist. Here a rule says so, and an export without them would cancel them.
    """
    catalogue, account = backend.catalogue, backend.account
    expected = {}
    for show in catalogue.list_shows():
        episodes = [each for its in catalogue.list_seasons(show).values() for each in its]
        if episodes and not catalogue.list_aired(show) and account.is_mine(episodes[0]):
            expected[show.name] = account.find_last("listed shows")
    return expected


def _cut(name: str, answer: Callable[[Request], Answer]) -> Iterator[tuple[str, object]]:
    """Yield the files of one section: pages have numbers once there is more than one."""
    page, pages = 1, 1
    while page <= pages:
        found = answer(_make_request(page=page, limit=PAGE))
        pages = int(found.headers["X-Pagination-Page-Count"])
        yield f"{name}{f'-{page}' if pages > 1 else ''}.json", json.loads(found.body)
        page += 1


def _make_request(**query: int) -> Request:
    return Request("GET", "", {name: str(value) for name, value in query.items()}, CaseInsensitiveDict(), b"")
