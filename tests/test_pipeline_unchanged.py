"""Runs that change nothing: what they read, what they spare, and what ends that."""

from __future__ import annotations

import io
import json
import os
import traceback
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from tests.conftest import Line
from tests.factories import DAY, NOW, make_calendar_spec, make_episode, make_movie
from tests.runs import FixedAnswers, FixedSource
from trakt_ical import pipeline
from trakt_ical.export import stored_calendar
from trakt_ical.export.merge import Retention
from trakt_ical.export.output import open_output
from trakt_ical.export.stores.file import FileStore
from trakt_ical.fetch.v2.source import AnswersV2
from trakt_ical.model import Airing, DateRange
from trakt_ical.pipeline import CalendarRun, CalendarSpec, RunResult


@pytest.fixture
def count_decoded(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], int]]:
    """How many times answers were decoded since the last look."""
    reads: list[AnswersV2] = []
    read = AnswersV2.read
    monkeypatch.setattr(AnswersV2, "read", lambda answers: (reads.append(answers), read(answers))[1])

    def count() -> int:
        number = len(reads)
        reads.clear()
        return number

    return count


def export(line: Line, *arguments: str, **environ: str) -> str:
    result = line("export", *arguments, environ=environ)
    assert result.exit_code == 0, result.stderr
    return result.stderr


def test_an_unchanged_export_reads_its_file_once(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run opens the stored calendar once, whether it ends at once or goes the whole way."""
    export(line)
    opened: list[str] = []
    original = io.open

    def count(file: object, *arguments: object, **named: object) -> object:
        if str(file) == str(line.ics) and any("/trakt_ical/" in frame.filename for frame in traceback.extract_stack()):
            opened.append(str(file))
        return original(file, *arguments, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(io, "open", count)
    for _ in range(3):
        opened.clear()
        export(line)
        assert len(opened) == 1


def test_nothing_changed_nothing_done(line: Line, count_decoded: Callable[[], int]) -> None:
    """Once a run changed nothing, the next one with the same answers decodes nothing and says the same."""
    export(line)
    before = export(line)
    octets, touched = line.ics.read_bytes(), line.ics.stat().st_mtime_ns
    assert count_decoded() == 2
    line.clock.now += timedelta(minutes=5)
    assert export(line) == before
    assert count_decoded() == 0
    assert (line.ics.read_bytes(), line.ics.stat().st_mtime_ns) == (octets, touched)
    assert "2026-04-18 12:05" in line("status").stdout  # the success is noted all the same


def test_a_run_that_ends_at_once_does_not_cut_the_calendar_into_events(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looks at the first event alone, which tells of what version the calendar is."""
    export(line)
    export(line)
    cut: list[object] = []
    make_event = stored_calendar._make_event
    monkeypatch.setattr(stored_calendar, "_make_event", lambda *parts: (cut.append(parts), make_event(*parts))[1])
    export(line)
    assert len(cut) <= 2
    export(line, TRAKT_ICAL_OFFSET="5")
    assert len(cut) > 40


def test_an_edited_calendar_is_refused_also_after_a_run_that_changed_nothing(line: Line) -> None:
    """The file is hashed again once it is another version, and before anything is made of it in any case."""
    export(line)
    export(line)
    octets, touched = line.ics.read_bytes(), line.ics.stat()
    edited = octets.replace(b"SUMMARY:", b"SUMMARX:", 1)
    line.ics.write_bytes(edited)
    assert line("export").exit_code == 6
    # As if a disk had changed it: nothing tells that from the version that was read last time but its SUM.
    os.utime(line.ics, ns=(touched.st_atime_ns, touched.st_mtime_ns))
    line.demo.rename("harbor-nine", 10, 8, "By Another Name")
    assert line("export").exit_code == 6
    assert line.ics.read_bytes() == edited
    assert line("export", "--force").exit_code == 0
    assert line.ics.with_name("trakt.ics.old").read_bytes() == edited


def test_what_a_calendar_depends_on_is_looked_at(line: Line, home: Path, count_decoded: Callable[[], int]) -> None:
    """Another setting, other days, another stored calendar, another answer and a lost state: all are ordinary runs."""
    for _ in range(2):
        export(line)
    count_decoded()
    export(line, TRAKT_ICAL_DEFAULT_RUNTIME="50")
    assert count_decoded() == 1
    for _ in range(3):
        export(line)
    count_decoded()
    line.clock.now += DAY
    export(line)
    assert count_decoded() == 1
    line.ics.unlink()
    export(line)
    export(line)
    assert count_decoded() == 2
    export(line)
    assert count_decoded() == 0
    [path] = (home / ".local" / "state").rglob("*.json")
    state = json.loads(path.read_text())
    path.write_text(json.dumps(state | {"last_run": None}))
    export(line)
    assert count_decoded() == 1
    show, season, number = json.loads(line("agenda", "--json").stdout)[0]["link"].split("/")[4:9:2]
    line.demo.remove(show, int(season), int(number))
    count_decoded()
    assert ": 1 " in export(line)
    assert count_decoded() == 1


def test_stdout_is_made_anew_each_time(line: Line, count_decoded: Callable[[], int]) -> None:
    """A calendar without a store has no last run."""
    for _ in range(3):
        assert line("export", "-o", "-").exit_code == 0
    assert count_decoded() == 3


def run(folder: Path, spec: CalendarSpec, airings: list[Airing], now: datetime, *, forget: bool) -> bytes:
    """The calendar in *folder* after a run; with *forget* the last run is unknown to it."""
    with open_output(FileStore(folder / "trakt.ics"), folder, spec.calendar_id, NOW, force=False) as output:
        if forget and output.state is not None:
            output.state.last_run = None
        [result] = pipeline.run(FixedSource(airings), [CalendarRun(spec, output)], now, lambda done, of: None)
    assert isinstance(result, RunResult), result
    assert result.octets == (folder / "trakt.ics").read_bytes()
    return result.octets


@pytest.mark.parametrize("fixed_days", [False, True])
@pytest.mark.parametrize("size_limit", [0, 6000])
def test_time_alone_changes_a_calendar_at_the_same_run(tmp_path: Path, size_limit: int, fixed_days: bool) -> None:
    """Tombstones and old events leave at the same run as if no run was ever spared."""
    zone = ZoneInfo("America/New_York")
    retention = Retention(tombstone=timedelta(days=3, hours=5), keep=6 * DAY, size_limit=size_limit)
    listed: list[Airing] = [
        make_episode(number=number, starts=NOW + (number - 6) * 9 * DAY / 10) for number in range(20)
    ]
    listed.append(make_movie(starts=NOW.date()))
    for name in ("spared", "whole"):
        (tmp_path / name).mkdir()
    FixedAnswers.reads = 0
    for step in range(60):
        now = NOW + step * timedelta(hours=5)
        airings = listed if step < 7 else listed[:12] + listed[14:]
        first = NOW.date() if fixed_days else now.astimezone(zone).date()
        spec = make_calendar_spec(DateRange(first - 3 * DAY, 20), zone=zone, retention=retention)
        spec = replace(spec, settings_digest="x")
        spared, whole = (
            run(tmp_path / name, spec, airings, now, forget=name == "whole") for name in ("spared", "whole")
        )
        assert spared == whole, step
    if not size_limit:
        assert FixedAnswers.reads < 110  # of 120: some were spared
