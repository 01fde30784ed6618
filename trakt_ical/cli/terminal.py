"""What is said to the user: notes on stderr, data on stdout, nothing that a terminal would obey."""

from __future__ import annotations

import re
import sys

import click

_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Control characters but TAB and LF: a title from elsewhere must not move the cursor or rename the window."""


def write_note(text: str, *, end: str = "\n") -> None:
    """Say *text* on stderr, as one line. A stderr that is closed or full never costs the work itself."""
    try:
        click.echo(strip_controls(text) + end, nl=False, err=True)
    except OSError:
        sys.stderr = None  # the interpreter would try to flush it at its end, and change the exit status


def write_data(octets: bytes) -> None:
    """Write *octets* to stdout. Raises OutputError where it does not take them all."""
    from trakt_ical.errors import OutputError

    try:
        if sys.stdout is None:
            raise OutputError("Standard output is closed.")
        sys.stdout.buffer.write(octets)
        sys.stdout.buffer.flush()
    except OSError as error:
        sys.stdout = None  # the interpreter would try to flush it again, and fail again
        raise OutputError(f"Standard output did not take it all: {error.strerror}.") from error


def write_line(text: str) -> None:
    """Write one line of data to stdout. Raises OutputError."""
    write_data((_OBEYED.sub("", text) + "\n").encode(errors="replace"))


def strip_controls(text: str) -> str:
    """*text* as one line without anything that a terminal would obey."""
    return _OBEYED.sub("", " ".join(text.split("\n")))


def is_terminal() -> bool:
    """Whether somebody may be looking at stderr."""
    return sys.stderr is not None and sys.stderr.isatty()
