"""Offline is normal: with the source unreachable, what people look at is what was fetched last, with its age."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import Line
from tests.demos import log_in
from tests.feeds import run_feed
from tests.tvmaze import FakeTvmaze, make_imported_show, make_wire_episode, save_list, serving_tvmaze
from trakt_ical.app import feed_service
from trakt_ical.app.context import open_app
from trakt_ical.app.environment import Environment
from trakt_ical.app.open_source import load_account_zone
from trakt_ical.demo import Body, Drop, Fault
from trakt_ical.trakt import cache, reach

LOOKUP = socket.getaddrinfo
AIRING = "village hall", "11x01"  # on 2026-04-19


@pytest.fixture(scope="module")
def black_hole() -> Iterator[int]:
    """The port of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield listener.getsockname()[1]


@pytest.fixture(params=["refused", "unknown host", "black hole", "503", "dropped"])
def cut(
    request: pytest.FixtureRequest, line: Line, monkeypatch: pytest.MonkeyPatch, black_hole: int
) -> Callable[[], None]:
    """Return what makes Trakt unreachable, one way after the other."""

    def lead_to(port: int) -> Callable[..., Any]:
        return lambda host, _port, *rest, **named: LOOKUP(host, port, *rest, **named)

    def know_nobody(*_: object, **__: object) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    def lead_into_hole() -> None:
        monkeypatch.setattr(reach, "FIRST_WORD", 0.1)
        monkeypatch.setattr(reach, "LATE_WORD", 0.1)
        monkeypatch.setattr(socket, "getaddrinfo", lead_to(black_hole))

    ways: dict[str, Callable[[], None]] = {
        "refused": lambda: monkeypatch.setattr(socket, "getaddrinfo", lead_to(1)),
        "unknown host": lambda: monkeypatch.setattr(socket, "getaddrinfo", know_nobody),
        "black hole": lead_into_hole,
        "503": lambda: line.demo.misbehave(Fault(status=503, times=0)),
        "dropped": lambda: line.demo.misbehave(Fault(drop=Drop.BEFORE, times=0)),
    }
    return ways[request.param]


def test_what_was_fetched_last_is_shown_with_its_age(line: Line, cut: Callable[[], None]) -> None:
    """Agenda and explain exit with 0 and the same lines, at once, and say in one line how old they are."""
    agenda = line("agenda", "--days", "3").stdout
    explained = line("explain", *AIRING).stdout
    assert explained
    line.clock.pass_by(hours=3)
    cut()
    result = line("agenda", "--days", "3")
    assert (result.exit_code, result.stdout) == (0, agenda)
    assert result.stderr.count("\n") == 1
    assert "3 hours ago" in result.stderr
    result = line("explain", *AIRING)
    assert (result.stdout, result.stderr.count("3 hours ago")) == (explained, 1)
    assert line.clock.slept == []


@pytest.mark.parametrize("body_type", ["text/html", "application/json"])
def test_a_page_instead_of_data_is_an_outage(line: Line, body_type: str) -> None:
    """A hotel's network answers everything with its page: what was fetched last is shown, and stays kept."""
    before = line("agenda").stdout
    line.clock.pass_by(hours=3)
    line.demo.misbehave(Fault(body=Body.HTML, status=200, headers={"Content-Type": body_type}, times=0))
    assert line("export").exit_code == 5
    for words in (("agenda",), ("agenda", "--offline")):
        result = line(*words)
        assert (result.exit_code, result.stdout) == (0, before)
        assert "3 hours ago" in result.stderr


def test_a_wrong_clock_leaves_what_is_kept(line: Line) -> None:
    """It is an error, whoever's clock it is; what was fetched last is still there."""
    line("agenda")
    line.clock.pass_by(days=1)
    line.demo.misbehave(Fault(date_offset=timedelta(days=400), times=0))
    assert (line("export").exit_code, line("agenda").exit_code) == (5, 5)
    result = line("agenda", "--offline")
    assert (result.exit_code, "Village Hall" in result.stdout) == (0, True)


@pytest.mark.parametrize("api", ["v2", "v1"])
def test_the_answers_of_an_earlier_day_serve_for_weeks(line: Line, api: str) -> None:
    """Addresses name days, and those of the last day that was asked for are found again."""
    assert line("export", "--api", api).exit_code == 0
    line.clock.pass_by(days=20)
    line.demo.misbehave(Fault(status=503, times=0))
    result = line("agenda", "--api", api)
    assert result.exit_code == 0
    assert "20 days ago" in result.stderr
    assert "Today" in result.stdout


def test_a_source_that_answers_is_asked(line: Line) -> None:
    """Answers that are old are not shown where there are newer ones."""
    line("agenda")
    line.clock.pass_by(hours=3)
    line.demo.hide("village-hall")
    result = line("agenda")
    assert ("Village Hall" in result.stdout, result.stderr) == (False, "")


def test_a_late_answer_is_kept_for_the_next_time(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person sees kept answers at once; where the source answers a little later, the next agenda is of now."""
    monkeypatch.setattr(reach, "FIRST_WORD", 0.01)
    before = line("agenda").stdout
    line.clock.pass_by(hours=3)
    line.demo.hide("village-hall")
    line.demo.misbehave(Fault(path="^/$", delay=0.2, times=0))
    result = line("agenda", typed="")
    assert (result.exit_code, result.stdout) == (0, before)
    assert "3 hours ago" in result.stderr
    assert "run this again" in result.stderr
    result = line("agenda")
    assert ("Village Hall" in result.stdout, result.stderr) == (False, "")


def test_offline_sends_no_request(line: Line) -> None:
    """With --offline answers of any age are shown, a token that expired is not renewed, and the age is said."""
    before = line("agenda").stdout
    line.demo.expire_tokens()
    line.clock.pass_by(minutes=20)
    assert "20 minutes ago" in line("agenda", "--offline").stderr
    line.clock.pass_by(hours=5)
    count = len(line.demo.requests)
    result = line("agenda", "--offline")
    assert (result.exit_code, result.stdout) == (0, before)
    assert "5 hours ago" in result.stderr
    assert line("explain", "--offline", *AIRING).exit_code == 0
    assert line("checkin", *AIRING, "--offline", "--dry-run", "--early").exit_code == 0
    assert len(line.demo.requests) == count


def test_offline_needs_something_kept(line: Line) -> None:
    """Where nothing is kept, --offline ends with 5 and one sentence."""
    for command in (("agenda",), ("explain", *AIRING), ("checkin", "--dry-run")):
        result = line(*command, "--offline")
        assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (5, "", 1)
    assert line.demo.requests == []


def test_an_answer_cache_that_cannot_be_read_is_one_warning(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts as empty, and is named once, however many answers and days are looked for."""
    monkeypatch.setattr(cache.AnswerFiles, "_find_path", lambda *_: line.folder)  # a folder can be read by nobody
    result = line("agenda")
    assert result.exit_code == 0
    assert result.stderr.count("answer cache cannot be read") == 1


@pytest.mark.parametrize(
    "arguments", [("agenda", "--fresh"), ("explain", "x", "--fresh"), ("checkin",), ("--demo", "agenda")]
)
def test_offline_excludes_what_needs_a_request(line: Line, arguments: tuple[str, ...]) -> None:
    """To ask anew, to check in and to start a server are no uses of --offline."""
    assert line(*arguments, "--offline").exit_code == 2


def test_nobody_sees_the_answers_of_another_account(line: Line) -> None:
    """Who logs in as somebody else finds nothing kept."""
    line("agenda")
    log_in(line.demo, Path(line.environ["TRAKT_ICAL_TOKEN_FILE"]), "anna")
    assert line("agenda", "--offline").exit_code == 5


def test_a_login_is_not_renewed_at_a_server_that_does_not_answer(line: Line) -> None:
    """A renewal whose answer is lost ends a login, so that none is begun where kept answers can be shown."""
    line("agenda")
    line.clock.pass_by(days=8)  # the token is good for a week
    line.demo.misbehave(Fault(path="^/$", status=503, times=0))
    before = len(line.demo.requests)
    assert line("agenda").exit_code == 0
    assert {seen.path for seen in line.demo.requests[before:]} == {"/"}


def test_a_check_in_finds_offline_and_fails_in_one_sentence(line: Line) -> None:
    """What is on is found in kept answers; the request itself fails with exit status 5."""
    assert line("checkin", *AIRING, "--early", "--dry-run").exit_code == 0
    line.clock.pass_by(hours=7)
    line.demo.misbehave(Fault(drop=Drop.BEFORE, times=0))
    result = line("checkin", "--dry-run", "--no-input")
    assert (result.exit_code, result.stderr.count("7 hours ago")) == (0, 1)
    result = line("checkin", *AIRING, "--early")
    assert (result.exit_code, result.stderr.count("Error: ")) == (5, 1)


def test_tvmaze_is_shown_offline_too(line: Line, home: Path) -> None:
    """With TVmaze as the source what is known of the list is shown, with the age of the last question."""
    fake = FakeTvmaze(line.clock)
    fake.add(1, [make_wire_episode(1, f"{line.clock.now:%Y-%m-%d}")])
    with serving_tvmaze(fake):
        save_list(home, [make_imported_show(1)], line.clock.now)
        run = replace(line, environ=line.environ | {"TRAKT_ICAL_API": "tvmaze", "TRAKT_ICAL_API_URL": fake.url})
        assert run("agenda", "--offline").exit_code == 5
        before = run("agenda").stdout
    line.clock.pass_by(hours=4)
    for arguments in (("agenda",), ("agenda", "--offline")):
        result = run(*arguments)
        assert (result.exit_code, result.stdout) == (0, before)
        assert result.stderr.count("4 hours ago") == 1


def test_a_person_waits_less_than_a_job(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a connection a person at a terminal is told within five seconds; a job tries for longer."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, _, *rest: LOOKUP(host, 1, *rest))
    assert line("export", typed="").exit_code == 5
    assert sum(line.clock.slept) <= 5
    line.clock.slept.clear()
    assert line("export").exit_code == 5
    assert sum(line.clock.slept) > 5


def test_the_zone_of_the_account_outlives_a_restart(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that starts without Trakt shows the hours of the account's zone, not those of this computer."""
    monkeypatch.setattr(feed_service, "find_system_zone", lambda: UTC)
    with run_feed(line) as running:
        running.renew()
        zone = running.service.find_zone()
    assert isinstance(zone, ZoneInfo)
    line.demo.misbehave(Fault(status=503, times=0))
    with run_feed(line) as running:
        assert running.service.find_zone() == zone
    environment = Environment(line.clock, line.clock.sleep, line.environ)
    with open_app({}, demo=False, environment=environment) as app:
        app.forget_facts()
        assert load_account_zone(app) is None
