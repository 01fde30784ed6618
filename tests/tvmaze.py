"""A TVmaze of one test, which counts what it is asked, and the list of shows that goes with recorded answers."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from tests.server import QuietHandler, run_handler
from trakt_ical.fetch.imported.imported_list import ImportedList, ImportedListFile, ImportedShow

ZONES = {"US": "America/New_York", "JP": "Asia/Tokyo", "GB": "Europe/London"}


def make_wire_show(number: int, **attributes: object) -> dict[str, Any]:
    """Return a show as TVmaze writes it: on an American network, with a number at TheTVDB."""
    usual = {
        "id": number,
        "url": f"https://www.tvmaze.com/shows/{number}/show-{number}",
        "name": f"Show {number}",
        "type": "Scripted",
        "language": "English",
        "genres": ["Drama"],
        "status": "Running",
        "runtime": 60,
        "averageRuntime": 60,
        "premiered": "2020-01-01",
        "schedule": {"time": "", "days": []},
        "rating": {"average": None},
        "network": make_channel("HBO", "US"),
        "webChannel": None,
        "externals": {"tvrage": None, "thetvdb": 1000 + number, "imdb": None},
        "summary": None,
        "updated": 0,
    }
    return usual | attributes


def make_channel(name: str, code: str | None) -> dict[str, Any]:
    """Return a network in the country *code*, or one for the whole world."""
    return {"id": 1, "name": name, "country": {"name": code, "code": code, "timezone": ZONES[code]} if code else None}


def make_wire_episode(place: int, airdate: str, **attributes: object) -> dict[str, Any]:
    """Return episode 1x*place* as TVmaze writes it; nobody knows its hour."""
    usual = {
        "id": 90_000 + place,
        "url": f"https://www.tvmaze.com/episodes/{90_000 + place}/an-episode",
        "name": f"Episode {place}",
        "season": 1,
        "number": place,
        "type": "regular",
        "airdate": airdate,
        "airtime": "",
        "airstamp": f"{airdate}T12:00:00+00:00" if airdate else None,
        "runtime": None,
        "summary": None,
    }
    return usual | attributes


def make_imported_show(number: int, **attributes: Any) -> ImportedShow:
    """Return the show of a list that is *number* at Trakt, and has the number at TheTVDB of `make_wire_show`."""
    usual: dict[str, Any] = {"title": f"Show {number}", "year": 2020, "trakt": number, "slug": f"show-{number}"}
    return ImportedShow(**(usual | {"tvdb": 1000 + number} | attributes))


def save_list(home: Path, shows: list[ImportedShow], now: datetime, owner: str = "demo") -> None:
    """Put the list of *shows* where `import` would."""
    imported = ImportedList(owner=owner, imported_at=now, origin="Trakt's export", shows=tuple(shows))
    ImportedListFile(home / ".local/share/trakt-ical/shows.json").save(imported)


@dataclass(frozen=True)
class Reply:
    """What is answered in place of the true answer; *cut* ends the connection after half of the body."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False


@dataclass
class FakeTvmaze:
    """What a TVmaze lists: *episodes* by the number of their show, and of these the *scheduled* shows.

    *replies* take the place of answers, by the beginning of a path, each once. *asked* gathers when it was asked for
    what, *connections* from which ports.
    """

    clock: Callable[[], datetime]
    shows: dict[int, dict[str, Any]] = field(default_factory=dict)
    episodes: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    unscheduled: set[int] = field(default_factory=set)
    changes: dict[int, int] = field(default_factory=dict)
    replies: dict[str, list[Reply]] = field(default_factory=dict)
    specials: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[datetime, str]] = field(default_factory=list)
    connections: set[int] = field(default_factory=set)
    url: str = ""

    def add(self, number: int, episodes: list[dict[str, Any]], **attributes: object) -> None:
        """Add a show with its *episodes*."""
        self.shows[number] = make_wire_show(number, **attributes)
        self.episodes[number] = episodes

    @property
    def paths(self) -> list[str]:
        """What was asked for since the last `forget`."""
        return [path for _, path in self.asked]

    def forget(self) -> None:
        """Forget what was asked so far."""
        self.asked.clear()

    def most_in(self, seconds: float) -> int:
        """Return how many requests came in any span of so many *seconds*."""
        times = [when for when, _ in self.asked]
        return max(
            (sum(0 <= (each - first).total_seconds() <= seconds for each in times) for first in times), default=0
        )

    def answer(self, path: str) -> Reply:
        """Return the answer to a GET of *path*."""
        for beginning, waiting in self.replies.items():
            if path.startswith(beginning) and waiting:
                return waiting.pop(0)
        name, _, _ = path.partition("?")
        match name.strip("/").split("/"):
            case ["schedule", "full"]:
                return _reply([*self._list_schedule(), *self.specials])
            case ["updates", "shows"]:
                return _reply({str(number): changed_at for number, changed_at in self.changes.items()})
            case ["shows", number] if int(number) in self.shows:
                return _reply(self.shows[int(number)])
            case ["shows", number, "episodes"] if int(number) in self.episodes:
                return _reply(self.episodes[int(number)])
        return Reply(404, b'{"name":"Not Found","message":"Unknown show","code":0,"status":404}')

    def _list_schedule(self) -> Iterator[dict[str, Any]]:
        today = f"{self.clock():%Y-%m-%d}"
        for number, episodes in self.episodes.items():
            for episode in episodes if number not in self.unscheduled else ():
                if episode["airdate"] >= today:
                    yield {**episode, "_embedded": {"show": self.shows[number]}}


def _reply(content: object) -> Reply:
    return Reply(200, json.dumps(content).encode(), {"Cache-Control": "public, max-age=3600"})


@contextlib.contextmanager
def serving_tvmaze(tvmaze: FakeTvmaze) -> Iterator[FakeTvmaze]:
    """Serve *tvmaze* on a loopback port."""

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            tvmaze.asked.append((tvmaze.clock(), self.path))
            tvmaze.connections.add(self.client_address[1])
            reply = tvmaze.answer(self.path)
            headers = {"Content-Type": "application/json; charset=UTF-8", "Content-Length": str(len(reply.body))}
            self.send_response_only(reply.status)
            for name, value in {
                **headers,
                "Date": format_datetime(tvmaze.clock(), usegmt=True),
                **reply.headers,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body[: len(reply.body) // 2] if reply.cut else reply.body)
            self.close_connection = reply.cut

    with run_handler(Handler) as tvmaze.url:
        yield tvmaze
