"""One server with 3,000 calendars of 200 KB, of 500 accounts: start, looks, answers, memory.

    python -m tests.benchmarks.feed_scale [ROUNDS]

It needs wrk. Limits: a start takes 5 seconds, a look that finds nothing 5 ms, an answer 50 µs; after every calendar was
fetched packed, the process has at most 2 times the octets of all packed copies; and it answers as many 304s a second,
within 20 %, as a server of one calendar.
"""

from __future__ import annotations

import contextlib
import gzip
import itertools
import random
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from tests.benchmarks.feed_load import read_memory, run_wrk
from tests.benchmarks.measure import COMMAND, at_least, at_most, milliseconds, print_lines, take_turns
from tests.factories import make_token
from trakt_ical.app.context import App, open_accounts
from trakt_ical.app.environment import Environment
from trakt_ical.app.feed_folder import make_feed_folder
from trakt_ical.app.feeds import find_feed_url
from trakt_ical.app.serve import ServedAccounts
from trakt_ical.export import ics
from trakt_ical.export.ics import Appearance, CalendarId, ChangeStamp, Heading
from trakt_ical.export.stores.protocol import OutputState
from trakt_ical.feed.answers import Answer
from trakt_ical.files import make_private_folder
from trakt_ical.model import Event
from trakt_ical.trakt.token import TokenFile

ACCOUNTS, EACH = 500, 6
ANSWERS = 2000
EVENTS = 290  # a calendar of 200 KB
NOW = datetime.now(UTC).replace(microsecond=0)


def make_events(seed: int) -> list[bytes]:
    """Events whose texts pack about as well as real ones."""
    chance = random.Random(seed)
    words = ["".join(chance.choices("abcdefghiklmnoprstuvw", k=chance.randint(2, 9))) for _ in range(800)]
    rendered = []
    for number in range(EVENTS):
        start = NOW + timedelta(hours=7 * number)
        event = Event(
            uid=f"trakt-{chance.randrange(10**6)}-s1e{number}@trakt-ical",
            summary=" ".join(chance.choices(words, k=5)),
            description=" ".join(chance.choices(words, k=30)),
            start=start,
            end=start + timedelta(minutes=45),
            location="",
            categories=("Episode",),
            link=f"https://trakt.tv/shows/{chance.choice(words)}/seasons/1/episodes/{number}",
        )
        rendered.append(ics.render_event(event, ChangeStamp(NOW, 0), ics.hash_event(event)))
    return rendered


@contextlib.contextmanager
def make_home(accounts: int, each: int) -> Iterator[Path]:
    """A home with so many accounts, each with so many calendars; their Trakt cannot be reached."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        lines = ['client_id = "id"\nclient_secret = "secret"\napi_url = "http://127.0.0.1:9"\n']
        for number in range(accounts):
            token = make_token(access_token=f"token{number}", username=f"user{number}")
            file = home / "tokens" / f"{number}.json"
            make_private_folder(file.parent)
            TokenFile(file).save(token)
            lines.append(f'[account.a{number}]\ntoken_file = "{file}"\n')
            lines += [f'[calendar."TV {number} {one}"]\naccount = "a{number}"\n' for one in range(each)]
        (home / "config.toml").write_text("".join(lines))
        yield home


def open_apps(home: Path) -> list[App]:
    """The accounts of *home*."""
    with open_accounts({"home": str(home)}, demo=False, environment=Environment()) as accounts:
        return accounts.open_all()


def write_copies(apps: Sequence[App]) -> tuple[int, int]:
    """Write a copy of each calendar; return how many octets one has, and all have when packed."""
    bodies = itertools.cycle([make_events(seed) for seed in range(20)])
    size, packed = 0, 0
    for app in apps:
        folder = make_feed_folder(app)
        make_private_folder(folder.path)
        for calendar in app.calendars:
            scope = CalendarId("v2", "my", app.token_file.load().username, calendar.title, ("shows",))
            octets = ics.render_calendar(Heading(Appearance(calendar.title), scope), ChangeStamp(NOW, 0), next(bodies))
            Path(folder.make_store(calendar.title).name).write_bytes(octets)
            state = folder.make_state_file(calendar.title)
            state.save(OutputState(output=folder.make_store(calendar.title).name, last_success=NOW))
            size, packed = len(octets), packed + len(gzip.compress(octets, 6))
    return size, packed


@contextlib.contextmanager
def run_server(home: Path) -> Iterator[tuple[int, str, float]]:
    """A server; gives its process, its address, and the seconds until it answered."""
    began = time.perf_counter()
    command = [COMMAND, "--home", str(home), "serve", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as served:
        try:
            assert served.stderr is not None
            found = next(filter(None, (re.search(r"http://\S+\d", line) for line in served.stderr)))
            with contextlib.suppress(OSError):
                urllib.request.urlopen(found[0] + "/healthz", timeout=20).close()
            yield served.pid, found[0], time.perf_counter() - began
        finally:
            served.kill()


def measure_looks(apps: Sequence[App]) -> Iterator[str]:
    """Time looks and answers within this process."""
    with contextlib.closing(ServedAccounts(apps)) as served:
        served.open()
        seconds = [measure(served.look) for _ in range(180)][60:]
        yield f"  a look: {milliseconds(median(seconds))}, the longest of 120: {milliseconds(max(seconds))}"
        yield at_most("a look that finds nothing, in ms", median(seconds) * 1000, 5)
        secret = next(iter(served.services[len(apps) // 2].store.secrets.calendars.values()))
        feeds, path = served.directory.feeds, f"/{secret}/x.ics"
        known = feeds.answer("GET", path, {b"accept-encoding": b"gzip", b"if-none-match": b"*"})
        download = feeds.answer("GET", path, {b"accept-encoding": b"gzip"})
        assert isinstance(known, Answer)
        assert not isinstance(download, Answer)
        download.make()  # type: ignore[union-attr]
        for name, headers in {
            "304": {b"accept-encoding": b"gzip", b"if-none-match": dict(known.headers)[b"etag"]},
            "200, packed": {b"accept-encoding": b"gzip"},
            "404": {},
        }.items():
            wanted = path if name != "404" else "/" + "0" * 40
            began = time.perf_counter()
            for _ in range(ANSWERS):
                feeds.answer("GET", wanted, headers)
            took = time.perf_counter() - began
            yield at_most(f"an answer ({name}), in µs", took / ANSWERS * 1e6, 50)


def measure(call: object) -> float:
    """The seconds that *call* takes."""
    began = time.perf_counter()
    call()  # type: ignore[operator]
    return time.perf_counter() - began


def find_urls(apps: Sequence[App], base: str) -> list[str]:
    """The addresses of all feeds, at *base*."""
    return [
        re.sub(r"^http://[^/]+", base, find_feed_url(app, calendar.title)) for app in apps for calendar in app.calendars
    ]


def fetch(url: str) -> tuple[str, int]:
    """Fetch a calendar packed; return its tag and size."""
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Accept-Encoding": "gzip"}), timeout=60) as got:
        return got.headers["ETag"], len(got.read())


def main(rounds: int) -> None:
    """Measure and tell."""
    with make_home(ACCOUNTS, EACH) as home, make_home(1, 1) as small:
        apps, one = open_apps(home), open_apps(small)
        size, packed = write_copies(apps)
        write_copies(one)
        print_lines(f"{ACCOUNTS * EACH:,} calendars of {size:,} octets, {packed:,} packed in all")
        with run_server(home) as (_, _, seconds):
            print_lines(f"  the first start, which reads all copies: {seconds:.1f} s")
        print_lines(*measure_looks(apps))
        with run_server(home) as (process, base, seconds), run_server(small) as (_, small_base, _):
            print_lines(at_most("seconds to start", seconds, 5))
            print_lines(f"  memory at first: {read_memory(process):,} kB")
            urls, small_url = find_urls(apps, base), find_urls(one, small_base)[0]
            sizes = [fetch(url)[1] for url in urls]
            memory = read_memory(process) * 1024
            print_lines(f"  memory after each was fetched packed: {memory // 1024:,} kB")
            print_lines(at_most("memory / packed copies", memory / sum(sizes), 2))
            tags = {url: fetch(url)[0] for url in (urls[1500], small_url)}
            loads = take_turns(
                {url: lambda url=url, tag=tag: run_wrk(url, {"If-None-Match": tag}) for url, tag in tags.items()},
                rounds,
            )  # type: ignore[misc]
            many, few = (median(load.a_second for load in loads[url]) for url in tags)
            print_lines(f"  304s: {many:,.0f} a second of 3,000 calendars, {few:,.0f} of one")
            print_lines(at_least("304s, 3,000 calendars / one", many / few, 0.8))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
