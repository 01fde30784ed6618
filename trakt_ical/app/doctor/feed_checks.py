"""Fetches a feed at its public address, as a calendar program does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import requests

from trakt_ical.app.context import App
from trakt_ical.app.doctor.finding import Finding, make_failure, make_warning
from trakt_ical.app.feeds import find_feed_url
from trakt_ical.errors import Unreachable
from trakt_ical.http import is_loopback

PATIENCE = 10  # seconds
LOOK = {"Sec-Fetch-Mode": "navigate"}
REMEDY = "Is trakt-ical serve running, and does your proxy lead there? See docs/serving.md"


def check_public_feed(app: App) -> Iterator[Finding]:
    """Fetch the first feed of *app* at `public_url`, where that is set. Its secret is in no finding."""
    public = app.settings.public_url.rstrip("/")
    if not public or not app.folders.feed.is_dir():
        return
    title = app.calendars[0].title
    try:
        # Like a program of somebody else's: without our proxies' exceptions, without credentials, without a cache.
        # The field says that a person looks, so that the page does not take us for a subscriber.
        with requests.get(find_feed_url(app, title), headers=LOOK, timeout=PATIENCE, stream=True) as answer:
            status, kind, begin = answer.status_code, answer.headers.get("Content-Type", ""), answer.raw.read(64, True)
    except requests.RequestException as error:
        fault = Unreachable(f"{public} cannot be reached from here ({type(error).__name__}).")
        yield make_failure("feed", fault, REMEDY)
        return
    if status != 200 or not begin.startswith(b"BEGIN:VCALENDAR"):
        fault = Unreachable(f"{public} answers with status {status}, and not with a calendar.")
        yield make_failure("feed", fault, REMEDY)
        return
    if not kind.startswith("text/calendar"):
        message = f"{public} sends the calendar as {kind or 'nothing'}."
        yield make_warning("feed", message, "Configure the proxy to keep Content-Type as it is.")
    elif public.startswith("http:") and not is_loopback(urlsplit(public).hostname or ""):
        yield make_warning("feed", f"{public} is not encrypted, and its addresses are secret.", "Use https.")
    else:
        yield Finding(subject="feed", message=f"{public} serves the calendar {title}.")
    if app.settings.metrics_from:
        yield from _check_public_metrics(public)


def _check_public_metrics(public: str) -> Iterator[Finding]:
    """Warn where the metrics, which are for whoever runs the service, can be read by all the world."""
    with (
        suppress(requests.RequestException),
        requests.get(f"{public}/metrics", timeout=PATIENCE, stream=True) as answer,
    ):
        if answer.status_code == 200:
            message, remedy = f"Everybody can read {public}/metrics.", "Let your proxy send X-Forwarded-For."
            yield make_warning("feed", message, remedy)
