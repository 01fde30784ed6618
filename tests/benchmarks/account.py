"""A user who is logged in at a server of ready answers, with a home folder that is used once."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

WEEK = 604_800  # seconds; how long a token of Trakt is good for


@contextlib.contextmanager
def make_home(url: str = "http://127.0.0.1:9") -> Iterator[dict[str, str]]:
    """An environment without settings of the machine: a new home with a login at *url*, no calendar, no cache.

    The calendar is written to `TRAKT_ICAL_OUTPUT`. Afterwards all of it is gone.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        token = {"access_token": "a", "refresh_token": "r", "created_at": int(time.time()), "expires_in": WEEK}
        (folder / "token.json").write_text(json.dumps(token | {"username": "bench"}), encoding="utf-8")
        homes = ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
        yield {
            "PATH": os.environ.get("PATH", os.defpath),
            **dict.fromkeys(homes, name),
            "TRAKT_ICAL_API_URL": url,
            "TRAKT_ICAL_CLIENT_ID": "bench",
            "TRAKT_ICAL_TOKEN_FILE": str(folder / "token.json"),
            "TRAKT_ICAL_OUTPUT": str(folder / "trakt.ics"),
            "TRAKT_ICAL_TIMEZONE": "UTC",
        }
