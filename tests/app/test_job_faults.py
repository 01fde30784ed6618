"""Faults under the scheduled job: one line, its exit status, the last good calendar; status and doctor tell of it."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.conftest import Line
from trakt_ical import files
from trakt_ical.app.folder_faults import find_folder_fault, find_folder_faults
from trakt_ical.demo import Fault

WRITE_WHOLE = files.write_whole


def fail_to_write(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Let each write of a calendar fail with the system's error *number*."""

    def write(path: Path, octets: bytes, **rest: Any) -> None:
        if path.suffix == ".ics":
            raise OSError(number, os.strerror(number))
        WRITE_WHOLE(path, octets, **rest)

    monkeypatch.setattr(files, "write_whole", write)


def refuse_login(line: Line, _: pytest.MonkeyPatch) -> None:
    line.demo.misbehave(Fault(status=401, times=0))


def stop_answering(line: Line, _: pytest.MonkeyPatch) -> None:
    line.demo.misbehave(Fault(status=503, times=0))


def set_clock_ahead(line: Line, _: pytest.MonkeyPatch) -> None:
    line.demo.misbehave(Fault(date_offset=-timedelta(days=3), times=0))


FAULTS: dict[str, tuple[Callable[[Line, pytest.MonkeyPatch], None], int, str, str]] = {
    "full disk": (lambda _, patch: fail_to_write(patch, errno.ENOSPC), 6, "disk is full", "The next run"),
    "read-only": (lambda _, patch: fail_to_write(patch, errno.EROFS), 6, "read-only", "The next run"),
    "no right": (lambda _, patch: fail_to_write(patch, errno.EACCES), 6, "may not be written", "The next run"),
    "login revoked": (refuse_login, 4, "login", "trakt-ical login"),
    "Trakt down": (stop_answering, 5, "overloaded or down", "catches up"),
    "wrong clock": (set_clock_ahead, 5, "Set the clock", "catches up"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_one_line_and_known_afterwards(line: Line, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The export says it once and keeps the calendar; status says since when, doctor also what to do."""
    begin, status, words, remedy = FAULTS[name]
    line("export")
    before = line.ics.read_bytes()
    line.clock.pass_by(hours=2)
    begin(line, monkeypatch)
    result = line("export", "--kind", "movies")
    assert (result.exit_code, result.stderr.count("\n")) == (status, 1), result.stderr
    assert words in result.stderr
    assert line.ics.read_bytes() == before
    assert sorted(path.name for path in line.folder.glob("*.ics*")) == [line.ics.name]
    [row] = json.loads(line("status", "--json").stdout)["outputs"]
    assert words in row["failure"]
    assert row["failing_since"].startswith("2026-04-18T14:")
    findings = json.loads(line("doctor", "--json").stdout)["findings"]
    [finding] = [each for each in findings if each["subject"] == "calendar Trakt"]
    assert words in finding["message"]
    assert remedy in finding["remedy"]


def test_a_week_without_trakt_takes_no_longer_than_an_hour_without(line: Line) -> None:
    """When the login has expired, its renewal is tried as often as a request, and not once for each of them."""
    line("export")
    before = line.ics.read_bytes()
    line.clock.pass_by(days=8)
    line.demo.__exit__(None, None, None)
    try:
        result = line("export")
    finally:
        line.demo.__enter__()  # the fixture ends it
    assert (result.exit_code, result.stderr.count("\n")) == (5, 1)
    assert len(line.clock.slept) == 3
    assert line.ics.read_bytes() == before
    assert line("status").exit_code == 5


def test_a_failure_that_was_noted_ahead_began_today_at_the_latest(line: Line) -> None:
    """Once the clock is right again, no failure has begun in the future."""
    line("export")
    line.clock.pass_by(days=3)
    line.demo.misbehave(Fault(date_offset=-timedelta(days=3), times=0))
    assert line("export").exit_code == 5
    line.clock.pass_by(days=-3)
    line.demo.behave()
    line.demo.misbehave(Fault(status=503, times=0))
    line("export")
    [row] = json.loads(line("status", "--json").stdout)["outputs"]
    assert row["failing_since"] <= line.clock().isoformat()


def test_a_calendar_that_was_edited_is_known_to_fail(line: Line) -> None:
    """A file that an export refuses to replace is failing for status, too; the next success ends it."""
    line("export")
    good = line.ics.read_bytes()
    line.ics.write_bytes(good.replace(b"SUMMARY", b"SUMMARI", 1))
    assert line("export").exit_code == 6
    [row] = json.loads(line("status", "--json").stdout)["outputs"]
    assert "edited or damaged" in row["failure"]
    line.ics.write_bytes(good)
    assert line("export").exit_code == 0
    [row] = json.loads(line("status", "--json").stdout)["outputs"]
    assert row["failure"] is None


def test_a_folder_that_nothing_can_be_written_to_is_named_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: Line
) -> None:
    """No right, a read-only disk and a full one are told apart; folders inside it are not named as well."""
    inside = tmp_path / "inside" / "not made yet"
    assert find_folder_fault(inside) is None
    monkeypatch.setattr(os, "access", lambda *_: False)
    [fault] = find_folder_faults([inside, tmp_path, inside / "x"])
    assert "this user" in fault.message
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=4096))
    monkeypatch.setattr(os, "access", lambda *_: True)
    [fault] = find_folder_faults([inside, tmp_path])
    assert "full" in fault.message
    result = line("doctor", "--json")
    assert result.exit_code == 6
    assert "full" in line("status").stderr
    if hasattr(os, "statvfs"):
        monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_flag=os.ST_RDONLY))
        [fault] = find_folder_faults([inside, tmp_path])
        assert "read-only" in fault.message


def test_a_link_to_nowhere_is_a_fault(tmp_path: Path) -> None:
    """A folder that is a link to a disk that is not mounted cannot be written to, and the fault names both."""
    link, disk = tmp_path / "state", tmp_path / "disk" / "state"
    link.symlink_to(disk)
    fault = find_folder_fault(link / "outputs")
    assert fault is not None
    assert str(link) in fault.message
    assert str(disk) in fault.message
    disk.mkdir(parents=True)
    assert find_folder_fault(link / "outputs") is None
