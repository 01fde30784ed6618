"""A day's first export from TVmaze: a schedule of 12,000 episodes, a list of 564 shows, as a whole process.

    python -m tests.benchmarks.tvmaze [ROUNDS]

Limits: at most 2 times what cannot be done without (imports, the two answers, typed decoding, a hash per event), and at
most 120 MiB. The 46 shows that have something ahead were read the day before, which takes longest because of the pace
that TVmaze allows, and is not measured. No calendar is kept, so each event is made and rendered.
"""

from __future__ import annotations

import contextlib
import functools
import gzip
import json
import multiprocessing
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.benchmarks.account import make_home
from tests.benchmarks.measure import (
    COMMAND,
    Cost,
    at_most,
    milliseconds,
    peak,
    print_lines,
    run_process,
    seconds,
    take_turns,
)
from tests.server import QuietHandler

LIMIT = 2.0
LARGEST = 120 * 1024  # KiB
SHOWS, EPISODES, LISTED, AHEAD = 1200, 10, 564, 46
FILLER = "A sentence of the kind that summaries have, as long as most of them are. " * 5
FLOOR = """
import hashlib, sys
import click, icalendar, msgspec, requests
from pathlib import Path
from trakt_ical.fetch.tvmaze.wire import EpisodeWire, ScheduledEpisode
url, folder = sys.argv[1:]
with requests.Session() as session:
    session.get(url + "/updates/shows?since=week").content
    msgspec.json.decode(session.get(url + "/schedule/full").content, type=list[ScheduledEpisode])
for path in Path(folder).rglob("episodes-*.json"):
    for episode in msgspec.json.decode(path.read_bytes(), type=list[EpisodeWire]):
        shown = f"{episode.name}{episode.summary}{episode.airstamp}"
        hashlib.blake2b(shown.encode(), digest_size=8).hexdigest()
"""


def make_show(number: int) -> dict[str, Any]:
    """Return a show as long as TVmaze's are."""
    country = {"name": "United States", "code": "US", "timezone": "America/New_York"}
    image = {"medium": "https://static.tvmaze.com/uploads/images/medium_portrait/1/1.jpg", "original": "https://x" * 8}
    return {
        "id": number,
        "url": f"https://www.tvmaze.com/shows/{number}/show-{number}",
        "name": f"Show {number}",
        "type": "Scripted",
        "language": "English",
        "genres": ["Drama", "Science-Fiction"],
        "status": "Running",
        "runtime": 60,
        "averageRuntime": 60,
        "premiered": "2020-01-01",
        "schedule": {"time": "22:00", "days": ["Monday"]},
        "rating": {"average": 7.1},
        "network": {"id": 1, "name": "HBO", "country": country, "officialSite": None},
        "webChannel": None,
        "externals": {"tvrage": None, "thetvdb": 100_000 + number, "imdb": f"tt{number:07}"},
        "image": image,
        "summary": f"<p><b>Show {number}</b> {FILLER}</p>",
        "updated": 0,
        "_links": {"self": {"href": f"https://api.tvmaze.com/shows/{number}"}},
    }


def make_episodes(number: int) -> list[dict[str, Any]]:
    """Return the episodes of a show, one a week from last week on."""
    start = datetime.now(UTC).replace(hour=2, minute=0, second=0, microsecond=0) - timedelta(days=6)
    episodes = []
    for place in range(EPISODES):
        at = start + timedelta(days=7 * place)
        episodes.append(
            {
                "id": number * 100 + place,
                "url": f"https://www.tvmaze.com/episodes/{number * 100 + place}/show-{number}-1x{place + 1:02}",
                "name": f"Episode {place + 1}",
                "season": 1,
                "number": place + 1,
                "type": "regular",
                "airdate": f"{at:%Y-%m-%d}",
                "airtime": "",
                "airstamp": at.isoformat(),
                "runtime": 60,
                "rating": {"average": None},
                "image": None,
                "summary": f"<p>{FILLER}</p>",
                "_links": {"self": {"href": "https://api.tvmaze.com/episodes/1"}},
            }
        )
    return episodes


def _serve(parent: Connection) -> None:
    """Answer from ready bytes, packed as TVmaze's are, until this process is ended."""
    bodies: dict[str, bytes] = {"/updates/shows": gzip.compress(b"{}")}
    schedule = []
    for number in range(1, SHOWS + 1):
        episodes, show = make_episodes(number), make_show(number)
        bodies[f"/shows/{number}/episodes"] = gzip.compress(json.dumps(episodes).encode())
        schedule += [{**each, "_embedded": {"show": show}} for each in episodes]
    bodies["/schedule/full"] = gzip.compress(json.dumps(schedule).encode())

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            body = bodies[self.path.partition("?")[0]]
            self.send_response_only(200)
            self.send_header("Date", format_datetime(datetime.now(UTC), usegmt=True))
            self.send_header("Content-Type", "application/json; charset=UTF-8")
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    parent.send(server.server_address[1])
    server.serve_forever()


@contextlib.contextmanager
def run_tvmaze() -> Iterator[str]:
    """The address of a TVmaze in a process of its own."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()


def prepare(folder: Path, environ: dict[str, str]) -> None:
    """Import the list, read everything once, and let a day pass: what was asked for is too old to be used again."""
    numbers = [*range(1, AHEAD + 1), *range(SHOWS + 1, SHOWS + 1 + LISTED - AHEAD)]
    lines = "".join(f"tvdb:{100_000 + number}\n" for number in numbers)
    (folder / "shows.txt").write_text(lines, encoding="utf-8")
    run_process([COMMAND, "-q", "import", str(folder / "shows.txt")], environ)
    run_process([COMMAND, "-q", "export"], environ)
    [facts] = folder.rglob("tvmaze.json")
    known = json.loads(facts.read_bytes())
    facts.write_text(json.dumps(known | {"schedule_at": 1, "changes_at": known["changes_at"] - 100_000}))
    for name in ("outputs", "trakt.ics"):
        for path in folder.rglob(name):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def run_in_copy(command: list[str], folder: Path, environ: dict[str, str]) -> Cost:
    """Return what *command* takes in a copy of the home *folder*."""
    with tempfile.TemporaryDirectory() as name:
        shutil.copytree(folder, name, dirs_exist_ok=True)
        moved = {key: value.replace(str(folder), name) for key, value in environ.items()}
        cost = run_process([part.replace("{home}", name) for part in command], moved)
        events = Path(moved["TRAKT_ICAL_OUTPUT"])
        if command[0] == COMMAND and events.read_bytes().count(b"BEGIN:VEVENT") != AHEAD * EPISODES:
            raise RuntimeError("The calendar lacks events: this is not what was to be measured.")
        return cost


def main(rounds: int) -> None:
    """Measure and tell."""
    with run_tvmaze() as url, make_home(url) as environ:
        environ |= {"TRAKT_ICAL_API": "tvmaze", "PYTHONPATH": os.getcwd()}
        folder = Path(environ["HOME"])
        prepare(folder, environ)
        costs = take_turns(
            {
                "export": functools.partial(run_in_copy, [COMMAND, "-q", "export"], folder, environ),
                "floor": functools.partial(run_in_copy, [sys.executable, "-c", FLOOR, url, "{home}"], folder, environ),
            },
            rounds,
        )
    times = {name: seconds(each) for name, each in costs.items()}
    print_lines(
        f"{SHOWS * EPISODES} episodes, {LISTED} shows, {AHEAD} of them ahead, medians of {rounds} rounds",
        *(f"  {name}: {milliseconds(times[name])}, peak {peak(each):,.0f}" for name, each in costs.items()),
        at_most("time of export / floor", times["export"] / times["floor"], LIMIT),
        at_most("memory of export in MiB", peak(costs["export"]) / 1024, LARGEST / 1024),
    )


if __name__ == "__main__":
    main(rounds=int(sys.argv[1]) if len(sys.argv) > 1 else 5)
