"""Requests to a server with a limit are spread out, for all that share one file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Clock
from trakt_ical.trakt.pacing import Pacer


def make_pacer(path: Path, clock: Clock) -> Pacer:
    return Pacer(path, most=3, span=10, now=clock)


def test_so_many_go_at_once_and_the_others_wait(tmp_path: Path, clock: Clock) -> None:
    """Three in ten seconds, counted from the end of each; two that share the file share the limit."""
    one, other = (make_pacer(tmp_path / "turns.json", clock) for _ in range(2))
    starts = []
    for pacer in (one, other, one, other, one, one, other):
        with pacer.take_turn(clock.sleep):
            starts.append(clock.now.timestamp())
            clock.pass_by(seconds=1)
    begin = starts[0]
    assert [start - begin for start in starts] == [0, 1, 2, 11, 12, 13, 22]


def test_a_request_that_fails_counts_too(tmp_path: Path, clock: Clock) -> None:
    """What happened in its turn does not matter."""
    pacer = make_pacer(tmp_path / "turns.json", clock)
    for _ in range(3):
        with pytest.raises(RuntimeError), pacer.take_turn(clock.sleep):
            raise RuntimeError
    with pacer.take_turn(clock.sleep):
        assert clock.slept == [10]


@pytest.mark.parametrize("octets", [b"", b"{}", b"[1e400]", b'["x"]', b"[9e18]"])
def test_a_damaged_file_counts_as_none(tmp_path: Path, clock: Clock, octets: bytes) -> None:
    """It costs no request and no wait, and neither do turns that a wrong clock put far ahead."""
    path = tmp_path / "turns.json"
    path.write_bytes(octets)
    with make_pacer(path, clock).take_turn(clock.sleep):
        assert clock.slept == []


def test_a_folder_that_cannot_be_written_costs_no_request(tmp_path: Path, clock: Clock) -> None:
    """Without a file nobody else is counted, and this process keeps to the limit all the same."""
    (tmp_path / "file").write_bytes(b"")
    pacer = make_pacer(tmp_path / "file" / "turns.json", clock)
    for _ in range(4):
        with pacer.take_turn(clock.sleep):
            pass
    assert clock.slept == [10]
