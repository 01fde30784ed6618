"""What of stored copies is in memory: little, and nobody can tell."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import Line
from tests.feeds import RunningFeed, run_feed
from trakt_ical.app.serve import CALENDAR_TURNS, FOLDER_TURNS
from trakt_ical.demo import Fault
from trakt_ical.feed.copy_cache import RecentlyUsed


def test_what_was_used_last_is_kept() -> None:
    """The limit counts octets; the last one stays whatever its size."""
    kept = RecentlyUsed[str](10)
    kept.put("a", "A", 4)
    kept.put("b", "B", 4)
    assert kept.get("a") == "A"
    kept.put("c", "C", 4)
    assert [kept.get(key) for key in "abc"] == ["A", None, "C"]
    kept.put("c", "D", 6)
    assert [kept.get(key) for key in "ac"] == ["A", "D"]
    kept.put("d", "E", 100)
    assert [kept.get(key) for key in "acd"] == [None, None, "E"]


def test_a_start_reads_no_copy_until_somebody_asks(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 304 and HEAD need none at all; a GET has the same octets, tag and length as before the restart."""
    with run_feed(line) as running:
        running.refresh()
        good = running.get()
        copy = Path(running.folder.make_store("Trakt").name)
    read: list[Path] = []
    read_bytes = Path.read_bytes

    def note_reading(path: Path) -> bytes:
        read.append(path)
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", note_reading)
    with run_feed(line) as running:
        assert running.get(headers={"If-None-Match": good.headers["ETag"]}).status_code == 304
        head = running.get(method="HEAD")
        assert {**head.headers, "date": ""} == {**good.headers, "date": ""}
        assert copy not in read
        assert running.get().content == good.content
        assert copy in read
        packed = running.get(headers={"Accept-Encoding": "gzip"}, method="GET")
        assert packed.content == good.content


def test_a_notice_needs_no_octets_either(running: RunningFeed, line: Line) -> None:
    """HEAD says how long the calendar with a notice is; each notice is another tag."""
    plain = running.get()
    line.demo.misbehave(Fault(status=503, times=0))
    tags = {plain.headers["ETag"]}
    for _ in range(2):
        line.clock.pass_by(days=8)
        running.service.reload()
        head, got = running.get(method="HEAD"), running.get()
        assert head.headers["Content-Length"] == str(len(got.content))
        assert (head.headers["ETag"] in tags, head.headers["ETag"]) == (False, got.headers["ETag"])
        tags.add(got.headers["ETag"])
        assert running.get(headers={"If-None-Match": plain.headers["ETag"]}).status_code == 200


def test_a_copy_that_is_replaced_before_the_next_look_is_served_as_it_is(running: RunningFeed, line: Line) -> None:
    """Whoever asks for the octets of the one before gets the new one, with its own tag."""
    before = running.get()
    cache = running.service.store.cache
    cache.packed, cache.plain = RecentlyUsed(1), RecentlyUsed(1)
    line.demo.hide("harbor-nine")
    line.clock.pass_by(hours=2)
    assert line("feed", "accept").exit_code == 0
    after = running.get()
    assert after.status_code == 200
    assert after.content != before.content
    assert after.headers["ETag"] != before.headers["ETag"]
    assert after.headers["Content-Length"] == str(len(after.content))


def test_a_look_takes_over_what_others_changed(running: RunningFeed, line: Line) -> None:
    """A renewed secret shows within a few looks; a file that was changed in place, within a minute."""
    old = running.path
    assert line("feed", "renew", "--now").exit_code == 0
    for _ in range(FOLDER_TURNS):
        running.accounts.look()
    assert running.path != old
    assert running.get(running.base + old).status_code == 404
    state = running.folder.make_state_file("Trakt")
    known = state.load()
    assert known.last_success
    known.last_success = known.last_success.replace(year=2025)
    state.save(known)
    for _ in range(CALENDAR_TURNS):
        running.accounts.look()
    assert "2025" in running.get().headers["Last-Success"]


def test_a_folder_is_looked_at_again_while_its_time_is_young(running: RunningFeed, line: Line) -> None:
    """Two changes within one tick of the file system's clock have one time, and the second counts as well."""
    folder = running.folder.path
    running.service.reload()
    old = os.stat(folder).st_mtime_ns
    assert line("feed", "renew", "--now").exit_code == 0
    os.utime(folder, ns=(old, old))
    running.service.look()
    assert running.get(running.url).status_code == 200
    assert running.service.store.secrets == running.folder.secrets_file.load(["Trakt"])
