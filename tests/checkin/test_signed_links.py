"""Links that check in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trakt_ical.checkin.signed_links import LINK_LIFETIME, Ticket, Tickets, load_tickets
from trakt_ical.errors import OutputError
from trakt_ical.model import Moment

NIGHT = datetime(2026, 4, 19, 1, tzinfo=UTC)
OURS = Tickets(b"k" * 32)
ONE = Ticket("trakt-1388-s2e3@trakt-ical", NIGHT)

moments = st.one_of(
    st.dates(date(1900, 1, 1), date(2199, 12, 31)),
    st.datetimes(datetime(1900, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC)).map(  # noqa: DTZ001
        lambda moment: moment.replace(microsecond=0)
    ),
)
names = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40)


@given(name=names, start=moments)
def test_a_link_is_read_as_what_it_was_made_for(name: str, start: Moment) -> None:
    """Whatever a UID is made of, its link is ASCII, is the same each time, and bears it."""
    ticket = Ticket(f"{name}@trakt-ical", start)
    path = OURS.make_path(ticket)
    assert path == OURS.make_path(ticket)
    assert path.isascii()
    assert OURS.read_ticket(path) == ticket


def test_a_link_changed_by_one_character_is_no_link() -> None:
    """Each character of a link counts: with another one in its place, left out or added it bears nothing."""
    path = OURS.make_path(ONE)
    for number in range(len(path)):
        for other in ("A", "0", "_", "/", ""):
            changed = path[:number] + other + path[number + 1 :]
            assert changed == path or OURS.read_ticket(changed) is None
        assert OURS.read_ticket(path[:number] + "a" + path[number:]) is None
    assert OURS.read_ticket(path + "a") is None


@pytest.mark.parametrize(
    "path", ["", "check-in", "check-in///", "check-in/a/b/c", "check-in/a/99999999T999999Z/c", "/"]
)
def test_what_is_no_link_is_none(path: str) -> None:
    """Paths of another form bear nothing, and raise nothing."""
    assert OURS.read_ticket(path) is None


def test_another_key_reads_nothing() -> None:
    """A link of another installation is none here."""
    assert Tickets(b"o" * 32).read_ticket(OURS.make_path(ONE)) is None


def test_a_link_expires_by_the_time_of_its_airing() -> None:
    """A month after the start a link is too old, whenever it was made."""
    assert not ONE.is_expired(NIGHT - timedelta(days=300))
    assert not ONE.is_expired(NIGHT + LINK_LIFETIME)
    assert ONE.is_expired(NIGHT + LINK_LIFETIME + timedelta(seconds=1))
    assert not Ticket("a", NIGHT.date()).is_expired(datetime(2026, 5, 19, tzinfo=UTC))
    assert Ticket("a", NIGHT.date()).is_expired(datetime(2026, 5, 19, 0, 0, 1, tzinfo=UTC))


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    """The first use makes the key (0600); the next ones have the same, and nothing shows it."""
    path = tmp_path / "state" / "check-in.key"
    first = load_tickets(path)
    assert load_tickets(path) == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert first.key.hex() not in repr(first)
    assert str(first.key) not in repr(first)
    assert load_tickets(tmp_path / "other.key") != first


def test_a_damaged_key_is_told(tmp_path: Path) -> None:
    """A key that is not whole is never replaced: every link in every calendar would be dead."""
    path = tmp_path / "check-in.key"
    path.write_bytes(b"short")
    with pytest.raises(OutputError, match="is damaged"):
        load_tickets(path)
    assert path.read_bytes() == b"short"
