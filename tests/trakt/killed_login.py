"""Kills a renewal or a login at its first, second, third … system call, each in a process of its own.

usage: killed_login.py renew|login URL CLIENT_ID FOLDER. FOLDER/0, FOLDER/1 … hold a token file each. For each kill one
line of JSON is printed, until a run gets through: its *number*, the exit *status*, and whether Trakt was *asked*.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from trakt_ical.app.context import open_app
from trakt_ical.app.environment import Environment
from trakt_ical.app.login import log_in
from trakt_ical.app.open_source import make_token_signer
from trakt_ical.trakt.token import Token

CALLS = {
    os: ("open", "write", "close", "fsync", "chmod", "replace", "unlink", "lseek", "ftruncate", "mkdir", "listdir"),
    socket.socket: ("connect", "sendall", "recv_into"),
    tempfile: ("mkstemp",),
}
KILLED = 9


def main(job: str, url: str, client_id: str, folder: Path) -> None:
    """Kill later and later, until a run gets through."""
    new = json.loads((folder / "new.json").read_text())
    settings = {"API_URL": url, "AUTH_URL": url, "CLIENT_ID": client_id}
    for number in range(200):
        environ = {f"TRAKT_ICAL_{name}": value for name, value in settings.items()}
        environ["TRAKT_ICAL_TOKEN_FILE"] = str(folder / str(number) / "token.json")
        asked = folder / str(number) / "asked"
        child = os.fork()
        if child == 0:
            kill_at(number, asked)
            try:
                with open_app({}, demo=False, environment=Environment(environ=environ)) as app:
                    if job == "login":
                        log_in(app, msgspec.convert(new[number], Token))
                    else:
                        make_token_signer(app).load_token()
                os._exit(0)
            except BaseException as error:
                sys.stderr.write(f"{error!r}\n")
                sys.stderr.flush()
                os._exit(1)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(json.dumps({"number": number, "status": status, "asked": asked.exists()}) + "\n")
        sys.stdout.flush()
        if status != KILLED:
            return


def kill_at(number: int, asked: Path) -> None:
    """End this process at its system call *number*; half of what the call should write is written."""
    left = [number]

    def wrap(function: Any, name: str) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            if left[0] == 0:
                if name == "write":
                    function(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
                os._exit(KILLED)
            left[0] -= 1
            if name == "sendall":
                descriptor = real_open(asked, os.O_CREAT | os.O_WRONLY)
                real_close(descriptor)
            return function(*arguments, **named)

        return call

    real_open, real_close = os.open, os.close
    for place, names in CALLS.items():
        for name in names:
            setattr(place, name, wrap(getattr(place, name), name))


main(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]))
