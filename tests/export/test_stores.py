"""Stores: a calendar in a file, and what is known of it under its name."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from tests.factories import DAY, NOW
from trakt_ical.errors import OutputError
from trakt_ical.export.stores.file import FileStore
from trakt_ical.export.stores.protocol import LastRun, OutputState, StateFile, Summary, load_states


def test_a_save_against_another_version_is_refused(tmp_path: Path) -> None:
    """Whoever loaded before somebody else wrote does not write over that, also where nothing was there."""
    store = FileStore(tmp_path / "trakt.ics")
    assert store.load() is None
    assert store.save(b"one", None)
    first = store.load()
    assert first is not None
    assert FileStore(tmp_path / "trakt.ics").save(b"two", first)
    for expected in (first, None):
        with pytest.raises(OutputError):
            store.save(b"three", expected)
    snapshot = store.load()
    assert snapshot is not None
    assert snapshot.octets == b"two"
    assert snapshot.version == store.read_version()


def test_the_same_octets_leave_the_file_untouched(tmp_path: Path) -> None:
    """A save of what is there changes nothing, not even the file's time."""
    store = FileStore(tmp_path / "trakt.ics")
    store.save(b"one", None)
    before = (tmp_path / "trakt.ics").stat()
    assert not store.save(b"one", store.load())
    assert (tmp_path / "trakt.ics").stat() == before


def test_all_paths_to_a_file_have_one_name(tmp_path: Path) -> None:
    """A link, a detour and the file itself share lock and state; messages keep the path that was given."""
    (tmp_path / "trakt.ics").touch()
    (tmp_path / "link.ics").symlink_to("trakt.ics")
    stores = [FileStore(tmp_path / name) for name in ("trakt.ics", "link.ics", "../" + tmp_path.name + "/trakt.ics")]
    assert len({store.name for store in stores}) == 1
    assert len({StateFile(tmp_path, store.name).path for store in stores}) == 1
    assert stores[1].describe() == str(tmp_path / "link.ics")


@pytest.mark.skipif(os.name != "posix", reason="octets that are no text are names on POSIX alone")
def test_a_path_that_is_no_text_has_a_state(tmp_path: Path) -> None:
    """A file's name may be any octets; its state is kept all the same."""
    store = FileStore(tmp_path / os.fsdecode(b"\xff.ics"))
    file = StateFile(tmp_path, store.name)
    file.save(file.load())
    assert [state.output for state in load_states(tmp_path)] == [f"{tmp_path.resolve()}/\\xff.ics"]


def test_a_greater_loss_is_held_back_anew(tmp_path: Path) -> None:
    """The days of a held-back update count from the first run that misses as much."""
    state = OutputState(output="x")
    assert state.hold_back(frozenset("ab"), NOW) == NOW
    assert state.hold_back(frozenset("a"), NOW + DAY) == NOW
    assert state.hold_back(frozenset("abc"), NOW + 2 * DAY) == NOW + 2 * DAY
    assert state.hold_back(frozenset("abc"), NOW + DAY) == NOW + DAY, "the clock was set back"


def test_a_last_run_holds_until_time_could_change_it(tmp_path: Path) -> None:
    """A summary is found by its fingerprint alone, and not from its end on."""
    file, summary = StateFile(tmp_path, "x"), Summary(3, NOW.date(), NOW.date())
    file.save(OutputState(output="x", last_run=LastRun("f", NOW + DAY, summary)))
    state = file.load()
    assert state.find_summary("f", NOW + DAY - timedelta(seconds=1)) == summary
    assert state.find_summary("f", NOW + DAY) is None
    assert state.find_summary("g", NOW) is None
