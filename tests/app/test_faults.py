"""Every way in which the built-in Trakt can misbehave, met by an export: a retry that works, or one sentence."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.conftest import Line
from tests.demos import Demo
from tests.sources import fetch_shows
from trakt_ical.demo import Body, Drop, Fault
from trakt_ical.errors import Unreachable
from trakt_ical.model import DateRange
from trakt_ical.trakt.client import Client
from trakt_ical.trakt.reach import WAITS

FEW_DAYS = ("--days", "3")
PATHS = {"v2": "/calendars/", "v1": "/user/calendar/"}

PASSING = [
    Fault(status=500),
    Fault(status=502),
    Fault(status=503, retry_after=30),
    Fault(status=504),
    Fault(status=520),
    Fault(status=521),
    Fault(status=522),
    Fault(status=429, retry_after=9),
    Fault(status=403, body=Body.HTML),
    Fault(status=429, body=Body.HTML),
    Fault(status=503, body=Body.HTML),
    Fault(body=Body.HTML),
    Fault(drop=Drop.BEFORE),
    Fault(drop=Drop.AFTER),
    Fault(truncate=True),
]

LASTING = [
    (Fault(status=400), 5, "could not read"),
    (Fault(status=403), 3, "client_id"),
    (Fault(status=404), 5, "found nothing"),
    (Fault(status=405), 5, "does not offer"),
    (Fault(status=409), 5, "already has"),
    (Fault(status=412), 5, "header"),
    (Fault(status=418), 5, "does not document"),
    (Fault(status=420), 5, "limit"),
    (Fault(status=422), 5, "invalid"),
    (Fault(status=423, headers={"X-Account-Locked": "true"}), 5, "Contact Trakt's support"),
    (Fault(status=426, headers={"X-Upgrade-URL": "https://trakt.tv/vip"}), 5, "VIP"),
    (Fault(status=301, location="https://trakt.example/"), 5, "redirects are not followed"),
    (Fault(body=Body.GARBAGE), 5, "not what Trakt documents"),
    (Fault(body=Body.EMPTY), 5, "answer is empty"),
    (Fault(date_offset=timedelta(days=2)), 5, "Set the clock"),
]


def describe(fault: Fault) -> str:
    default = Fault()
    return " ".join(f"{key}={value}" for key, value in vars(fault).items() if value != vars(default)[key])


def change_fault(fault: Fault, **attributes: object) -> Fault:
    return Fault(**{**vars(fault), **attributes})


@pytest.fixture(params=["v2", "v1"])
def api(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("fault", PASSING, ids=describe)
def test_a_fault_that_passes_costs_a_retry(line: Line, api: str, fault: Fault) -> None:
    """After one such answer the export succeeds."""
    line.demo.misbehave(change_fault(fault, path=PATHS[api]))
    result = line("-q", "export", "--api", api, *FEW_DAYS)
    assert (result.exit_code, result.output) == (0, "")
    assert len(line.clock.slept) == 1
    assert line.clock.slept[0] == (fault.retry_after or line.clock.slept[0])


@pytest.mark.parametrize("fault", PASSING, ids=describe)
def test_a_fault_that_does_not_pass_is_one_sentence(line: Line, home: Path, api: str, fault: Fault) -> None:
    """Where it stays, the export ends with 5 and one sentence, and the old file is intact."""
    line("-q", "export", "--api", api, *FEW_DAYS)
    before = line.ics.read_bytes()
    shutil.rmtree(home / ".cache")  # else 304 would spare the answers that are to be spoiled
    line.demo.misbehave(change_fault(fault, path=PATHS[api], times=0))
    result = line("-q", "export", "--api", api, *FEW_DAYS)
    assert result.exit_code == 5
    assert result.stderr.startswith("Error: ")
    assert "Trakt" in result.stderr
    assert result.stderr.count("\n") == 1
    assert len(line.clock.slept) >= len(WAITS)
    assert line.ics.read_bytes() == before


@pytest.mark.parametrize(("fault", "status", "sentence"), LASTING, ids=[describe(fault) for fault, _, _ in LASTING])
def test_a_fault_that_stays_is_one_sentence(line: Line, api: str, fault: Fault, status: int, sentence: str) -> None:
    """What no second try can mend is told at once with its exit status, and the old file is intact."""
    line("-q", "export", "--api", api, *FEW_DAYS)
    before = line.ics.read_bytes()
    line.demo.misbehave(change_fault(fault, path=PATHS[api], times=0))
    result = line("-q", "export", "--api", api, *FEW_DAYS)
    assert (result.exit_code, sentence in result.stderr) == (status, True), result.stderr
    assert [each[:7] for each in result.stderr.splitlines() if each[:2] != "  "] == ["Error: "]  # hints are indented
    assert line.clock.slept == []
    assert line.ics.read_bytes() == before


@pytest.mark.parametrize(
    ("path", "status"), [("/users/hidden/calendar", 0), ("/users/hidden/dropped", 0), ("/users/settings", 5)]
)
def test_a_fault_anywhere_keeps_the_file(line: Line, path: str, status: int) -> None:
    """Without the account there is no new calendar; where hidden lists fail, those of last time count."""
    line("-q", "export")
    before = line.ics.read_bytes()
    line.demo.misbehave(Fault(path=path, status=500, times=0))
    assert line("-q", "export").exit_code == status
    assert line.ics.read_bytes() == before


def test_an_outage_is_one_line_and_the_error(line: Line) -> None:
    """Calendars and lists that meet one outage together tell of it once at the end, to a person also before."""
    line.demo.misbehave(Fault(path="/calendars/|/users/hidden", status=503, times=0))
    for typed, count in ((None, 0), ("", 1)):
        result = line("export", "--kind", "shows", "--kind", "movies", typed=typed)
        assert result.exit_code == 5
        assert result.stderr.count("trying again") == count
        assert result.stderr.count("Error: Trakt ") == 1
        assert "/calendars" not in result.stderr


def test_a_login_that_trakt_refuses_is_4(line: Line) -> None:
    """401 on everything, renewal or not, asks for a new login."""
    line.demo.misbehave(Fault(path="/calendars/", status=401, times=0))
    result = line("-q", "export")
    assert (result.exit_code, "trakt-ical login" in result.stderr) == (4, True)


def test_a_slow_answer_is_waited_for(line: Line) -> None:
    """A delay within the time-out costs nothing but time."""
    line.demo.misbehave(Fault(path="/calendars/", delay=0.2, times=0))
    assert line("-q", "export").exit_code == 0


def test_an_answer_that_does_not_come_is_given_up(demo: Demo) -> None:
    """A delay beyond the time-out is no answer, time after time."""
    slept: list[float] = []
    demo.misbehave(Fault(path="/calendars/", delay=0.5, times=0))
    headers = {"trakt-api-version": "2", "trakt-api-key": demo.client_id, "Content-Type": "application/json"}
    with Client(demo.url, headers=headers, sleep=slept.append, timeout=(5, 0.1)) as client:
        with pytest.raises(Unreachable, match="in time"):
            fetch_shows(client, DateRange(date(2026, 4, 18), 1))
    assert len(slept) >= len(WAITS)


def test_a_clock_that_is_a_little_off_is_a_warning(line: Line) -> None:
    """A clock an hour off is warned of once, and the export goes on."""
    line.demo.misbehave(Fault(date_offset=timedelta(hours=1), times=0))
    result = line("export")
    assert result.exit_code == 0
    assert result.stderr.count("60 minutes") == 1


def test_a_calendar_that_is_suddenly_empty_is_not_believed(line: Line, home: Path, api: str) -> None:
    """Trakt answering 200 with nothing, as it did for days, costs no event: exit 8."""
    line("-q", "export", "--api", api)
    before = line.ics.read_bytes()
    line.demo.misbehave(Fault(path=PATHS[api], empty_list=True, times=0))
    shutil.rmtree(home / ".cache")
    result = line("-q", "export", "--api", api)
    assert (result.exit_code, "--accept-shrink" in result.stderr) == (8, True)
    assert line.ics.read_bytes() == before


def test_changes_arrive(line: Line) -> None:
    """What Trakt moves, renames, removes and lists again is so in the next export."""
    line("export", "--days", "14", "--timezone", "UTC")
    before = line.ics.read_text()
    event = next(part for part in before.split("BEGIN:VEVENT")[1:] if part.split("DTSTART:")[-1][:8] > "20260419")
    slug, season, number = (event.split("URL:")[1].replace("\n ", "").split()[0].split("/")[at] for at in (4, 6, 8))
    airing = slug, int(season), int(number)
    for change, change_count in (
        (lambda: line.demo.move(*airing, by=timedelta(hours=1)), "1 moved"),
        (lambda: line.demo.rename(*airing, title="Quite Another"), "1 renamed"),
        (lambda: line.demo.remove(*airing), "1 no longer listed"),
    ):
        change()
        assert line("export", "--days", "14", "--timezone", "UTC").stderr.count(change_count) == 1
        line.demo.restore(*airing)
        line("export", "--days", "14", "--timezone", "UTC")
