"""A calendar program in a browser: a page of FullCalendar, at an origin of its own, reads the feed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.feeds import RunningFeed
from tests.server import Reply, Request, run_server
from trakt_ical.export.stored_calendar import parse_calendar, read_summary

SCRIPTS = (
    "ical.js/build/ical.min.js",
    "fullcalendar/index.global.min.js",
    "@fullcalendar/icalendar/index.global.min.js",
)
PAGE = """<!doctype html><meta charset="utf-8"><title>Calendar</title><div id="calendar"></div>
{scripts}
<script>
new FullCalendar.Calendar(document.getElementById('calendar'), {{
  timeZone: 'UTC', initialView: 'listMonth', initialDate: '2026-04-18',
  events: {{ url: {url!r}, format: 'ics' }},
  eventSourceFailure: error => {{ document.title = 'Failed: ' + error.message }},
  eventsSet: events => {{ if (events.length) document.title = events.length + ' events' }},
}}).render();
fetch({page!r}).then(() => {{ window.page = 'open' }}, () => {{ window.page = 'closed' }});
</script>
"""


@pytest.fixture
def modules(judges: Path) -> Path:
    """The folder of FullCalendar and what it needs, beside the judges."""
    folder = judges / "fullcalendar" / "node_modules"
    if not all((folder / script).is_file() for script in SCRIPTS):
        pytest.skip(f"no FullCalendar in {folder}: .ci/run says how to install it")
    return folder


def test_fullcalendar_reads_the_feed_from_another_origin(running: RunningFeed, modules: Path, browser: Any) -> None:
    """Each airing of the month is on the page; the feed's own page stays closed to that origin."""

    def answer(request: Request) -> Reply:
        if request.path == "/":
            scripts = "\n".join(f'<script src="/{script}"></script>' for script in SCRIPTS)
            document = PAGE.format(scripts=scripts, url=running.url, page=running.page)
            return Reply(document.encode(), headers={"Content-Type": "text/html"})
        if request.path[1:] in SCRIPTS:
            return Reply((modules / request.path[1:]).read_bytes(), headers={"Content-Type": "text/javascript"})
        return Reply(b"", status=404)

    stored = parse_calendar(running.get().content)
    april = [event for event in stored.events.values() if event.start.startswith("202604")]
    with run_server(answer) as (base, _):
        profile = browser.new_context(timezone_id="UTC", locale="en-GB")
        tab = profile.new_page()
        try:
            tab.goto(base + "/")
            tab.wait_for_function("document.title != 'Calendar' && window.page", timeout=20_000)
            assert tab.title().endswith(" events")
            shown = tab.locator(".fc-list-event-title").all_inner_texts()
            assert sorted(set(shown)) == sorted({" ".join(read_summary(event.octets).split()) for event in april})
            assert tab.evaluate("window.page") == "closed"
        finally:
            profile.close()
