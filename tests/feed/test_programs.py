"""Programs that nobody here wrote take the feed: a linter of HTTP, calendar programs, a proxy."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests import server
from tests.conftest import Line
from tests.demos import Demo
from tests.feeds import RunningFeed, run_feed
from tests.ports import find_port
from tests.subscriber import Subscriber
from trakt_ical.demo import load_cast
from trakt_ical.demo.cast import Show, Timetable
from trakt_ical.trakt.token import Token, TokenFile

ROOT = Path(__file__).resolve().parents[2]
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
DAILY = Timetable(cycle=12, days=tuple(range(84)), at=time(23, 50), zone="UTC")
SHOW = Show(title="Day by Day", airs=DAILY, runtime=5)
NAMES = {"moved": 1, "renamed": 2, "cancelled": 3, "back": 4}
"""What becomes of the episode that airs so many days from now."""


@dataclass
class MachineClock:
    """The real clock, for programs that have no other."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Nothing here waits."""


@dataclass
class ChangingFeed:
    """A feed of five days, whose change begins when a program asks for *change*."""

    running: RunningFeed
    change: str
    titles: dict[str, str]


def find_episode(days: int) -> tuple[int, int]:
    """Season and number of the episode that airs *days* from now."""
    day = (datetime.now(UTC) + timedelta(days=days)).date()
    slot = next(DAILY.slots(day, day))
    return slot.season, slot.number


@pytest.fixture
def changing_feed(line: Line) -> Iterator[ChangingFeed]:
    """A move, a rename, a cancellation and a return, all in one refresh."""
    clock: Any = MachineClock()
    with Demo(now=clock, cast=replace(load_cast(), shows=()).with_shows(SHOW)) as demo:
        token = msgspec.structs.replace(msgspec.convert(demo.grant(), Token), username=demo.username)
        TokenFile(Path(line.environ["TRAKT_ICAL_TOKEN_FILE"])).save(token)
        addresses = {"TRAKT_ICAL_API_URL": demo.url, "TRAKT_ICAL_AUTH_URL": demo.url}
        own = Line(demo, clock, line.folder, line.exports, line.environ | addresses)
        with run_feed(own, back=0, ahead=4, timezone="UTC") as running:
            running.renew()
            demo.remove("day-by-day", *find_episode(NAMES["back"]))
            running.renew()
            with server.run_server(answer_after(lambda: change_episodes(demo, running))) as (url, _):
                titles = {name: "Day by Day {}x{:02d}".format(*find_episode(days)) for name, days in NAMES.items()}
                yield ChangingFeed(
                    running, f"{sys.executable} -c \"import urllib.request as r; r.urlopen('{url}')\"", titles
                )


def change_episodes(demo: Demo, running: RunningFeed) -> None:
    demo.move("day-by-day", *find_episode(NAMES["moved"]), by=timedelta(minutes=-45))
    demo.rename("day-by-day", *find_episode(NAMES["renamed"]), "By Another Name")
    demo.remove("day-by-day", *find_episode(NAMES["cancelled"]))
    demo.restore("day-by-day", *find_episode(NAMES["back"]))
    running.renew()


def answer_after(change: Callable[[], None]) -> Callable[[server.Request], server.Reply]:
    def answer(_: server.Request) -> server.Reply:
        change()
        return server.Reply()

    return answer


def format_day(days: int) -> str:
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%d}"


def run_judge(command: list[str | Path]) -> list[dict[str, Any]]:
    """What a judge says, a JSON a line."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_linter_of_http_finds_nothing(line: Line, shared: Path, judges: Path) -> None:
    """REDbot sees conditional requests and gzip at work, and nothing that is bad or worth a warning."""
    with run_feed(line) as running:
        running.refresh()
        notes = ("INM_304", "IMS_304", "CONNEG_GZIP_GOOD")
        required = [part for note in notes for part in ("--require", note)]
        command = [sys.executable, shared / "judges" / "http_redbot.py", judges / "venv/bin/redbot", running.url]
        done = subprocess.run([*command, *required], capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr


def test_vdirsyncer_and_khal_see_every_change(changing_feed: ChangingFeed, tmp_path: Path) -> None:
    """A move, a rename, a cancellation and a return are there after one refresh, and what was there before too."""
    subscriber = Subscriber(tmp_path / "subscriber", changing_feed.running.url)
    names = changing_feed.titles
    before = {each.title: (each.status, each.start) for each in subscriber.refresh(format_day(1), "5d")}
    subprocess.run(changing_feed.change, shell=True, check=True)
    after = {each.title: (each.status, each.start) for each in subscriber.refresh(format_day(1), "5d")}
    assert len(before) == len(after) == 4
    titles = [*(names[name] for name in ("moved", "renamed", "cancelled")), f"No longer listed: {names['back']}"]
    assert [before[title] for title in titles] == [
        ("CONFIRMED", f"{format_day(1)} 23:50"),
        ("CONFIRMED", f"{format_day(2)} 23:50"),
        ("CONFIRMED", f"{format_day(3)} 23:50"),
        ("CANCELLED", f"{format_day(4)} 23:50"),
    ]
    assert after == {
        names["moved"]: ("CONFIRMED", f"{format_day(1)} 23:05"),
        names["renamed"] + " By Another Name": ("CONFIRMED", f"{format_day(2)} 23:50"),
        f"No longer listed: {names['cancelled']}": ("CANCELLED", f"{format_day(3)} 23:50"),
        names["back"]: ("CONFIRMED", f"{format_day(4)} 23:50"),
    }


@pytest.mark.desktop
def test_thunderbird_sees_every_change(changing_feed: ChangingFeed, thunderbird: list[str]) -> None:
    """Thunderbird finds the feed, names it, and shows a move, a rename, a cancellation and a return."""
    told = run_judge([*thunderbird, "--then", changing_feed.change, changing_feed.running.url])[1]
    assert (told["name"], told["how"], told["disabled"]) == ("Trakt", "load", None)
    names = changing_feed.titles
    before = {event["title"]: (event["status"], event["start"][9:13]) for event in told["list"]}
    after = {event["title"]: (event["status"], event["start"][9:13]) for event in told["then"]["list"]}
    assert (
        before.items()
        >= {
            names["moved"]: ("CONFIRMED", "2350"),
            names["renamed"]: ("CONFIRMED", "2350"),
            names["cancelled"]: ("CONFIRMED", "2350"),
            f"No longer listed: {names['back']}": ("CANCELLED", "2350"),
        }.items()
    )
    assert (
        after.items()
        >= {
            names["moved"]: ("CONFIRMED", "2305"),
            names["renamed"] + " By Another Name": ("CONFIRMED", "2350"),
            f"No longer listed: {names['cancelled']}": ("CANCELLED", "2350"),
            names["back"]: ("CONFIRMED", "2350"),
        }.items()
    )


def write_nginx_settings(base: str, folder: Path, port: int, location: str) -> list[str]:
    """The command for nginx before *base*, as the sample has it but for names, TLS and *location*."""
    sample = (ROOT / "samples" / "nginx.conf").read_text(encoding="utf-8")
    changed = re.sub(r"(?m)^ *ssl_.*\n", "", sample)
    changed = replace_once(changed, "listen 443 ssl", f"listen 127.0.0.1:{port}")
    changed = replace_once(changed, "listen 80", f"listen unix:{folder}/plain")
    changed = replace_once(changed, "location / {\n        proxy_pass", f"location {location} {{\n        proxy_pass")
    changed = replace_once(changed, "http://127.0.0.1:8642", base)
    parts = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{name}_temp_path {folder}/{name};" for name in parts)
    main = f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log info; events {{}}\n"
    (folder / "nginx.conf").write_text(f"{main} http {{ access_log {folder}/access.log; {paths}\n{changed} }}")
    return [str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf")]


def write_caddy_settings(base: str, folder: Path, port: int, _: str) -> list[str]:
    """The command for Caddy before *base*, as the sample has it but for names and TLS."""
    changed = (ROOT / "samples" / "Caddyfile").read_text(encoding="utf-8")
    changed = replace_once(changed, "\ntv.example.org {", f"\nhttp://127.0.0.1:{port} {{")
    changed = replace_once(changed, "127.0.0.1:8642", base.removeprefix("http://"))
    changed = replace_once(changed, "\n{\n", "\n{\n\tadmin off\n")
    (folder / "Caddyfile").write_text(changed)
    return ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


def replace_once(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1
    return text.replace(old, new)


@contextlib.contextmanager
def run_proxy(command: Callable[[int], list[str]], log: Path) -> Iterator[str]:
    """The address of a proxy that *command* runs, on a free port; what it says is in *log*."""
    port = find_port()
    with log.open("wb") as said, subprocess.Popen(command(port), stdout=said, stderr=said) as proxy:
        try:
            while True:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                assert proxy.poll() is None, log.read_text()
            yield f"http://127.0.0.1:{port}"
        finally:
            proxy.terminate()


def get_plain(folder: Path, path: str) -> str:
    """What nginx answers to who asks for *path* over plain http."""
    with socket.socket(socket.AF_UNIX) as plain:
        plain.connect(str(folder / "plain"))
        plain.sendall(f"GET {path} HTTP/1.0\r\nHost: tv.example.org\r\n\r\n".encode())
        with plain.makefile("rb") as answer:
            return answer.read().decode()


@pytest.mark.parametrize(
    ("program", "prefix", "location"),
    [
        pytest.param(write_nginx_settings, "", "/", marks=pytest.mark.skipif(NGINX is None, reason="no nginx")),
        pytest.param(write_nginx_settings, "/tv", "/tv/", marks=pytest.mark.skipif(NGINX is None, reason="no nginx")),
        pytest.param(
            write_caddy_settings, "", "/", marks=pytest.mark.skipif(shutil.which("caddy") is None, reason="no caddy")
        ),
    ],
)
def test_the_samples_of_proxies_work_and_keep_the_secrets(
    line: Line, tmp_path: Path, program: Callable[[str, Path, int, str], list[str]], prefix: str, location: str
) -> None:
    """Behind a proxy the feed answers as alone, and no secret is in its logs, though it refuses or the feed is down."""
    public = "https://tv.example.org" + prefix
    tmp_path.chmod(0o755)
    with contextlib.ExitStack() as stack:
        with run_feed(line, public_url=public, trusted_proxies="127.0.0.1") as running:
            running.refresh()
            proxy = run_proxy(lambda port: program(running.base, tmp_path, port, location), tmp_path / "said.log")
            there = stack.enter_context(proxy) + prefix
            for coding in ("identity", "gzip"):
                alone = running.get(headers={"Accept-Encoding": coding})
                answer = running.get(there + running.path, {"Accept-Encoding": coding})
                assert (answer.status_code, answer.content) == (200, alone.content)
                assert answer.headers["ETag"] == alone.headers["ETag"]
                known = {"Accept-Encoding": coding, "If-None-Match": answer.headers["ETag"]}
                assert running.get(there + running.path, known).status_code == 304
            page = running.get(there + running.page.removeprefix(running.base))
            assert public + running.path in page.text
            assert running.get(there + "/" + "0" * 40 + "/Trakt.ics").status_code == 404
            assert running.get(there + "/healthz").json()["ready"] is True
            for refused in ({"Host": "no name"}, {"X-Long": "a" * 9_000}):
                assert running.get(there + running.path, refused).status_code in (200, 400)
            if program is write_nginx_settings:
                assert f"\r\nLocation: {public}{running.path}\r\n" in get_plain(tmp_path, prefix + running.path)
            path, secrets = running.path, running.service.store.secrets.all
        assert running.get(there + path).status_code == 502
    logs = "".join(path.read_text() for path in tmp_path.glob("*.log"))
    assert secrets
    assert not any(secret in logs for secret in secrets)
