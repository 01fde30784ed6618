"""Check-ins of tests: what Trakt was asked, and what it says is running."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from html import unescape
from typing import Any

import icalendar
import requests
from click.testing import Result

from tests.conftest import Clock, Line
from tests.feeds import RunningFeed
from trakt_ical.demo import Request

HARBOR = ("harbor", "nine", "10x08")
OTHER = ("tea", "15x01")
PUBLIC = "https://calendar.example/trakt"
SLOW_FERRY = "the-slow-ferry"  # which is on all day long


class CheckInLine:
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

    def read_status(self) -> str:
        """What `checkin --status` says is running, without until when."""
        return self("--status").stdout.strip().removesuffix(".").partition(", until")[0]

    def list_requests(self) -> list[str]:
        """Every request so far, with its method, but for those of --status."""
        return [f"{each.method} {each.path}" for each in self.demo.requests if "watching" not in each.path]

    def list_posts(self) -> list[Request]:
        """The POSTs that check in."""
        return [
            each for each in self.demo.requests if each.method == "POST" and each.path.rstrip("/").count("/checkin")
        ]

    def list_bodies(self) -> list[dict[str, Any]]:
        """What they carried."""
        return [json.loads(each.body) for each in self.list_posts()]

    def count_cancels(self) -> int:
        """How often a check-in was ended."""
        return count_cancels(self.line)


def hold_long_waits(clock: Clock, over: threading.Event) -> Callable[[float], None]:
    """A sleep by *clock* that lasts, where it is of a minute or more, until *over* is set."""
    sleep = clock.sleep

    def sleep_when_over(seconds: float) -> None:
        assert seconds < 60 or over.wait(60)
        sleep(seconds)

    return sleep_when_over


def load_events(running: RunningFeed) -> dict[str, icalendar.Event]:
    """The events that the feed serves, by UID."""
    calendar = icalendar.Calendar.from_ical(running.get().content)
    return {str(event["UID"]): event for event in calendar.events}


def find_link(running: RunningFeed, event: icalendar.Event) -> str:
    """The link of *event*, at the port where the feed listens."""
    found = re.search(rf"Check in: {re.escape(PUBLIC)}(/check-in/\S+)", str(event["DESCRIPTION"]))
    assert found
    return running.base + found[1]


def list_begun(running: RunningFeed) -> list[icalendar.Event]:
    """The episodes that have begun, the latest first."""
    timed = [each for each in load_events(running).values() if hasattr(each.DTSTART, "hour")]
    found = [each for each in timed if running.clock.now >= each.DTSTART]
    return sorted(found, key=lambda event: event.DTSTART, reverse=True)


def count_check_ins(line: Line) -> int:
    """How many POSTs of a check-in reached Trakt."""
    return sum(seen.method == "POST" and "checkin" in seen.path for seen in line.demo.requests)


def count_cancels(line: Line) -> int:
    """How many requests that end a check-in reached Trakt."""
    return sum(seen.method == "DELETE" or "cancelcheckin" in seen.path for seen in line.demo.requests)


def read_form_token(page: requests.Response) -> str:
    """The token of the form on *page*, a page of a check-in link."""
    found = re.search(r'name="once" value="([^"]+)"', page.text)
    assert found, page.text
    return unescape(found[1])


def post_form(url: str, token: str, choice: str = "check-in") -> requests.Response:
    """The answer of the link *url* to a form with *token*, sent by the button for *choice*."""
    return requests.post(url, data={"once": token, "choice": choice}, timeout=60)
