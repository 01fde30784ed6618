"""The mirror on real CalDAV servers: what it sends, what it leaves alone, and what it survives."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import secrets
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from click.testing import Result

from tests.buckets import Proxy, forward, run_proxy
from tests.caldav_servers import PASSWORD, USER, CalDavServer, run_caldav_server
from tests.conftest import Line
from tests.server import Reply, Request, run_server
from trakt_ical import files
from trakt_ical.app.context import open_app
from trakt_ical.app.environment import Environment
from trakt_ical.app.feeds import refresh_feeds
from trakt_ical.app.outputs import list_destinations
from trakt_ical.app.push_state import open_push_state
from trakt_ical.demo import Fault
from trakt_ical.errors import OutputError
from trakt_ical.export.stored_calendar import parse_calendar, parse_moment
from trakt_ical.pipeline import RunResult

FOREIGN = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//EN\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART:20260420T100000Z\r\nSUMMARY:Dentist\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@dataclass
class Mirror:
    """An account whose calendar is pushed to a server, through a proxy that counts requests."""

    line: Line
    server: CalDavServer
    proxy: Proxy
    config: Path
    calendar: str  # its name on the server; each test has its own there

    def __call__(self, *arguments: str, environ: Mapping[str, str] | None = None) -> Result:
        """Run a command with the settings that push."""
        return self.line("--config", str(self.config), *arguments, environ=environ)

    def write_config(
        self, *, password: str = PASSWORD, calendar: str = "", ahead: int = 3, max_bytes: int = 5000
    ) -> None:
        """Write the settings, by default with few days, so that a push is short."""
        self.config.write_text(
            f'back = 1\nahead = {ahead}\nalarms = ["30 min before"]\nmax_bytes = {max_bytes}\n[push.home]\n'
            f'url = "{self.proxy.url}"\nusername = "{USER}"\npassword = "{password}"\n'
            f'calendar = "{calendar or self.calendar}"\n[defaults]\npush = "home"\n',
            encoding="utf-8",
        )
        self.config.chmod(0o600)

    def forget(self, home: Path) -> None:
        """Lose what is known of the server."""
        for path in home.rglob("push/*.json"):
            path.unlink()

    def export(self) -> Counter[str]:
        """Export, which pushes; return how many requests of each method that took."""
        return self.count("export")

    def count(self, *arguments: str) -> Counter[str]:
        """Run a command that succeeds; return how many requests of each method it sent to the server."""
        self.proxy.asked.clear()
        result = self(*arguments)
        assert result.exit_code == 0, result.stderr
        return Counter(request.method for request in self.proxy.asked)

    @property
    def url(self) -> str:
        """The address of the calendar on the server."""
        home = {"radicale": f"/{USER}/", "xandikos": "/user/calendars/"}[self.server.name]
        return f"{self.server.url}{home}trakt-ical-{self.calendar}/"

    def read(self) -> dict[str, str]:
        """Return the events on the server, by UID."""
        return {_read(text, "UID"): text for text in self.server.read_events(self.url).values()}

    def read_marks(self) -> dict[str, tuple[str, str]]:
        """Return SEQUENCE and revision hash of each event on the server."""
        return {uid: (_read(text, "SEQUENCE"), _read(text, "X-TRAKT-ICAL-REV")) for uid, text in self.read().items()}

    def find_href(self, uid: str) -> str:
        """Return the address of the event *uid*."""
        return next(href for href, text in self.server.read_events(self.url).items() if _read(text, "UID") == uid)

    @property
    def stored_marks(self) -> dict[str, tuple[str, str]]:
        """What `read_marks` must return where the server is in step with the file."""
        events = parse_calendar(self.line.ics.read_bytes()).events
        return {uid: (str(event.sequence), event.rev or "") for uid, event in events.items()}

    def list_ahead(self) -> list[tuple[str, tuple[str, int, int]]]:
        """Return UID, and show, season and number, of the episodes that have yet to air."""
        found = []
        for event in sorted(parse_calendar(self.line.ics.read_bytes()).events.values(), key=lambda each: each.start):
            starts = parse_moment(event.start)
            if event.rev and isinstance(starts, datetime) and starts > self.line.clock():
                page = (
                    bytes(event.octets).replace(b"\r\n ", b"").decode().split("\r\nURL:")[1].splitlines()[0].split("/")
                )
                found.append((event.uid, (page[4], int(page[6]), int(page[8]))))
        return found

    def change(self, count: int) -> list[str]:
        """Rename *count* episodes that have yet to air, let kept answers grow old, and return the UIDs."""
        ahead = self.list_ahead()[:count]
        for number, (_, episode) in enumerate(ahead):
            self.line.demo.rename(*episode, f"Title {self.line.clock():%d%H%M} {number}")
        self.line.clock.pass_by(hours=2)
        return [uid for uid, _ in ahead]


def _read(text: str, name: str) -> str:
    found = re.search(rf"^{name}:(.*?)\r?$", re.sub(r"\r?\n[ \t]", "", text), re.M)
    return found[1] if found else ""


@pytest.fixture(scope="module", params=["radicale", "xandikos"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CalDavServer]:
    with run_caldav_server(request.param, tmp_path_factory.mktemp("caldav") / request.param) as running:
        yield running


# For what no server has a part in: Xandikos makes a commit of each event, and takes five times as long.
by_radicale = pytest.mark.parametrize("server", ["radicale"], indirect=True)


@contextlib.contextmanager
def open_mirror(line: Line, server: CalDavServer, folder: Path) -> Iterator[Mirror]:
    with run_proxy(server.url) as proxy:
        mirror = Mirror(line, server, proxy, folder / "push.toml", f"t{secrets.token_hex(6)}")
        mirror.write_config()
        yield mirror


@pytest.fixture
def mirror(line: Line, server: CalDavServer, tmp_path: Path) -> Iterator[Mirror]:
    with open_mirror(line, server, tmp_path) as opened:
        yield opened


def test_a_push_sends_what_changed(mirror: Mirror) -> None:
    """First all events, then nothing, then what changed, once a day a look; alarms and all else arrive as stored."""
    mirror.write_config(ahead=10)
    first = mirror.export()
    count = len(mirror.stored_marks)
    assert count > 30, "max_bytes is no limit of a push"
    assert first["PUT"] == count
    assert first.total() <= count + 5
    assert mirror.read_marks() == mirror.stored_marks
    assert all("BEGIN:VALARM" in text for text in mirror.read().values() if "T" in _read(text, "DTSTART"))
    assert mirror.export() == {}, "nothing changed"
    changed = mirror.change(10)
    assert len(changed) == 10
    assert mirror.export() == {"PUT": len(changed)}
    assert mirror.read_marks() == mirror.stored_marks
    mirror.line.clock.pass_by(days=1)
    assert mirror.count("push").total() <= 5
    assert mirror.export()["REPORT"] <= 1


def test_a_cancelled_event_goes_first_and_a_deletion_last(mirror: Mirror) -> None:
    """A tombstone replaces its event, and only after `tombstone_days` it is deleted."""
    mirror.export()
    (gone, episode), *_ = mirror.list_ahead()
    mirror.line.demo.remove(*episode)
    mirror.change(4)
    mirror.export()
    assert "STATUS:CANCELLED" in mirror.proxy.asked[0].body.decode()
    assert _read(mirror.read()[gone], "STATUS") == "CANCELLED"
    mirror.line.clock.pass_by(days=15)
    mirror.change(1)
    mirror.export()
    methods = [request.method for request in mirror.proxy.asked]
    assert methods == sorted(methods, key=lambda each: each == "DELETE"), "deletions come last"
    assert "DELETE" in methods
    assert gone not in mirror.read()
    assert mirror.read_marks() == mirror.stored_marks


def test_what_is_not_ours_is_left_alone(mirror: Mirror) -> None:
    """A foreign event stays, an edit of the user stays until the event changes, a deleted event comes back in a day."""
    mirror.export()
    put = {"Content-Type": "text/calendar"}
    assert mirror.server.ask("PUT", f"{mirror.url}x.ics", FOREIGN.format(uid="mine"), **put).status_code == 201
    *_, (deleted, _), (edited, episode) = mirror.list_ahead()
    href, text = mirror.find_href(edited), mirror.read()[edited]
    mirror.server.ask("PUT", href, text.replace("SUMMARY:", "SUMMARY:Mine "), **put)
    mirror.server.ask("DELETE", mirror.find_href(deleted))
    assert mirror.export() == {}
    before = set(mirror.stored_marks)
    mirror.line.clock.pass_by(days=1, minutes=1)
    assert mirror.export()["PUT"] == len(set(mirror.stored_marks) - before) + 1
    events = mirror.read()
    assert "Dentist" in events["mine"]
    assert "SUMMARY:Mine " in events[edited]
    assert deleted in events
    mirror.line.demo.rename(*episode, "Another Title")
    mirror.line.clock.pass_by(hours=2)
    mirror.export()
    assert "SUMMARY:Mine " not in mirror.read()[edited]
    assert "Dentist" in mirror.read()["mine"]


def test_an_edit_since_the_last_look_is_found(mirror: Mirror) -> None:
    """What the user edited or deleted meanwhile, and changed at the source too, is replaced by the newer event."""
    mirror.export()
    (edited, _), (deleted, _), *_ = mirror.list_ahead()
    text = mirror.read()[edited]
    mirror.server.ask(
        "PUT", mirror.find_href(edited), text.replace("SUMMARY:", "SUMMARY:Mine "), **{"Content-Type": "text/calendar"}
    )
    mirror.server.ask("DELETE", mirror.find_href(deleted))
    assert {edited, deleted} <= set(mirror.change(2))
    mirror.export()
    assert mirror.read_marks() == mirror.stored_marks


@pytest.mark.parametrize("name", ["radicale", "xandikos"])
def test_a_server_that_was_set_up_anew_is_filled_again(line: Line, tmp_path: Path, name: str) -> None:
    """The calendar is made again, at once if something is sent, else at the daily look."""
    with run_caldav_server(name, tmp_path / "caldav") as server, open_mirror(line, server, tmp_path) as mirror:
        mirror.export()
        server.stop()
        server.folder = server.folder.with_name("anew")
        server.start()
        mirror.change(1)
        mirror.export()
        assert mirror.read_marks() == mirror.stored_marks


@by_radicale
def test_without_its_cache_it_asks_once(mirror: Mirror, home: Path) -> None:
    """Losing what is kept of the server costs the search for the calendar and one look, and sends nothing."""
    mirror.export()
    mirror.forget(home)
    requests = mirror.count("push")
    assert requests["PUT"] == requests["MKCALENDAR"] == 0
    assert requests.total() <= 5


@by_radicale
def test_a_held_back_update_pushes_nothing(mirror: Mirror, home: Path) -> None:
    """What is not believed is not sent."""
    mirror.export()
    before = mirror.read_marks()
    mirror.line.demo.misbehave(Fault(path="/calendars/", empty_list=True, times=0))
    mirror.line.clock.pass_by(days=2)
    mirror.proxy.asked.clear()
    assert mirror("export").exit_code == 8
    assert mirror.proxy.asked == []
    assert mirror.read_marks() == before


@by_radicale
def test_a_server_that_fails_half_way_gets_the_rest_later(mirror: Mirror) -> None:
    """Exit status 6 after the calendar was written; the next run sends what is left, and no event twice."""
    sent: list[str] = []

    def fail(request: Request) -> Reply | None:
        if request.method == "PUT" and len(sent) == 9:
            return Reply(b"", 503)
        sent.extend([request.path] if request.method == "PUT" else [])
        return None

    mirror.proxy.interfere = fail
    result = mirror("export", "--json")
    assert (result.exit_code, mirror.line.ics.is_file()) == (6, True)
    (row,) = json.loads(result.stdout)
    assert (row["status"], "503" in row["error"], row["changed"]) == (6, True, True)
    mirror.proxy.interfere = lambda _: None
    assert mirror.export()["PUT"] == len(mirror.stored_marks) - 9
    assert mirror.read_marks() == mirror.stored_marks


@by_radicale
def test_a_wrong_password_is_one_sentence(mirror: Mirror) -> None:
    """The calendar is written all the same; neither password nor user is printed."""
    mirror.write_config(password="wrong-pass")
    result = mirror("-v", "export")
    assert result.exit_code == 6
    assert mirror.line.ics.is_file()
    assert "app password" in result.stderr
    assert "wrong-pass" not in result.output
    shown = mirror("config", "--all").stdout
    assert "push.home.url" in shown
    assert "wrong-pass" not in shown


@by_radicale
def test_a_uid_of_another_calendar_is_told(mirror: Mirror) -> None:
    """A server that takes an event in one calendar only refuses those; the others are sent, with exit status 0."""
    refused = (
        b'<?xml version="1.0"?><error xmlns="DAV:"><no-uid-conflict xmlns="urn:ietf:params:xml:ns:caldav"/></error>'
    )
    first: list[str] = []

    def refuse(request: Request) -> Reply | None:
        if request.method == "PUT" and (not first or request.path in first):
            first.append(request.path)
            return Reply(refused, 403, {"Content-Type": "application/xml"})
        return None

    mirror.proxy.interfere = refuse
    result = mirror("export")
    assert result.exit_code == 0
    assert "another calendar of the account" in result.stderr
    assert len(mirror.read()) == len(mirror.stored_marks) - 1
    assert mirror.export() == {}, "it is not sent again each time"


@by_radicale
def test_an_event_that_the_server_refuses_keeps_no_other_from_it(mirror: Mirror) -> None:
    """A warning names it, and it is not sent again each time; a server that refuses all is an error, and soon."""

    def refuse(request: Request) -> Reply | None:
        puts = [each.path for each in mirror.proxy.asked if each.method == "PUT"]
        return Reply(b"", 400) if request.method == "PUT" and request.path == puts[0] else None

    mirror.proxy.interfere = refuse
    result = mirror("export")
    assert (result.exit_code, "refused" in result.stderr) == (0, True)
    assert len(mirror.read()) == len(mirror.stored_marks) - 1
    assert mirror.export() == {}
    mirror.line.clock.pass_by(days=1)
    mirror.change(8)
    mirror.proxy.asked.clear()
    mirror.proxy.interfere = lambda request: Reply(b"", 400) if request.method == "PUT" else None
    assert mirror("export").exit_code == 6
    assert Counter(request.method for request in mirror.proxy.asked)["PUT"] == 5


def test_a_lost_answer_loses_and_doubles_nothing(mirror: Mirror) -> None:
    """What was done is found done: a PUT, a DELETE and a new calendar whose answers never came."""
    lost: set[str] = set()

    def lose(request: Request) -> Reply | None:
        if request.method in lost or request.method in ("PROPFIND", "GET"):
            return None
        lost.add(request.method)
        forward(mirror.server.url, request)
        return Reply(status=0)

    mirror.proxy.interfere = lose
    first = mirror.export()
    assert (first["MKCALENDAR"], first["PUT"]) == (2, len(mirror.stored_marks) + 1)
    assert mirror.read_marks() == mirror.stored_marks
    mirror.line.demo.remove(*mirror.list_ahead()[0][1])
    mirror.change(4)
    lost.discard("PUT")
    assert mirror.export()["PUT"] > 4
    mirror.line.clock.pass_by(days=15)
    mirror.change(1)
    assert mirror.export()["DELETE"] == 2
    assert mirror.read_marks() == mirror.stored_marks
    assert lost == {"MKCALENDAR", "REPORT", "PUT", "DELETE"}


@by_radicale
def test_a_calendar_that_cannot_be_made_is_asked_for(mirror: Mirror) -> None:
    """Where programs may not make calendars, the message says to make it; one that is there by then is used."""
    mirror.proxy.interfere = lambda request: Reply(b"", 403) if request.method == "MKCALENDAR" else None
    result = mirror("export")
    assert (result.exit_code, f"called {mirror.calendar}" in result.stderr) == (6, True)
    own = mirror.url.replace("trakt-ical-", "own-")
    assert mirror.server.ask("MKCALENDAR", own).status_code == 201
    mirror.server.rename(own, mirror.calendar)
    assert mirror.export()["PUT"] == len(mirror.stored_marks)


def test_a_calendar_that_the_user_renamed_stays_the_one(mirror: Mirror, home: Path) -> None:
    """Its address is known, and without what is kept of it, it is found where it would be made."""
    mirror.export()
    mirror.server.rename(mirror.url, "My own name")
    changed = mirror.change(1)
    assert mirror.export() == {"PUT": len(changed)}
    mirror.forget(home)
    assert mirror.export()["PUT"] == 0
    assert mirror.read_marks() == mirror.stored_marks


@by_radicale
def test_an_event_of_another_program_in_the_place_of_ours_stays(mirror: Mirror) -> None:
    """It is neither replaced nor deleted, and keeps no other event from the server."""
    mirror.export()
    (gone, episode), (changed, _), *_ = mirror.list_ahead()
    foreign = {
        uid: FOREIGN.format(uid=f"x{number}@trakt-ical.example.com") for number, uid in enumerate((gone, changed))
    }
    for uid, text in foreign.items():
        href = mirror.find_href(uid)
        assert mirror.server.ask("DELETE", href).status_code == 200
        assert mirror.server.ask("PUT", href, text, **{"Content-Type": "text/calendar"}).status_code == 201
    mirror.line.demo.remove(*episode)
    assert changed in mirror.change(4)
    result = mirror("export")
    assert (result.exit_code, "refused" in result.stderr) == (0, True)
    mirror.line.clock.pass_by(days=15)
    mirror.export()
    assert {uid for uid in mirror.read() if "example.com" in uid} == {_read(text, "UID") for text in foreign.values()}


@by_radicale
def test_a_server_without_versions_and_conditions_is_kept_in_step(mirror: Mirror) -> None:
    """Some servers give no ETag and ignore conditions: then the last one to write wins, and nothing is sent twice."""

    def forget_versions(request: Request) -> Reply:
        headers = {name: value for name, value in request.headers.items() if not name.startswith("If-")}
        reply = forward(mirror.server.url, replace(request, headers=headers))
        body = re.sub(rb"<getetag>.*?</getetag>", b"", reply.body)
        return Reply(body, reply.status, {name: value for name, value in reply.headers.items() if name != "ETag"})

    mirror.proxy.interfere = forget_versions
    mirror.export()
    changed = mirror.change(3)
    assert mirror.export() == {"PUT": len(changed)}
    mirror.line.clock.pass_by(days=1)
    mirror.change(2)
    mirror.export()
    assert mirror.read_marks() == mirror.stored_marks
    assert mirror.export() == {}


@by_radicale
@pytest.mark.parametrize("prefix", ["", "/dav"])
def test_two_calendars_of_similar_names_are_two(mirror: Mirror, prefix: str) -> None:
    """Also where their names have no letters for an address; and a server may be behind the path of a proxy."""

    def strip_prefix(request: Request) -> Reply | None:
        if not request.path.startswith(prefix):
            return Reply(b"", 404)
        named = replace(
            request, path=request.path.removeprefix(prefix), headers={**request.headers, "X-Script-Name": prefix}
        )
        return forward(mirror.server.url, named) if prefix else None

    mirror.proxy.interfere = strip_prefix
    for name in (f"日本{mirror.calendar}", f"映画{mirror.calendar}"):
        mirror.write_config(calendar=name)
        text = mirror.config.read_text(encoding="utf-8").replace(mirror.proxy.url, f"{mirror.proxy.url}{prefix}")
        mirror.config.write_text(text, encoding="utf-8")
        made = mirror.export()
        assert (made["MKCALENDAR"], made["PUT"]) == (1, len(mirror.stored_marks))


@by_radicale
def test_a_calendar_that_takes_no_event_is_told(mirror: Mirror) -> None:
    """One that was deleted is made again, whatever status says so; one that the user may only read is an error."""

    def refuse_once(_: Request) -> Reply:  # as Cyrus does, which says 403 where there is no calendar
        mirror.proxy.interfere = lambda _: None
        return Reply(b"", 403)

    mirror.export()
    assert mirror.server.ask("DELETE", mirror.url).status_code == 200
    mirror.change(1)
    mirror.proxy.interfere = refuse_once
    mirror.export()
    assert mirror.read_marks() == mirror.stored_marks
    mirror.change(6)
    mirror.proxy.interfere = lambda request: Reply(b"", 403) if request.method == "PUT" else None
    result = mirror("export")
    assert (result.exit_code, "may this user write" in result.stderr.lower()) == (6, True)


@by_radicale
@pytest.mark.parametrize("number", [0, 3])
def test_a_server_may_forbid_one_event(mirror: Mirror, number: int) -> None:
    """Whichever it is, the others are sent; it is told, not sent again each time, and what is there of it stays."""

    def forbid(request: Request) -> Reply | None:
        puts = list(dict.fromkeys(unquote(each.path) for each in mirror.proxy.asked if each.method == "PUT"))
        is_forbidden = request.method == "PUT" and puts.index(unquote(request.path)) == number
        return Reply(b"", 403) if is_forbidden else None

    mirror.export()
    mirror.change(5)
    mirror.proxy.interfere = forbid
    mirror.proxy.asked.clear()
    result = mirror("export")
    assert (result.exit_code, "refused" in result.stderr) == (0, True), result.stderr
    there, stored = mirror.read_marks(), mirror.stored_marks
    assert there.keys() == stored.keys()
    assert len(set(there.items()) ^ set(stored.items())) == 2
    assert mirror.export() == {}


@by_radicale
def test_a_calendar_may_be_named_by_its_address(mirror: Mirror) -> None:
    """It must exist then, and nothing is made; no principal is looked for."""
    path = urlsplit(mirror.url).path
    mirror.write_config(calendar=path)
    result = mirror("export")
    assert (result.exit_code, "no calendar" in result.stderr) == (6, True), result.stderr
    assert mirror.server.ask("MKCALENDAR", mirror.url).status_code == 201
    requests = mirror.export()
    assert requests == {"PROPFIND": 1, "REPORT": 1, "PUT": len(mirror.stored_marks)}


def test_two_accounts_may_share_one_calendar_on_the_server(mirror: Mirror, home: Path) -> None:
    """Neither deletes what the other one pushed, and an event that both have is told."""
    mirror.export()
    (taken, episode), *_ = mirror.list_ahead()
    text, href = mirror.read()[taken], mirror.find_href(taken)
    assert "X-TRAKT-ICAL-SCOPE:v2/my/" in text
    mirror.forget(home)
    theirs = re.sub("SCOPE:v2/my/[^/]*/", "SCOPE:v2/my/somebody/", text)
    new = theirs.replace(f"UID:{taken}", "UID:trakt-1-s1e1@trakt-ical")
    for url, body in ((href, theirs), (f"{mirror.url}new.ics", new)):
        assert mirror.server.ask("PUT", url, body, **{"Content-Type": "text/calendar"}).status_code in (201, 204)
    mirror.line.demo.rename(*episode, "Another Title")
    mirror.line.clock.pass_by(hours=2)
    result = mirror("export")
    assert (result.exit_code, "another person" in result.stderr) == (0, True)
    events = mirror.read()
    assert "my/somebody/" in events[taken]
    assert "my/somebody/" in events["trakt-1-s1e1@trakt-ical"]


def test_each_settings_file_knows_what_it_pushed(line: Line, tmp_path: Path) -> None:
    """Two people with one home and one calendar on the server take nothing for theirs that the other one sent."""
    paths = []
    for name in ("one", "two", "two"):
        config = tmp_path / f"{name}.toml"
        config.write_text('[push.x]\nurl = "http://127.0.0.1:9/"\n[defaults]\npush = "x"\n')
        environment = Environment(line.clock, line.clock.sleep, line.environ)
        with open_app({"config": config}, demo=False, environment=environment) as app:
            paths.append(open_push_state(app, app.resolved.pushes["x"]).path)
    assert paths[0] != paths[1] == paths[2]


@by_radicale
def test_only_one_run_pushes_at_a_time(mirror: Mirror, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one waits, then says so in one sentence, and its calendar is written all the same."""
    mirror.export()
    monkeypatch.setattr("trakt_ical.app.push.LOCK_WAIT", 0.1)
    mirror.change(1)
    with files.lock(next(home.rglob("push/*.json")), wait=0):
        mirror.proxy.asked.clear()
        result = mirror("export")
    assert (result.exit_code, "Another run is pushing to home" in result.stderr) == (6, True)
    assert mirror.proxy.asked == []
    mirror.export()
    assert mirror.read_marks() == mirror.stored_marks


@by_radicale
def test_each_push_is_tried(mirror: Mirror) -> None:
    """One that fails keeps no other one from its work; the exit status is that of the failure."""
    text = mirror.config.read_text(encoding="utf-8").partition("[defaults]")[0]
    dead = '[push.dead]\nurl = "http://127.0.0.1:9/"\n[calendar.A]\noutput = "{0}/a.ics"\npush = "dead"\n'
    live = '[calendar.B]\noutput = "{0}/b.ics"\npush = "home"\n'
    mirror.config.write_text(text + (dead + live).format(mirror.line.folder), encoding="utf-8")
    del mirror.line.environ["TRAKT_ICAL_OUTPUT"]
    assert mirror("export", environ=UNPUSHED).exit_code == 0
    result = mirror("push")
    assert (result.exit_code, "127.0.0.1:9" in result.stderr) == (6, True)
    assert len(mirror.read()) > 5


@by_radicale
def test_a_refresh_of_the_feed_pushes(mirror: Mirror) -> None:
    """A server that fails costs the feed nothing: its copy is new, and the rest is sent by the next refresh."""
    environment = Environment(mirror.line.clock, mirror.line.clock.sleep, mirror.line.environ)
    with open_app({"config": mirror.config}, demo=False, environment=environment) as app:
        mirror.proxy.interfere = lambda request: Reply(b"", 503) if request.method == "PUT" else None
        (outcome,) = refresh_feeds(app, app.calendars).values()
        assert isinstance(outcome, RunResult)
        assert isinstance(outcome.later_error, OutputError)
        mirror.proxy.interfere = lambda _: None
        (outcome,) = refresh_feeds(app, app.calendars).values()
        assert isinstance(outcome, RunResult)
        assert outcome.later_error is None
        assert len(mirror.read()) == outcome.summary.events
        mirror.proxy.asked.clear()
        refresh_feeds(app, app.calendars)
    assert mirror.proxy.asked == []


@pytest.mark.desktop
@pytest.mark.parametrize("server", ["xandikos"], indirect=True)  # which asks for no password, as a dialog would
def test_thunderbird_sees_every_change(mirror: Mirror, thunderbird: list[str]) -> None:
    """Thunderbird, subscribed to the calendar on the server, shows a move, a rename, a cancellation and the alarms."""
    with mirror.config.open("a", encoding="utf-8") as config:
        config.write('include_shows = ["The Slow Ferry"]\n')
    mirror.export()
    moved, renamed, cancelled = mirror.list_ahead()[-3:]  # the script tells of the last six

    def change(_: Request) -> Reply:
        mirror.line.demo.move(*moved[1], by=timedelta(minutes=-45))
        mirror.line.demo.rename(*renamed[1], "By Another Name")
        mirror.line.demo.remove(*cancelled[1])
        mirror.line.clock.pass_by(hours=2)
        mirror.export()
        return Reply()

    with run_server(change) as (url, _):
        then = f"{sys.executable} -c \"import urllib.request as r; r.urlopen('{url}')\""
        command = [*thunderbird, "--type", "caldav", "--then", then, mirror.url]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[1])
    before, after = ({event["id"]: event for event in each} for each in (found["list"], found["then"]["list"]))
    assert [before[uid]["alarms"] for uid, _ in (moved, renamed, cancelled)] == [1, 1, 1]
    assert (before[moved[0]]["start"][9:13], after[moved[0]]["start"][9:13]) == ("0600", "0515")
    assert "By Another Name" in after[renamed[0]]["title"]
    assert (before[cancelled[0]]["status"], after[cancelled[0]]["status"]) == ("CONFIRMED", "CANCELLED")
    assert after[cancelled[0]]["alarms"] == 0


@by_radicale
def test_the_doctor_knows_the_push(mirror: Mirror) -> None:
    """Whether the login works, and whether the calendar there is in step; it sends no event."""

    def examine() -> tuple[str, str]:
        mirror.proxy.asked.clear()
        rows = json.loads(mirror("doctor", "--json").stdout)["findings"]
        ((grade, message),) = [(row["grade"], row["message"]) for row in rows if row["subject"] == "push home"]
        assert {request.method for request in mirror.proxy.asked} <= {"PROPFIND", "REPORT"}
        return grade, message

    assert examine()[0] == "failed", "not exported yet"
    mirror.export()
    assert examine()[0] == "ok"
    mirror.server.ask("DELETE", mirror.find_href(mirror.list_ahead()[0][0]))
    grade, message = examine()
    assert (grade, "1 event" in message) == ("warning", True)
    mirror.write_config(password="wrong-pass")
    assert examine()[0] == "failed"


@by_radicale
def test_a_file_that_was_left_behind_is_not_pushed(mirror: Mirror) -> None:
    """Of the file and the feed's copy, `push` takes the one that was made last."""
    mirror.export()
    (renamed,) = mirror.change(1)
    environment = Environment(mirror.line.clock, mirror.line.clock.sleep, mirror.line.environ | UNPUSHED)
    with open_app({"config": mirror.config}, demo=False, environment=environment) as app:
        refresh_feeds(app, app.calendars)
    assert mirror.count("push")["PUT"] > 0
    assert "Title " in _read(mirror.read()[renamed], "SUMMARY")


@by_radicale
def test_a_dry_run_sends_nothing(mirror: Mirror) -> None:
    """It says how many events would be sent."""
    assert mirror("export", environ=UNPUSHED).exit_code == 0
    requests = mirror.count("push", "--dry-run")
    assert set(requests) == {"PROPFIND"}
    mirror.export()
    assert mirror.count("push", "--dry-run") == {}


@by_radicale
def test_a_calendar_that_is_only_pushed_needs_no_file(mirror: Mirror, home: Path) -> None:
    """Its memory is kept beside the feed's copies."""
    text = mirror.config.read_text(encoding="utf-8").replace("[defaults]\npush", "[calendar.TV]\npush")
    mirror.config.write_text(text, encoding="utf-8")
    del mirror.line.environ["TRAKT_ICAL_OUTPUT"]
    mirror.export()
    assert len(mirror.read()) > 10
    assert mirror.export() == {}
    for hours, status in ((7, 0), (30, 5)):  # a schedule exports every six hours
        mirror.line.clock.pass_by(hours=hours)
        assert mirror("status").exit_code == status


FEW_DAYS = {"TRAKT_ICAL_BACK": "1", "TRAKT_ICAL_AHEAD": "7"}
UNPUSHED = {"TRAKT_ICAL_PUSH": ""}

FORKER = """
import os, sys
from trakt_ical.cli import main
import trakt_ical.app.push, trakt_ical.cli.push, trakt_ical.export.caldav
for _ in sys.stdin:
    if not (child := os.fork()):
        sys.argv[0] = "trakt-ical"
        main()
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def test_a_push_that_is_killed_goes_on(mirror: Mirror) -> None:
    """Killed at twenty points, before or after the server did what it was asked, it ends with each event once."""
    mirror.write_config(ahead=12, max_bytes=0)
    assert mirror("export", environ=UNPUSHED).exit_code == 0
    children: queue.Queue[int] = queue.Queue()
    asked: list[Request] = []
    point = 0

    def kill(request: Request) -> Reply | None:
        asked.append(request)
        if len(asked) != point % 5 + 1 or point > 20:
            return None
        reply = forward(mirror.server.url, request) if point % 2 else None
        os.kill(children.get(timeout=60), signal.SIGKILL)
        return reply or Reply(status=0)

    mirror.proxy.interfere = kill
    command = [sys.executable, "-c", FORKER, "-q", "--config", str(mirror.config), "push"]
    null, pipe = subprocess.DEVNULL, subprocess.PIPE
    ends = []
    with subprocess.Popen(
        command, env={**os.environ, **mirror.line.environ}, text=True, stdin=pipe, stdout=pipe, stderr=null
    ) as forker:
        assert forker.stdin
        assert forker.stdout
        for point in range(1, 22):  # noqa: B007  `kill` reads it
            asked.clear()
            forker.stdin.write("\n")
            forker.stdin.flush()
            children.put(int(forker.stdout.readline()))
            ends.append(int(forker.stdout.readline()))
    assert ends == [-signal.SIGKILL] * 20 + [0]
    assert mirror.read_marks() == mirror.stored_marks
    puts = [request for request in mirror.proxy.asked if request.method == "PUT"]
    assert len(puts) <= len(mirror.stored_marks) + 20


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('[push.x]\nusername = "u"\n', "url"),
        ('[push.x]\nurl = "ftp://x"\n', "https://"),
        ('[push.x]\nurl = "https://u:p@x/"\n', "login"),
        ('[push.x]\nurl = "https://x"\nusernam = "u"\n', "username"),
        ('[push.x]\nurl = "https://x"\ncalendar = "http://x:99999/y"\n', "line 3"),
        ('[push.x]\nurl = "https://x"\n[defaults]\npush = "y"\n', "There is no push y"),
        ('push = "x"\n', "[push.NAME]"),
        ('[push.x]\nurl = "https://x"\npassword = "a"\npassword_file = "b"\n', "both"),
        ('[push.x]\nurl = "https://x"\n[push.y]\nurl = "https://x/"\n[defaults]\npush = "x"\n', "[push.y]"),
        ('[push.x]\nurl = "https://x"\npassword_file = "/none"\n', "/none"),
        (
            '[push.x]\nurl="https://x"\n[account.a]\n[defaults]\npush="x"\n[calendar.A]\n[calendar.B]\naccount="a"\n',
            "accounts",
        ),
    ],
)
def test_wrong_settings_of_a_push_are_refused(line: Line, tmp_path: Path, text: str, word: str) -> None:
    """Exit status 3, and a sentence that names what is wrong."""
    config = tmp_path / "push.toml"
    config.write_text(text)
    del line.environ["TRAKT_ICAL_OUTPUT"]
    result = line("--config", str(config), "export")
    assert (result.exit_code, word in result.stderr) == (3, True), result.stderr


def test_a_password_is_not_sent_in_the_clear(line: Line, tmp_path: Path) -> None:
    """Plain http to another computer is refused, unless the settings allow it."""
    config = tmp_path / "push.toml"
    config.write_text('[push.x]\nurl = "http://cal.example.com/"\n[defaults]\npush = "x"\n')
    result = line("--config", str(config), "export")
    assert (result.exit_code, "plain_http" in result.stderr) == (3, True)


@by_radicale
def test_the_status_has_each_push(mirror: Mirror) -> None:
    """When it last succeeded, and since when it fails."""
    mirror.export()
    row = json.loads(mirror("status", "--json").stdout)["outputs"][-1]
    assert (row["output"], row["failure"]) == ("push home", None)
    assert row["last_success"] == row["last_change"] is not None
    mirror.change(1)
    mirror.proxy.interfere = lambda _: Reply(b"", 503)
    assert mirror("export").exit_code == 6
    assert "503" in mirror("status").stdout


def test_each_place_that_a_calendar_goes_to_has_its_last_success(line: Line, tmp_path: Path) -> None:
    """An output that was written, a push whether it was tried or not; nothing of an output that nobody wrote."""
    config, output = tmp_path / "push.toml", str(tmp_path / "a.ics")
    config.write_text(
        f'[push.x]\nurl = "http://127.0.0.1:9/"\n[calendar.A]\noutput = "{output}"\npush = "x"\n[calendar.B]\n'
    )

    def list_places() -> list[tuple[str, bool, int]]:
        environment = Environment(line.clock, line.clock.sleep, line.environ)
        with open_app({"config": config}, demo=False, environment=environment) as app:
            found = [each for calendar in app.calendars for each in list_destinations(app, calendar)]
        return [
            (each.state.output, each.state.last_success == line.clock(), getattr(each.state.failure, "exit_status", 0))
            for each in found
        ]

    del line.environ["TRAKT_ICAL_OUTPUT"]
    assert list_places() == [("push x", False, 0)]
    assert line("--config", str(config), "export", "A").exit_code == 6
    assert list_places() == [(output, True, 0), ("push x", False, 6)]


def test_the_built_in_trakt_is_pushed_to_a_server_beside_it(line: Line, home: Path) -> None:
    """`--demo push` works on a fresh machine: events are written, and the second time nothing is."""
    first, second = line("--demo", "push", environ=FEW_DAYS), line("--demo", "push", environ=FEW_DAYS)
    assert (first.exit_code, second.exit_code) == (0, 0), first.stderr
    assert "events were written" in first.stderr
    assert "up to date" in second.stderr
    assert list(home.rglob("push/*")) == []
    assert line("--demo", "push", "nope").exit_code == 3
