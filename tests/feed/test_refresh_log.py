"""The log of `serve`: a line for each calendar, two for an outage, in the format that its reader wants."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import Clock, Line
from tests.feeds import RunningFeed
from trakt_ical.cli.run import Run, show_log
from trakt_ical.cli.service_log import ServiceLog
from trakt_ical.demo import Drop, Fault
from trakt_ical.errors import LoginNeeded, OutputError, TraktIcalError, Unreachable
from trakt_ical.export.changes import Change, Kind
from trakt_ical.export.stores.protocol import Summary
from trakt_ical.feed.access_log import mask_secrets, name_account
from trakt_ical.feed.refresher import Refresher
from trakt_ical.pipeline import Outcome, RunResult

START = datetime(2026, 4, 18, 12, tzinfo=UTC)
DOWN = Unreachable("Trakt cannot be reached.")


def make_result(*kinds: Kind, later_error: TraktIcalError | None = None) -> RunResult:
    changes = [Change(kind, f"{number}", "Show 1x01", START) for number, kind in enumerate(kinds)]
    return RunResult(b"", bool(changes), changes, Summary(events=7), UTC, later_error=later_error)


class ScriptedJob:
    """Comes to one of *results* at each refresh; an error is a bug, or what every calendar failed with."""

    def __init__(self, *results: Mapping[str, Outcome] | BaseException) -> None:
        self._results = iter(results)

    def refresh(self) -> Mapping[str, Outcome]:
        result = next(self._results)
        if isinstance(result, BaseException):
            raise result
        return result

    def has_account_changed(self) -> bool:
        return False

    def reload(self) -> None:
        pass


def write_refreshes(clock: Clock, *results: Mapping[str, Outcome] | BaseException) -> None:
    """Refresh once for each of *results*, an hour apart or as a failure has it."""
    refresher = Refresher(ScriptedJob(*results), timedelta(hours=1), clock, lambda: 0.5)
    for _ in results:
        while clock.now < refresher._refresh_due:
            clock.pass_by(minutes=5)
        refresher.step()


@pytest.fixture(autouse=True)
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the log's times be those of UTC."""
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """What the operator reads, each line after its level; a traceback is left out."""
    found: list[str] = []

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(f"{record.levelname} {record.getMessage()}".splitlines()[0])

    service, handler = logging.getLogger("trakt_ical.service"), Lines()
    service.addHandler(handler)
    with caplog.at_level(logging.INFO, service.name):
        yield found
    service.removeHandler(handler)


def test_a_refresh_is_one_line(clock: Clock, lines: list[str]) -> None:
    """It counts the changes by kind and says when the next one comes, for each calendar."""
    write_refreshes(
        clock,
        {"Trakt": make_result(Kind.MOVED, Kind.NEW, Kind.MOVED), "Movies": make_result()},
        {"Trakt": make_result()},
    )
    assert lines == [
        "INFO Trakt: 1 new, 2 moved; next 13:00",
        "INFO Movies: nothing changed; next 13:00",
        "INFO Trakt: nothing changed; next 14:00",
    ]


def test_an_outage_is_two_lines(clock: Clock, lines: list[str]) -> None:
    """One when it begins, one when it ends, however often it was tried and however the source failed meanwhile."""
    slow = Unreachable("Trakt's answer was not complete after 180 seconds.")
    down = {"Trakt": DOWN, "Movies": DOWN}
    well = {"Trakt": make_result(Kind.NEW), "Movies": make_result()}
    write_refreshes(clock, down, {"Trakt": slow, "Movies": DOWN}, *[down] * 5, well)
    assert lines[0] == "WARNING Trakt, Movies could not be refreshed; next try 12:05. Trakt cannot be reached."
    assert [re.sub(r"\d\d:\d\d", "…", line) for line in lines[1:]] == [
        "INFO Trakt: refreshed again after 4 hours: 1 new; next …",
        "INFO Movies: refreshed again after 4 hours: nothing changed; next …",
    ]


def test_another_trouble_is_another_line(clock: Clock, lines: list[str]) -> None:
    """What needs something else to be done is said, also of one calendar alone and of what follows a refresh."""
    login, full = LoginNeeded("Not logged in."), OutputError("The disk is full.")
    unpushed = OutputError("The push failed.")
    write_refreshes(
        clock,
        {"Trakt": DOWN},
        {"Trakt": login},
        {"Trakt": login},
        {"Trakt": make_result(), "Movies": full},
        {"Trakt": make_result(later_error=unpushed), "Movies": make_result()},
        {"Trakt": make_result(later_error=unpushed), "Movies": make_result()},
        {"Trakt": make_result(), "Movies": make_result()},
    )
    warnings = [line for line in lines if line.startswith("WARNING")]
    assert [re.sub(r" could.*\d\d:\d\d\.", "", line) for line in warnings] == [
        "WARNING Trakt Trakt cannot be reached.",
        "WARNING Trakt Not logged in. Run: trakt-ical login",
        "WARNING Movies The disk is full.",
        "WARNING Trakt: The push failed.",
    ]
    assert sum("again after" in line for line in lines) == 3


def test_a_crash_is_one_line_until_it_is_over(clock: Clock, lines: list[str]) -> None:
    """The same bug at each try has one traceback in the log."""
    write_refreshes(clock, ZeroDivisionError("1"), ZeroDivisionError("2"), {"Trakt": make_result()})
    assert [line.split()[0] for line in lines] == ["ERROR", "INFO"]
    assert "again after" in lines[1]


def test_trakt_is_down_for_hours(running: RunningFeed, line: Line, capsys: pytest.CaptureFixture[str]) -> None:
    """Over real HTTP, with all that the client says of its tries: a line when it begins, a line when it ends."""
    with show_log(Run()), ServiceLog(Run()) as log:
        log.choose_format("text")
        line.demo.misbehave(Fault(status=503, times=0))
        assert list(running.pass_in_steps(hours=2))
        line.demo.misbehave(Fault(drop=Drop.BEFORE, times=0))
        assert list(running.pass_in_steps(hours=2))
        line.demo.behave()
        assert list(running.pass_in_steps(minutes=70))
    first, second, *quiet = [line.split(maxsplit=2)[2] for line in capsys.readouterr().err.splitlines()]
    assert re.fullmatch(r"WARNING Trakt could not be refreshed; next try \d\d:\d\d\. .*", first)
    assert re.match("INFO Trakt: refreshed again after [2-5] hours: ", second)
    assert [line.split(";")[0] for line in quiet] == ["INFO Trakt: nothing changed"] * len(quiet)


def log_samples(run: Run, log_format: str) -> None:
    """Log a line of each kind as `serve` does."""
    log, tries = logging.getLogger("trakt_ical.x"), logging.getLogger("trakt_ical.trakt.tries")
    service = logging.getLogger("trakt_ical.service")
    with show_log(run), ServiceLog(run) as written, name_account("anna"):
        service.info("Trakt: 1 new", extra={"fields": {"calendar": "Trakt", "next": START}})
        written.choose_format(log_format)
        for _ in range(2):
            log.warning("Run: trakt-ical login")
        tries.warning("trying again")
        log.info("a detail")
        service.error("broken\nat line %d", 3)


def test_the_log_has_time_and_level(capsys: pytest.CaptureFixture[str]) -> None:
    """A line is what was done or is wrong; what is wrong each hour comes once a day, and tries with -v alone."""
    log_samples(Run(home="/x y"), "text")
    told = capsys.readouterr().err.splitlines()
    assert all(re.match(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d (INFO|WARNING|ERROR) ", line) for line in told)
    assert [line.split(maxsplit=2)[2] for line in told] == [
        "INFO Trakt: 1 new",
        "WARNING Run: trakt-ical --home '/x y' login",
        "ERROR broken at line 3",
    ]
    log_samples(Run(quiet=True), "text")
    assert [line.split(maxsplit=3)[2] for line in capsys.readouterr().err.splitlines()] == ["ERROR"]
    log_samples(Run(verbose=True), "text")
    told = capsys.readouterr().err.splitlines()
    assert [line.split(maxsplit=3)[2] for line in told] == ["INFO", "WARNING", "WARNING", "WARNING", "INFO", "ERROR"]


def test_each_account_has_its_warning(capsys: pytest.CaptureFixture[str]) -> None:
    """What two accounts are warned of in the same words is written for both, with the account before it."""

    class NoSecrets:
        all_secrets: frozenset[str] = frozenset()

    run = Run()
    with show_log(run), ServiceLog(run) as written:
        written.choose_format("text")
        with mask_secrets(NoSecrets()):
            for account in ("anna", "ben", "anna"):
                with name_account(account):
                    logging.getLogger("trakt_ical.x").warning("old")
    told = capsys.readouterr().err.splitlines()
    assert [line.split(maxsplit=3)[3] for line in told] == ["anna: old", "ben: old"]


def test_nothing_is_logged_before_the_format_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    """A warning about the settings waits for what these say of the format; where they say nothing, it is as ever."""
    log = logging.getLogger("trakt_ical.x")
    with show_log(Run()), ServiceLog(Run()) as written:
        log.warning("early")
        assert capsys.readouterr().err == ""
        written.choose_format("json")
        log.warning("late")
    assert [json.loads(line)["message"] for line in capsys.readouterr().err.splitlines()] == ["early", "late"]
    with show_log(Run()), ServiceLog(Run()):
        log.warning("early")
    assert capsys.readouterr().err == "Warning: early\n"


def test_the_log_can_be_json(capsys: pytest.CaptureFixture[str]) -> None:
    """One object a line, with what the line is about as values of its own."""
    log_samples(Run(), "json")
    first, *_, last = map(json.loads, capsys.readouterr().err.splitlines())
    assert first.keys() == {"time", "level", "message", "calendar", "next"}
    assert (first["level"], first["calendar"], first["next"]) == ("INFO", "Trakt", "2026-04-18T12:00:00Z")
    assert datetime.fromisoformat(first["time"]).tzinfo is not None
    assert last["message"] == "broken\nat line 3"


def test_the_journal_gets_priorities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has its own clock, so lines have no time; a stream that is not the journal's gets times as ever."""
    with (tmp_path / "journal").open("w") as journal:
        monkeypatch.setattr(sys, "stderr", journal)
        status = os.fstat(journal.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
        log_samples(Run(), "text")
        monkeypatch.setenv("JOURNAL_STREAM", "1:2")
        log_samples(Run(quiet=True), "text")
    told = (tmp_path / "journal").read_text().splitlines()
    assert [line[:3] for line in told[:3]] == ["<6>", "<4>", "<3>"]
    assert re.match(r"20\d\d-.* ERROR ", told[3])
