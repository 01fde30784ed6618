"""How the agenda looks: columns that stand below each other, whatever is in them and however wide the terminal is."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from wcwidth import wcswidth

from tests.factories import NOW
from trakt_ical.app.agenda import AgendaEntry
from trakt_ical.cli.agenda_view import AgendaView
from trakt_ical.model import Event, Moment

TITLES = (
    "Severance 2x03 Who Is Alive?",
    "月下の屋台 13x08 とても長い題名がここに続いていきます",
    "حكايات الميناء 16x02 سفينة بلا اسم",
    "👩‍🚀 Astronauts 🇩🇪 1x01 ⚠️",
    "Unbreakable" * 12,
    "x",
)
ISOLATES = str.maketrans("", "", "\u2068\u2069")


def make_entry(title: str, start: Moment = NOW, *, calendars: Sequence[str] = ("Shows",)) -> AgendaEntry:
    end = start + timedelta(hours=1) if isinstance(start, datetime) else start + timedelta(days=1)
    event = Event(title, title, "", start, end, "", (), "")
    day = start.date() if isinstance(start, datetime) else start
    return AgendaEntry(event, "A Network of Some Length", tuple(calendars), day, on=False, watched=False)


class Terminal(io.TextIOWrapper):
    """A stdout that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


def show(
    monkeypatch: pytest.MonkeyPatch,
    entries: Sequence[AgendaEntry],
    columns: int,
    *,
    week: bool = False,
    terminal: bool = True,
    names: bool = False,
    days: int = 7,
) -> list[str]:
    """The rows that the agenda of *entries* prints."""
    octets = io.BytesIO()
    stdout = (Terminal if terminal else io.TextIOWrapper)(octets, encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setenv("COLUMNS", str(columns))
        patch.setenv("TERM", "xterm-256color")
        patch.setattr(sys, "stdout", stdout)
        view = AgendaView(UTC, NOW, names_calendars=names)
        if week:
            view.print_weeks(entries, days)
        else:
            view.print_days(entries)
    stdout.detach()
    return octets.getvalue().decode().splitlines()


@pytest.fixture(autouse=True)
def no_color(monkeypatch: pytest.MonkeyPatch, home: object) -> None:
    """Colors are tried by a test of their own."""
    monkeypatch.setenv("NO_COLOR", "1")


def strip_styles(row: str) -> str:
    """The row without bold, dim and colors."""
    return re.sub("\x1b\\[[0-9;]*m", "", row)


@pytest.mark.parametrize("columns", [40, 60, 80, 120, 200])
def test_no_row_is_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    """In cells, not characters: wide letters take two columns, marks of direction none."""
    entries = [make_entry(title, NOW + timedelta(hours=hour)) for hour, title in enumerate(TITLES)]
    for names in (False, True):
        rows = [strip_styles(row) for row in show(monkeypatch, entries, columns, names=names)]
        assert all(wcswidth(row) <= columns for row in rows)
        assert len(rows) == 1 + len(TITLES)
        assert sum("…" in row for row in rows) == sum(wcswidth(row) == columns for row in rows if "…" in row)


@pytest.mark.parametrize("columns", [80, 81, 100, 120, 200])
def test_the_days_of_a_week_stand_beside_each_other(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    """Each row has its bars at the same columns, whatever the titles are written in."""
    entries = [make_entry(title, NOW + timedelta(days=day)) for day, title in enumerate(TITLES)]
    entries.append(make_entry("y", NOW.date() + timedelta(days=6)))
    rows = [strip_styles(row) for row in show(monkeypatch, entries, columns, week=True)]
    width = (columns - 6) // 7
    bars = [width, *(width * number + number - 1 for number in range(2, 7))]
    assert rows[1].count("┼") == 6
    for row in (rows[0], *rows[2:]):
        cells = row.split("│")
        places = [wcswidth("│".join(cells[: number + 1])) for number in range(6)]
        assert places == bars
        assert wcswidth(row) <= columns
    assert "all day" in rows[2].split("│")[6]
    assert "12:00" in rows[2].split("│")[0]


def test_today_is_marked_without_colors_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its column has its name, and a heavy line."""
    rows = show(monkeypatch, [make_entry("x")], 80, week=True)
    assert "Today" in rows[0].split("│")[0]
    assert [part[0] for part in strip_styles(rows[1]).split("┼")] == ["━", *"──────"]


def test_what_is_on_since_yesterday_stands_under_today(monkeypatch: pytest.MonkeyPatch) -> None:
    """The picture has no day before today."""
    rows = show(monkeypatch, [make_entry("x", NOW - timedelta(hours=13))], 80, week=True, terminal=False)
    assert "23:00" in rows[2].split("│")[0]


def test_more_than_a_week_is_several_rows_of_days(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifteen days are two rows of seven, and one of one."""
    entries = [make_entry("x", NOW + timedelta(days=day)) for day in range(15)]
    rows = show(monkeypatch, entries, 80, week=True, terminal=False, days=15)
    assert [row.count("┼") for row in rows if "─" in row or "━" in row] == [6, 6, 0]


def test_fewer_days_have_more_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three days share the terminal, and none is wider than a title needs."""
    for columns, width in ((80, 26), (200, 40)):
        rows = show(monkeypatch, [make_entry("x")], columns, week=True, terminal=False, days=3)
        assert [len(part) for part in rows[1].split("┼")] == [width] * 3


def test_the_network_goes_before_the_title(monkeypatch: pytest.MonkeyPatch) -> None:
    """The narrower the terminal, the less of the network there is; then the title is cut, and the calendar stays."""
    entries = [make_entry(TITLES[0], calendars=("Anna", "Ben"))]
    seen = {}
    for columns in (120, 50, 40, 30):
        (row,) = show(monkeypatch, entries, columns, names=True)[1:]
        row = strip_styles(row)
        assert "Ann" in row
        seen[columns] = (TITLES[0] in row, "A Network of Some Length" in row, "A Net" in row)
    assert seen == {
        120: (True, True, True),
        50: (True, False, False),
        40: (False, False, False),
        30: (False, False, False),
    }
    (row,) = show(monkeypatch, entries, 70, names=True)[1:]
    assert TITLES[0] in row
    assert "A Network of Some …" in row


@pytest.mark.parametrize("columns", [1, 10, 20])
def test_a_terminal_without_room_cuts_titles_all_the_same(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    """The few letters that are left are the first ones."""
    rows = show(monkeypatch, [make_entry(TITLES[0], calendars=("Anna", "Ben"))], columns, names=True)
    assert "  Sever…  " in strip_styles(rows[1])


def test_a_pipe_gets_whole_titles_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a program reads is not cut, and has neither styles nor marks of direction."""
    entries = [make_entry(title, NOW + timedelta(hours=hour)) for hour, title in enumerate(TITLES)]
    text = "\n".join(show(monkeypatch, entries, 40, terminal=False))
    assert all(title in text for title in TITLES)
    assert "\x1b" not in text
    assert text == text.translate(ISOLATES)


def test_text_from_right_to_left_stands_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal it is isolated, so that it cannot turn its neighbors; its own marks are taken out."""
    rows = show(monkeypatch, [make_entry("\u202eevil\u2069 שלום")], 80)
    assert "\u2068evil שלום\u2069" in rows[1]
    assert "\u202e" not in rows[1]
    assert "\u2068" not in show(monkeypatch, [make_entry("left")], 80)[1]


def test_colors_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR leaves bold and dim; a pipe has neither."""
    entries = [make_entry("x")]
    plain = "".join(show(monkeypatch, entries, 80, week=True))
    assert "\x1b[1" in plain
    assert "36m" not in plain
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "36m" in "".join(show(monkeypatch, entries, 80, week=True))
    assert "\x1b" not in "".join(show(monkeypatch, entries, 80, week=True, terminal=False))


def test_only_what_was_watched_is_dim(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the picture of the week the lines between the days are dim, and the titles are not."""
    rows = show(monkeypatch, [make_entry("The title")], 120, week=True)
    row = next(row for row in rows if "The title" in row)
    assert not re.search(r"\x1b\[2m[^\x1b]*The title", row)


def test_whole_days_are_first_in_their_column(monkeypatch: pytest.MonkeyPatch) -> None:
    """`all day` stands where the others have their hour."""
    day = date(2026, 4, 20)
    entries = [make_entry("whole", day), make_entry("hour", datetime(2026, 4, 20, 1, tzinfo=UTC))]
    rows = show(monkeypatch, entries, 120, week=True, terminal=False)
    cells = [row.split("│")[2] for row in rows[2:]]
    assert [cell.split()[0] for cell in cells if cell.strip()] == ["all", "whole", "01:00", "hour"]
