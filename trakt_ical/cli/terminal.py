"""Writes to the user: notes to stderr, data to stdout, and nothing that a terminal would obey."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator

import click

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Control characters except TAB and LF: a title from the network must not move the cursor or rename the window."""
_ERASE = "\r\x1b[K"
_BAR = 30  # columns

_lock = threading.Lock()  # warnings come from the threads that fetch
_live = ""  # the text of the live line, "" where there is none


def write_note(text: str) -> None:
    """Write *text* to stderr as one line, above the live line. A stderr that is closed or full costs nothing else."""
    # In one write: between two of them another thread's line, or another process's, could come.
    with _lock:
        _echo(f"{_ERASE if _live else ''}{strip_controls(text)}\n{_live}")


def write_live(text: str) -> None:
    """Show *text* on a line that the next text replaces; "" removes it. Does nothing where stderr is no terminal."""
    global _live
    if not is_terminal() or text == _live:
        return
    with _lock:
        # A line that wraps could not be erased: the cursor moves back one row only.
        _live = strip_controls(text)[: _get_columns() - 1]
        _echo(_ERASE + _live)


@contextlib.contextmanager
def show_progress(label: str, *, visible: bool, unit: str = "") -> Iterator[Callable[..., None]]:
    """Give a function that shows a bar for *done* of *total*, *of* whom; the bar leaves the terminal at the end.

    With a *unit*, the line says what is counted: `TVmaze: 12 of 46 shows`. Nothing is shown unless it is *visible*. The
    bar appears when the first part is done: an error of login or settings comes before that, and stands alone.
    """

    def update(done: int, total: int, *, of: str = "") -> None:
        if done and visible:
            filled = _BAR * done // max(total, 1)
            bar, count = f"[{'#' * filled}{'-' * (_BAR - filled)}]", f"{done} of {total}"
            write_live(f"{label}{of}: {count} {unit} {bar}" if unit else f"{label}{of} {bar} {count}")

    try:
        yield update
    finally:
        write_live("")


def _echo(text: str) -> None:
    try:
        click.echo(text, nl=False, err=True)
    except OSError:
        sys.stderr = None  # the interpreter would try to flush it when it ends, and change the exit status


def _get_columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def write_data(octets: bytes) -> None:
    """Write *octets* to stdout, or to nobody where its reader has read enough, as `head` has. Raises OutputError."""
    from trakt_ical.errors import OutputError

    try:
        if sys.stdout is None:
            raise OutputError("Standard output is closed.")
        sys.stdout.buffer.write(octets)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # The command goes on: what it does besides writing, and its exit status, matter all the same.
        with open(os.devnull, "wb") as nobody:
            os.dup2(nobody.fileno(), sys.stdout.fileno())
    except OSError as error:
        sys.stdout = None  # the interpreter would try to flush it again, and fail again
        raise OutputError(describe_stdout_error(error)) from error


def describe_stdout_error(error: OSError) -> str:
    """Return the message for *error*, with which writing to stdout failed."""
    if error.errno == errno.EBADF:
        return "Standard output is closed."
    return f"The output could not be written to standard output: {error.strerror}."


def describe_system_error(error: OSError | RuntimeError) -> str:
    """Return the message for *error* of the system: a file that cannot be used, or no thread left."""
    if isinstance(error, RuntimeError):
        return "This computer has no thread left for the program. End other programs, or raise the limit of processes."
    where = f" ({error.filename})" if error.filename else ""
    return f"The system reports: {error.strerror or error}{where}."


def write_line(text: str) -> None:
    """Write one line of data to stdout. Raises OutputError."""
    write_data((_CONTROLS.sub("", text) + "\n").encode(errors="replace"))


def strip_controls(text: str) -> str:
    """Return *text* as one line without anything that a terminal would obey."""
    return _CONTROLS.sub("", " ".join(text.split("\n")))


def is_terminal() -> bool:
    """Whether stderr is a terminal, so that a person may be looking at it."""
    return sys.stderr is not None and sys.stderr.isatty()
