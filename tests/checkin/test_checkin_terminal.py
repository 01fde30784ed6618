"""`checkin` in a real terminal: a process of its own, whose input and error output are a pty."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.demos import Demo
from trakt_ical.trakt.token import Token, TokenFile

pty = pytest.importorskip("pty", reason="no terminals of Unix")


@pytest.fixture
def environ(tmp_path: Path, home: Path) -> Iterator[dict[str, str]]:
    """The settings of a login at a built-in Trakt that goes by the machine's clock."""
    with Demo() as demo:
        TokenFile(tmp_path / "token.json").save(msgspec.convert(demo.grant(), Token))
        named = {"API_URL": demo.url, "CLIENT_ID": demo.client_id, "TOKEN_FILE": str(tmp_path / "token.json")}
        yield {**os.environ, **{f"TRAKT_ICAL_{name}": value for name, value in named.items()}}


BY_TERMINAL = """
import fcntl
import runpy
import signal
import termios

fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # so that Ctrl-C reaches it
signal.signal(signal.SIGINT, signal.default_int_handler)  # nohup and some CI start everything with it ignored
runpy.run_module("trakt_ical", run_name="__main__", alter_sys=True)
"""
LONGEST = 60  # seconds without a word, after which it is given up
PAUSE = 0.3  # seconds without a word, after which a question is answered


def run_typed(environ: dict[str, str], words: str, question: str = "", keys: str = "") -> tuple[int, str]:
    """The exit status of `trakt-ical checkin` with *words* and what it wrote; *keys* are typed at *question*.

    They are typed as by a person: not within the microseconds between the question and the read that waits for its
    answer, in which Python hears of Ctrl-C only after that read.
    """
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", BY_TERMINAL, "checkin", *words.split()],
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env=environ,
        start_new_session=True,
    )
    os.close(theirs)
    written = b""
    with contextlib.suppress(OSError):  # so Linux tells that the other end is closed
        while True:
            asked = keys and question.encode() in written
            if select.select([ours], [], [], PAUSE if asked else LONGEST)[0]:
                if not (part := os.read(ours, 4096)):
                    break
                written += part
            elif asked:
                os.write(ours, keys.encode())
                keys = ""
            else:
                break
    os.close(ours)  # which ends who still waits there
    return process.wait(LONGEST), written.decode()


def test_a_terminal_is_asked_and_answers(environ: dict[str, str]) -> None:
    """Ambiguous titles are a choice, a running check-in a question, and what is typed is what happens."""
    status, written = run_typed(environ, "the long shift 2x01", "Which [1]: ", "2\n")
    assert (status, "  1  The Long Shift (20" in written) == (0, True)
    assert "Checked in to The Long Shift 2x01" in written
    assert run_typed(environ, "tea 2x01", "[leave]: ", "leave\n")[0] == 7
    status, written = run_typed(environ, "tea 2x01", "[leave]: ", "replace\n")
    assert (status, "Checked in to Tea & Trespass 2x01" in written) == (0, True)


def test_ctrl_c_leaves_everything_as_it_is(environ: dict[str, str]) -> None:
    """Ctrl-C at a question is exit 130, and nothing was sent."""
    status, written = run_typed(environ, "the long shift 2x01", "Which [1]: ", "\x03")
    assert (status, "Interrupted." in written) == (130, True)
    assert run_typed(environ, "tea 2x01")[0] == 0  # nothing else was running
