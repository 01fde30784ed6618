"""Nothing grows without end: once the oldest answers go, there are as many files as before."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import Line
from tests.feeds import run_feed
from trakt_ical.trakt import cache

LIFETIME = 2  # days that kept answers have here


@pytest.fixture
def short_life(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let kept answers go after two days, so that a week is enough."""
    monkeypatch.setattr(cache, "LIFETIME", LIFETIME * 86400)


def count(folder: Path) -> tuple[int, int]:
    """Return how many files and how many folders are in *folder*."""
    found = list(folder.rglob("*"))
    return sum(path.is_file() for path in found), sum(path.is_dir() for path in found)


@pytest.mark.usefixtures("short_life")
def test_runs_of_many_days_leave_what_runs_of_a_few_leave(line: Line, home: Path) -> None:
    """Each day an export and a refresh of the feed: files and folders stay as many, and no folder is empty."""
    counts = []
    with run_feed(line) as running:
        for _ in range(3 * LIFETIME):
            assert line("-q", "export").exit_code == 0
            running.renew()
            line.clock.pass_by(days=1)
            counts.append(count(home))
    (files_then, folders_then), (files_now, folders_now) = counts[LIFETIME + 1], counts[-1]
    assert files_now <= files_then + 2  # each day has four answers of its own
    assert folders_now == folders_then
    assert [path for path in home.rglob("*") if path.is_dir() and not any(path.iterdir())] == []


def test_answers_of_an_account_that_is_used_no_more_go(line: Line, home: Path) -> None:
    """After a lifetime without a request the whole folder goes; a younger one stays."""
    answers = home / ".cache" / "trakt-ical" / "answers"
    now = line.clock().timestamp()  # the clock of the run counts, as for its own answers
    for name, days in (("abandoned", 41), ("idle", 39)):
        (answers / name).mkdir(parents=True)
        (answers / name / "answer").write_bytes(b"")
        for path in (answers / name / "answer", answers / name):
            os.utime(path, (now, now - days * 86400))
    assert line("-q", "export").exit_code == 0
    assert not (answers / "abandoned").exists()
    assert (answers / "idle").exists()


def test_copies_that_were_put_aside_go_after_a_month(line: Line) -> None:
    """A damaged copy of a feed is kept for a month; a calendar whose name looks like one stays for ever."""
    with run_feed(line, name="My.ics.old") as running:
        running.renew()
        folder = running.folder.path
        [copy] = folder.glob("*.ics")
        old, young = (copy.with_name(copy.name + end) for end in (".old", ".old.1"))
        for path in (old, young):
            path.write_bytes(b"")
        now = line.clock().timestamp()
        for path, days in ((copy, 90), (old, 31), (young, 29)):
            os.utime(path, (now, now - days * 86400))
        running.renew()
    assert (copy.exists(), old.exists(), young.exists()) == (True, False, True)
