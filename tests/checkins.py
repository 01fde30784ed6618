"""Check-ins of tests: what Trakt was asked, and what it says is running."""

from __future__ import annotations

import json
from typing import Any

from click.testing import Result

from tests.conftest import Line
from trakt_ical.demo.answer import Seen

HARBOR = ("harbor", "nine", "10x08")
OTHER = ("tea", "15x01")
SLOW_FERRY = "the-slow-ferry"  # which is on all day long


class Desk:
    """The command `checkin` over one API."""

    def __init__(self, line: Line, api: str) -> None:
        self.line = line
        self.api = api
        self.demo = line.demo
        self.clock = line.clock

    def __call__(self, *words: str, typed: str | None = None, environ: dict[str, str] | None = None) -> Result:
        """Run `trakt-ical checkin` with *words*."""
        return self.line("checkin", "--api", self.api, *words, typed=typed, environ=environ)

    def export(self) -> None:
        """Read the calendar, so that its answers are kept."""
        assert self.line("export", "--api", self.api).exit_code == 0

    def status(self) -> str:
        """What `checkin --status` says is running, without until when."""
        return self("--status").stdout.strip().removesuffix(".").partition(", until")[0]

    def asked(self) -> list[str]:
        """Every request so far, with its method, but for those of --status."""
        return [f"{each.method} {each.path}" for each in self.demo.requests if "watching" not in each.path]

    def posts(self) -> list[Seen]:
        """The POSTs that check in."""
        return [
            each for each in self.demo.requests if each.method == "POST" and each.path.rstrip("/").count("/checkin")
        ]

    def bodies(self) -> list[dict[str, Any]]:
        """What they carried."""
        return [json.loads(each.body) for each in self.posts()]

    def cancels(self) -> int:
        """How often a check-in was ended."""
        return sum(each.method == "DELETE" or "cancelcheckin" in each.path for each in self.demo.requests)
