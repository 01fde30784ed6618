"""Stores: a calendar in a file, in the feed or in a bucket, and what is known of it under its name."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.buckets import PUBLIC
from tests.factories import DAY, NOW
from trakt_ical.errors import OutputError
from trakt_ical.export.output import make_store
from trakt_ical.export.stores.file import FileStore
from trakt_ical.export.stores.protocol import LastRun, OutputState, StateFile, Store, Summary, load_states
from trakt_ical.feed.feed_store import FeedFolder

StoreMaker: TypeAlias = Callable[[], Store]
"""Makes a store of one and the same place, each time as another run would."""


@pytest.fixture(params=["file", "feed", "bucket"])
def make_one_store(request: pytest.FixtureRequest, tmp_path: Path) -> StoreMaker:
    """Makes the store of a file, of the feed's copy, or of an object in a bucket."""
    if request.param == "file":
        return lambda: FileStore(tmp_path / "trakt.ics")
    if request.param == "feed":
        return lambda: FeedFolder(tmp_path, tmp_path / "states").make_store("Trakt")
    request.getfixturevalue("s3")
    address = f"s3://{PUBLIC}/{secrets.token_hex(16)}/Trakt.ics"
    return lambda: make_store(address)


def test_what_is_saved_is_loaded(make_one_store: StoreMaker) -> None:
    """Each run loads what the last one saved, octet by octet; at first there is nothing."""
    assert make_one_store().load() is None
    for octets in (b"one", bytes(range(256)) * 4000):
        store = make_one_store()
        assert store.save(octets, store.load())
        snapshot = make_one_store().load()
        assert snapshot is not None
        assert snapshot.octets == octets


def test_a_save_against_another_version_is_refused(make_one_store: StoreMaker) -> None:
    """Whoever loaded before somebody else wrote does not write over that, also where nothing was there."""
    store = make_one_store()
    assert store.load() is None
    assert store.save(b"one", None)
    first = store.load()
    assert first is not None
    assert make_one_store().save(b"two", first)
    for expected in (first, None):
        with pytest.raises(OutputError):
            store.save(b"three", expected)
    snapshot = store.load()
    assert snapshot is not None
    assert snapshot.octets == b"two"


def test_two_saves_of_one_calendar_are_two_versions(make_one_store: StoreMaker) -> None:
    """A calendar that was replaced is refused to whoever loaded it before, however much the new one is like it."""
    store = make_one_store()
    store.save(b"one", None)
    first = store.load()
    assert make_one_store().save(b"own", first)
    second = store.load()
    assert first is not None
    assert second is not None
    assert first.version != second.version


def test_the_same_octets_change_nothing(make_one_store: StoreMaker) -> None:
    """A save of what is there changes nothing, not even the version."""
    store = make_one_store()
    store.save(b"one", None)
    before = store.load()
    assert not store.save(b"one", before)
    assert make_one_store().load() == before


def test_a_copy_is_kept_beside_the_calendar(make_one_store: StoreMaker) -> None:
    """What is replaced by force is kept under a name that is free; the same octets are kept once."""
    store = make_one_store()
    store.save(b"mine", None)
    names = [store.keep_aside(octets) for octets in (b"foreign", b"another", b"foreign")]
    assert names[0] == names[2] != names[1]
    snapshot = store.load()
    assert snapshot is not None
    assert snapshot.octets == b"mine"


def test_of_four_writers_none_loses_an_update(make_one_store: StoreMaker, tmp_path: Path) -> None:
    """Four runs that each add 15 times to what they loaded, and begin again where that is refused, add 60."""
    # As runs do on one computer, those of a file wait for each other; those of a bucket may be on several computers.
    is_locked = not make_one_store().name.startswith("s3://")
    make_one_store().save(b"0", None)

    def add(_: int) -> int:
        refused = done = 0
        while done < 15:
            store = make_one_store()
            with StateFile(tmp_path, store.name).lock() if is_locked else contextlib.nullcontext():
                snapshot = store.load()
                assert snapshot is not None
                try:
                    store.save(str(int(snapshot.octets) + 1).encode(), snapshot)
                except OutputError:
                    refused += 1
                else:
                    done += 1
        return refused

    with ThreadPoolExecutor(4) as pool:
        refused = sum(pool.map(add, range(4)))
    snapshot = make_one_store().load()
    assert snapshot is not None
    assert snapshot.octets == b"60"
    assert (refused == 0) == is_locked


def test_the_same_octets_leave_the_file_untouched(tmp_path: Path) -> None:
    """A save of what is there changes nothing, not even the file's time; `read_version` tells without reading."""
    store = FileStore(tmp_path / "trakt.ics")
    store.save(b"one", None)
    before, snapshot = (tmp_path / "trakt.ics").stat(), store.load()
    assert not store.save(b"one", snapshot)
    after = (tmp_path / "trakt.ics").stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_ctime_ns) == (
        before.st_ino,
        before.st_mtime_ns,
        before.st_ctime_ns,
    )
    assert snapshot is not None
    assert snapshot.version == store.read_version()


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
    assert [state.output for _, state in load_states(tmp_path)] == [f"{tmp_path.resolve()}/\\xff.ics"]


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
