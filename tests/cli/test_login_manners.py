"""What `login` says and does around the code: before it, in terminals of all kinds, and after it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import Line
from tests.demos import Demo, make_environ
from trakt_ical.demo.faults import Fault

pty = pytest.importorskip("pty", reason="no terminals of Unix")


def show_code(environ: dict[str, str], *words: str) -> str:
    """What `login` writes to a terminal of 24 rows of 80 columns until it waits for the code."""
    import fcntl
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "trakt_ical", "login", *words], stdin=theirs, stdout=theirs, stderr=theirs, env=environ
    )
    os.close(theirs)
    written = b""
    while b"left" not in written and (part := os.read(ours, 4096)):
        written += part
    process.terminate()
    process.wait(60)
    os.close(ours)
    return written.decode()


def wait_for(path: Path) -> None:
    """Wait until another process has written *path*."""
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"nobody wrote {path}"
        time.sleep(0.01)


@pytest.fixture
def environ(tmp_path: Path, home: Path) -> dict[str, str]:
    """An environment with a recording `xdg-open`, and no display."""
    opener = tmp_path / "bin" / "xdg-open"
    opener.parent.mkdir()
    part, whole = tmp_path / "opening", tmp_path / "opened"
    opener.write_text(f"#!/bin/sh\necho noise; echo noise >&2; echo $1 > {part}; mv {part} {whole}\n")
    opener.chmod(0o755)
    path = f"{opener.parent}:{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return kept | {"PATH": path, "TERM": "xterm-256color", "PYTHONUTF8": "1"}


def test_the_qr_code_is_drawn_where_the_terminal_shows_it(environ: dict[str, str]) -> None:
    """A terminal gets the code, a dumb one the address alone, --qr all the same."""
    with Demo() as demo:
        environ = environ | make_environ(demo)
        assert "█" in show_code(environ)
        plain = show_code(environ | {"TERM": "dumb"})
        assert "█" not in plain
        assert "/activate" in plain
        assert "█" in show_code(environ | {"TERM": "dumb"}, "--qr")


def test_a_browser_opens_only_with_a_window_and_in_silence(environ: dict[str, str], tmp_path: Path) -> None:
    """Without a display nothing is opened; with one, what the browser writes stays out of the terminal."""
    with Demo() as demo:
        environ = environ | make_environ(demo)
        show_code(environ)
        assert not (tmp_path / "opened").exists()
        assert "noise" not in show_code(environ | {"DISPLAY": ":0"})
        wait_for(tmp_path / "opened")  # login does not wait for what it starts
        assert (tmp_path / "opened").read_text().startswith("http")


def test_a_token_from_standard_input_is_kept_if_trakt_accepts_it(line: Line, demo: Demo, tmp_path: Path) -> None:
    """--with-token keeps a token that works and says what comes next; one that Trakt refuses changes nothing."""
    token_file = tmp_path / "token.json"
    token_file.unlink()
    result = line("login", "--with-token", typed=json.dumps(demo.grant()))
    assert result.exit_code == 0
    assert "demo" in result.stderr
    assert "trakt-ical export" in result.stderr
    kept = token_file.read_bytes()
    demo.misbehave(Fault(path="/users/settings", status=401))
    assert line("login", "--with-token", typed=json.dumps(demo.grant())).exit_code == 4
    assert line("login", "--with-token", typed="secret").exit_code == 3
    assert token_file.read_bytes() == kept
