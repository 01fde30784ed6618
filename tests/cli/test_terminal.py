"""What a person sees on a terminal: notes, a progress bar, and nothing that steers the terminal."""

from __future__ import annotations

import io
from contextlib import redirect_stderr

import pytest

from trakt_ical.cli.terminal import show_progress, write_live, write_note


class Terminal(io.StringIO):
    """A stderr that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal() -> Terminal:
    """A terminal to redirect stderr to; pytest would replace what a fixture puts into `sys.stderr`."""
    return Terminal()


def render(written: str) -> list[str]:
    """The rows that *written* leaves on a terminal; the last one is where the cursor is."""
    rows = [""]
    for part in written.replace("\r\x1b[K", "\0").replace("\n", "\n\1").replace("\0", "\n\0").split("\n"):
        if part.startswith("\0"):
            rows[-1] = part[1:]
        elif part.startswith("\1"):
            rows.append(part[1:])
        else:
            rows[-1] += part
    return rows


def test_a_warning_stands_above_the_bar(terminal: Terminal) -> None:
    """A note while the bar is shown is a whole line of its own, and the bar goes on below it."""
    with redirect_stderr(terminal), show_progress("Asking Trakt", visible=True) as update:
        update(1, 4)
        write_note("Warning: first")
        update(2, 4)
        write_note("Warning: second")
        rows = render(terminal.getvalue())
        assert rows[:2] == ["Warning: first", "Warning: second"]
        assert "2 of 4" in rows[2]
    assert render(terminal.getvalue()) == ["Warning: first", "Warning: second", ""]


def test_no_bar_before_the_first_answer(terminal: Terminal) -> None:
    """An error before anything is done, such as a missing login, never meets a bar."""
    with redirect_stderr(terminal), show_progress("Asking Trakt", visible=True) as update:
        update(0, 4)
        write_note("Error: Not logged in.")
    assert "Asking" not in terminal.getvalue()


def test_no_bar_where_it_is_not_wanted(terminal: Terminal) -> None:
    """A bar that is not visible writes nothing, nor does one where stderr is no terminal."""
    with redirect_stderr(terminal), show_progress("Asking Trakt", visible=False) as update:
        update(1, 4)
    plain = io.StringIO()
    with redirect_stderr(plain), show_progress("Asking Trakt", visible=True) as update:
        update(1, 4)
    assert "Asking" not in terminal.getvalue() + plain.getvalue()


def test_the_live_line_never_wraps(terminal: Terminal) -> None:
    """A text wider than the terminal is cut: the rest would stay when the line is replaced."""
    with redirect_stderr(terminal):
        write_live("x" * 500)
        assert len(render(terminal.getvalue())[-1]) == 79
        write_live("")


def test_a_note_is_one_line_without_controls(terminal: Terminal) -> None:
    """Control characters and line breaks of a title do not reach the terminal."""
    with redirect_stderr(terminal):
        write_note("\x1b]0;owned\x07A\nError: B\x9b1m")
    assert terminal.getvalue() == "]0;ownedA Error: B1m\n"
