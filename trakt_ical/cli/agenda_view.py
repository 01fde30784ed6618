"""How the agenda looks on a terminal: a table for each day, or the days of a week beside each other."""

from __future__ import annotations

import io
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta, tzinfo
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from trakt_ical.cli.dates import DateFormat
from trakt_ical.cli.terminal import strip_controls, write_data
from trakt_ical.model import reads_as_whole_day

if TYPE_CHECKING:
    from trakt_ical.app.agenda import AgendaEntry

NARROWEST_WEEK = 80  # columns; with fewer, a day of seven would have no room for words
WIDEST = 10_000  # columns, where stdout is no terminal: nothing is cut
IN_LINE = 60  # columns; a longer title widens only the table of its own day
WIDEST_DAY = 40  # columns
LEAST = 6  # columns; cut to less, a network says nothing
GAP = "  "
DAYS = 7
MOST_ROWS = 3  # of a title in a day of the week
ON, WATCHED = "▶", "✓"
# A terminal that reorders text from right to left would mix up the columns of a row, unless the text stands alone.
ISOLATE, END_OF_ISOLATE = "\u2068", "\u2069"
_DIRECTIONS = str.maketrans("", "", "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def find_columns() -> int:
    """Return the width of the terminal, also where stdout is a pipe: a person may look at what comes out of it."""
    return Console().width


class AgendaView:
    """Prints an agenda by the clock of *zone*; the names of calendars only where *names_calendars*."""

    def __init__(self, zone: tzinfo, now: datetime, *, names_calendars: bool) -> None:
        self._zone = zone
        self._today = now.astimezone(zone).date()
        self._names_calendars = names_calendars
        self._dates = DateFormat.of_user()
        self._is_terminal = sys.stdout is not None and sys.stdout.isatty()
        self._buffer = io.StringIO()
        self._console = Console(file=self._buffer, force_terminal=self._is_terminal, highlight=False)

    def print_days(self, entries: Sequence[AgendaEntry]) -> None:
        """Print one table for each day. What is too long for the terminal is cut: first the network, then the title."""
        width = self._console.width if self._is_terminal else WIDEST
        hours = self._dates.width + 3
        names = max((cell_len(_join_names(entry)) for entry in entries), default=0) if self._names_calendars else 0
        names = min(names, max(width // 5, LEAST))
        room = max(width - hours - len(GAP) - (names + len(GAP) if names else 0), LEAST)
        usual = min(max(cell_len(_clean(entry.event.summary)) for entry in entries), room, width // 2, IN_LINE)
        for day, its in groupby(entries, key=lambda entry: entry.day):
            rows = list(its)
            longest = max(cell_len(_clean(entry.event.summary)) for entry in rows)
            title = min(max(usual, longest), room)
            network = room - title - len(GAP)
            self._add(Text(self._name_day(day), style="bold"))
            for entry in rows:
                cells = [_make_cell(entry.event.summary, title)]
                if names:
                    cells.append(_make_cell(_join_names(entry), names, style="dim"))
                if network >= LEAST:
                    cells.append(_make_cell(entry.network, network, style="dim", is_last=True))
                row = Text(f"{_mark(entry) or ' '}{GAP}{self._find_hour(entry):{self._dates.width}}", end="")
                self._add(Text(GAP).join([row, *cells]), style=_find_style(entry))
        self._write()

    def print_weeks(self, entries: Iterable[AgendaEntry], days: int) -> None:
        """Print *days* days from today on, seven beside each other. What began earlier and is on stands under today."""
        columns: dict[date, list[AgendaEntry]] = {self._today + timedelta(days=number): [] for number in range(days)}
        for entry in entries:
            columns[max(entry.day, self._today)].append(entry)
        for first in range(0, days, DAYS):
            if first:
                self._add(Text(""))
            self._add_week({day: columns[day] for day in list(columns)[first : first + DAYS]}, min(days, DAYS))
        self._write()

    def _add_week(self, week: dict[date, list[AgendaEntry]], most: int) -> None:
        """Add the picture of *week*, in columns of which the terminal has room for *most*."""
        width = min((self._console.width - most + 1) // most, WIDEST_DAY)
        heads = [_make_cell(self._name_column(day, width), width, style=self._style_day(day)) for day in week]
        bar = Text.assemble(("│", "dim"))  # a style of the text itself would be that of all that it joins
        self._add(bar.join(heads))
        # Today has a heavy line: bold letters are not to be seen everywhere.
        rules = [Text("━" * width if day == self._today else "─" * width) for day in week]
        self._add(Text("┼").join(rules), style="dim")
        blank = Text(" " * width)
        for row in zip_longest(*(list(self._list_rows(its, width)) for its in week.values()), fillvalue=blank):
            self._add(bar.join(row))

    def _list_rows(self, entries: Iterable[AgendaEntry], width: int) -> Iterator[Text]:
        """Yield the rows of one day: for each entry its hour, its title, and whose calendar has it."""
        for number, entry in enumerate(entries):
            if number:
                yield Text(" " * width)
            style = _find_style(entry)
            hour = f"{self._find_hour(entry).strip() or 'all day'} {_mark(entry)}".rstrip()
            if width - cell_len(hour) > LEAST and entry.network:
                hour += f" {_clean(entry.network)}"
            yield _make_cell(hour, width, style=style or "cyan")
            lines = Text(_clean(entry.event.summary)).wrap(self._console, width, overflow="fold")
            for line in lines[: MOST_ROWS - 1]:
                yield _make_cell(line.plain, width, style=style)
            if len(lines) >= MOST_ROWS:
                yield _make_cell(" ".join(line.plain.strip() for line in lines[MOST_ROWS - 1 :]), width, style=style)
            if self._names_calendars:
                yield _make_cell(_join_names(entry), width, style="dim")

    def _name_day(self, day: date) -> str:
        near = {0: "Today, ", 1: "Tomorrow, ", -1: "Yesterday, "}.get((day - self._today).days, "")
        return near + self._dates.format_day(day)

    def _name_column(self, day: date, width: int) -> str:
        """Return the heading of *day* in the week: as much of it as *width* has room for."""
        name = "Today" if day == self._today else f"{day:%a}"
        long, short = f"{name} {self._dates.format_date(day)}", f"{name} {day.day}"
        return long if cell_len(long) <= width else short

    def _style_day(self, day: date) -> str:
        return "bold reverse" if day == self._today else "bold"

    def _find_hour(self, entry: AgendaEntry) -> str:
        """Return when *entry* starts, "" where it reads as a whole day."""
        start = entry.event.start
        if not isinstance(start, datetime) or reads_as_whole_day(start, entry.event.end):
            return ""
        return self._dates.format_hour(start.astimezone(self._zone))

    def _add(self, row: Text, style: str = "") -> None:
        row.rstrip()
        # The row has its width already: rich must neither wrap nor cut it.
        self._console.print(row, style=style, soft_wrap=True)

    def _write(self) -> None:
        text = self._buffer.getvalue()
        if not self._is_terminal:
            text = text.replace(ISOLATE, "").replace(END_OF_ISOLATE, "")
        write_data(text.encode(errors="replace"))


def _make_cell(text: str, width: int, *, style: str = "", is_last: bool = False) -> Text:
    """Return *text* as a cell of *width* columns, cut with … where it is longer."""
    cell = Text(_clean(text).rstrip(), style=style, end="")
    cell.truncate(width, overflow="ellipsis")
    padding = 0 if is_last else width - cell.cell_len
    if any(unicodedata.bidirectional(each) in ("R", "AL", "AN") for each in cell.plain):
        cell = Text(f"{ISOLATE}{cell.plain}{END_OF_ISOLATE}", style=style, end="")
    cell.append(" " * padding)
    return cell


def _clean(text: str) -> str:
    """Return *text* as one line that neither moves the cursor nor turns the direction of what follows."""
    return strip_controls(text).replace("\t", " ").translate(_DIRECTIONS)


def _join_names(entry: AgendaEntry) -> str:
    return _clean(", ".join(entry.calendars))


def _mark(entry: AgendaEntry) -> str:
    return ON if entry.on else WATCHED if entry.watched else ""


def _find_style(entry: AgendaEntry) -> str:
    return "bold green" if entry.on else "dim" if entry.watched else ""
