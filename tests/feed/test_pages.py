"""The page for people, as text: what stands where, in which words, and what cannot get in."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from trakt_ical.feed.page import HEADERS, render_page
from trakt_ical.feed.page_content import AiringState, PageAiring, PageCalendar, PageContent, arrange_week
from trakt_ical.feed.subscribe import (
    GOOGLE_BY_URL,
    REACH_HINTS,
    Reach,
    find_reach,
    make_google_url,
    make_outlook_url,
    make_webcal_url,
)

NOW = datetime(2026, 11, 23, 20, 20, tzinfo=UTC)  # a Monday
BERLIN = ZoneInfo("Europe/Berlin")
URL = "https://calendar.example/trakt/c29tZSBzZWNyZXQ/Trakt.ics"
EMPTY_DAY = re.compile(r'</h4><p class="quiet">')
HOSTILE = [
    "</title><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "BEGIN:VEVENT",
    "&amp;&lt;",
    "'; --",
    "\u202eleft to right no more",
    "</script></style><!--",
    "W" * 300,
    "{{ 7 * 7 }}",
]


def make_airing(
    summary: str, start: datetime | date, *, minutes: int | None = 45, cancelled: bool = False
) -> PageAiring:
    if isinstance(start, datetime):
        end = None if minutes is None else start + timedelta(minutes=minutes)
        return PageAiring(summary, summary, start, end, cancelled)
    return PageAiring(summary, summary, start, start + timedelta(days=1), cancelled)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def make_calendar(*airings: PageAiring) -> PageCalendar:
    return PageCalendar("Trakt", URL, NOW - timedelta(minutes=12), "", airings)


def make_content(
    *calendars: PageCalendar, is_public: bool = True, zone: tzinfo = UTC, trouble: str = ""
) -> PageContent:
    return PageContent(calendars, NOW, zone, trouble, is_public)


class Reader(HTMLParser):
    """What a browser makes of a document: its elements and its text, style and script apart."""

    def __init__(self, document: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside: dict[str, list[str]] = {}
        self.open = ""
        self.feed(document.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.open = tag

    def handle_data(self, data: str) -> None:
        self.inside.setdefault(self.open if self.open in ("style", "script", "title") else "text", []).append(data)

    def handle_endtag(self, tag: str) -> None:
        self.open = ""

    @property
    def text(self) -> str:
        """All text, runs of blanks as one."""
        return re.sub(r"\s+", " ", "".join(self.inside["text"]))

    def links(self) -> list[str]:
        """Where the links lead."""
        return [attributes["href"] or "" for tag, attributes in self.elements if tag == "a"]


def read_text(content: PageContent) -> str:
    return Reader(render_page(content)).text


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_from_outside_becomes_markup(text: str) -> None:
    """Titles, names and sentences are shown to the letter, and add no element to the document."""

    def make_page(word: str) -> PageContent:
        events = (
            make_airing(word, NOW),
            make_airing(word, NOW, cancelled=True),
            replace(make_airing(word, NOW), check_in_url="/" + word),
        )
        return make_content(PageCalendar(word, URL, NOW, word, events), make_calendar(), trouble=word)

    plain, hostile = Reader(render_page(make_page("plain"))), Reader(render_page(make_page(text)))
    assert [tag for tag, _ in hostile.elements] == [tag for tag, _ in plain.elements]
    assert [set(each) for _, each in hostile.elements] == [set(each) for _, each in plain.elements]
    assert hostile.text.count(text) == plain.text.count("plain") > 8
    assert hostile.inside["script"] == plain.inside["script"]


def test_the_same_page_gives_the_same_octets() -> None:
    """Nothing in the document is random, so its headers can be constants."""
    one = make_content(make_calendar(make_airing("Dark 1x01", NOW)))
    assert render_page(one) == render_page(one)


def test_style_and_script_are_let_in_by_their_hashes_alone() -> None:
    """The policy forbids everything but the very style and script that the document holds."""
    policy = dict(each.split(" ", 1) for each in HEADERS["Content-Security-Policy"].split("; "))
    document = Reader(render_page(make_content(make_calendar())))
    for name in ("style", "script"):
        digest = hashlib.sha256("".join(document.inside[name]).encode()).digest()
        assert policy.pop(f"{name}-src") == f"'sha256-{base64.b64encode(digest).decode()}'"
    assert policy.pop("img-src") == "data:"
    assert set(policy) == {"default-src", "base-uri", "form-action", "frame-ancestors"}
    assert set(policy.values()) == {"'none'"}
    assert all("style" not in each and not any(name.startswith("on") for name in each) for _, each in document.elements)


def test_the_headers_keep_the_page_to_its_reader() -> None:
    """It is not stored, indexed, framed or guessed at, and its secret goes nowhere as a referrer."""
    assert HEADERS["Content-Type"] == "text/html; charset=utf-8"
    assert HEADERS["Cache-Control"] == "no-store"
    assert HEADERS["Referrer-Policy"] == "no-referrer"
    assert HEADERS["X-Content-Type-Options"] == "nosniff"
    assert HEADERS["X-Robots-Tag"].startswith("noindex")


def test_a_week_is_seven_days_from_today_in_the_zone() -> None:
    """An airing stands under the day that it has in the zone; before today and after the seventh day is nothing."""
    airings = [
        make_airing("Late", at(23, 23, 30)),
        make_airing("Sunday", at(29, 22, 59)),
        make_airing("Monday", at(29, 23)),
    ]
    days = arrange_week([*airings, make_airing("Gone by", at(22, 20))], NOW, BERLIN)
    assert list(days) == [date(2026, 11, day) for day in range(23, 30)]
    assert {day.day: [row.airing.summary for row in rows] for day, rows in days.items() if rows} == {
        24: ["Late"],
        29: ["Sunday"],
    }


def test_today_is_the_zones() -> None:
    """At 20:20 UTC the day in Auckland is the next one."""
    assert next(iter(arrange_week([], NOW, ZoneInfo("Pacific/Auckland")))) == date(2026, 11, 24)


def test_a_day_is_in_order() -> None:
    """What takes the whole day comes first, then the hours."""
    events = [make_airing("C", at(24, 20)), make_airing("B", at(24, 9)), make_airing("A", date(2026, 11, 24))]
    events.append(make_airing("A marathon", at(24, 22), minutes=30 * 60))
    names = [row.airing.summary for row in arrange_week(events, NOW, UTC)[date(2026, 11, 24)]]
    assert names == ["A", "A marathon", "B", "C"]


@pytest.mark.parametrize(
    ("event", "hours", "state"),
    [
        (make_airing("Running", at(23, 20)), "20:00–20:45", AiringState.ON),
        (make_airing("Beginning", at(23, 20, 20)), "20:20–21:05", AiringState.ON),
        (make_airing("Ending", at(23, 19, 35)), "19:35–20:20", AiringState.OVER),
        (make_airing("To come", at(23, 20, 21)), "20:21–21:06", AiringState.AHEAD),
        (make_airing("Since yesterday", at(22, 23), minutes=24 * 60 - 1), "until 22:59", AiringState.ON),
        (make_airing("A day since yesterday", at(22, 23), minutes=24 * 60), "All day", AiringState.ON),
        (make_airing("No end", at(23, 20), minutes=None), "20:00", AiringState.OVER),
        (make_airing("Taken away", at(23, 20), cancelled=True), "20:00–20:45", AiringState.UNLISTED),
        (make_airing("A day", date(2026, 11, 23)), "All day", AiringState.AHEAD),
        (make_airing("A marathon", NOW, minutes=24 * 60), "All day", AiringState.ON),
        (make_airing("Nearly a day", NOW, minutes=24 * 60 - 1), "20:20–20:19", AiringState.ON),
        (
            PageAiring("", "Two days", date(2026, 11, 22), date(2026, 11, 24), is_cancelled=False),
            "All day",
            AiringState.AHEAD,
        ),
    ],
    ids=lambda value: value.summary if isinstance(value, PageAiring) else "",
)
def test_an_airing_says_where_it_stands(event: PageAiring, hours: str, state: AiringState) -> None:
    """Hours, and whether it is ahead, on now, over or gone, by the service's clock."""
    (row,) = arrange_week([event], NOW, UTC)[NOW.date()]
    assert (row.hours, row.state) == (hours, state)


def test_two_days_that_are_over_are_not_shown() -> None:
    """The end of a whole day is exclusive."""
    past = PageAiring("", "Past", date(2026, 11, 21), date(2026, 11, 23), is_cancelled=False)
    assert not any(arrange_week([past], NOW, UTC).values())


def test_hours_follow_daylight_saving() -> None:
    """The night that Berlin's clocks go back shows the hours that its clocks show."""
    event = make_airing("Night", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), minutes=60)
    (row,) = arrange_week([event], datetime(2026, 10, 25, tzinfo=UTC), BERLIN)[date(2026, 10, 25)]
    assert row.hours == "02:30–02:30"


def test_days_have_their_headings() -> None:
    """Today and tomorrow are said so; a day without airings says that nothing is on."""
    document = render_page(make_content(make_calendar(make_airing("Dark 1x01", NOW)))).decode()
    text = Reader(document.encode()).text
    assert "Today Monday 23 November" in text
    assert "Tomorrow Tuesday 24 November" in text
    assert "Wednesday 25 November" in text
    assert len(EMPTY_DAY.findall(document)) == 6


def test_a_year_turns_within_a_week() -> None:
    """The first of January follows the last of December."""
    eve = datetime(2026, 12, 29, 9, tzinfo=UTC)
    document = render_page(replace(make_content(make_calendar(make_airing("A", eve))), now=eve)).decode()
    days = re.findall(r"<h4>([^<]+)</h4>", document)
    assert days[days.index("Thursday 31 December") + 1] == "Friday 1 January"


def test_an_empty_week_is_said_once() -> None:
    """A calendar with nothing on this week says so in one sentence."""
    document = render_page(make_content(make_calendar(make_airing("Later", at(30, 20, 30))))).decode()
    assert re.search(r'This week</h3><p class="quiet">[^<]+</p></div>', document)
    assert "<h4>" not in document


def test_a_week_that_nobody_knows_is_not_called_empty() -> None:
    """Before the first copy there is no word of what is on."""
    document = render_page(make_content(replace(make_calendar(), last_success=None))).decode()
    assert 'class="week"' not in document
    assert "This week" not in document


def test_a_page_without_calendars_says_so() -> None:
    """There may be no calendar at all."""
    assert re.search(r'<main><p class="quiet">[^<]+</p></main>', render_page(make_content()).decode())


def test_a_cancelled_airing_is_struck_through_and_said() -> None:
    """What Trakt no longer lists is told in words too, and those do not claim that it was cancelled."""
    document = render_page(make_content(make_calendar(make_airing("Dark 1x01", at(24, 9), cancelled=True)))).decode()
    words = AiringState.UNLISTED.value
    assert f'<s><bdi class="title">Dark 1x01</bdi></s> <span class="mark">{words}</span>' in document
    assert "cancel" not in words.lower()


def test_what_is_on_and_what_is_over_is_said() -> None:
    """On now and over are words, not colours alone."""
    text = read_text(make_content(make_calendar(make_airing("Dark 1x01", NOW), make_airing("Dark 1x02", at(23, 9)))))
    assert f"Dark 1x01 {AiringState.ON.value}" in text
    assert f"Dark 1x02 {AiringState.OVER.value}" in text


def test_freshness_is_relative_and_absolute() -> None:
    """How old the copy is, and when that was by the clock."""
    assert "12 minutes ago (today, 21:08)" in read_text(make_content(make_calendar(), zone=BERLIN))
    never = render_page(make_content(replace(make_calendar(), last_success=None))).decode()
    assert re.search(r'<p class="fresh ill">[^<]+</p>', never)


def test_trouble_is_an_alert_or_a_status() -> None:
    """What is wrong with the service is an alert, with one calendar a status; without trouble there is neither."""
    well = render_page(make_content(make_calendar())).decode()
    assert 'class="trouble"' not in well
    ill = render_page(make_content(replace(make_calendar(), trouble="One."), trouble="All.")).decode()
    assert '<p class="trouble" role="alert">All.</p>' in ill
    assert '<p class="trouble" role="status">One.</p>' in ill
    assert '<p class="fresh ill">' in ill


def test_an_airing_may_have_a_check_in() -> None:
    """The address leads there, and the link's name says what it checks in to."""
    event = replace(make_airing("Dark 1x01", NOW), check_in_url="/check-in/abc?x=1&y=2")
    document = Reader(render_page(make_content(make_calendar(event, make_airing("Dark 1x02", at(24, 9))))))
    assert [link for link in document.links() if "check-in" in link] == ["/check-in/abc?x=1&y=2"]
    assert document.text.count("Check in") == 1
    assert "Check in to Dark 1x01" in document.text


def test_the_buttons_addresses_unpack_to_the_feeds() -> None:
    """What a maker's page is handed decodes to the feed's address, in the scheme that this maker reads."""
    url = URL.replace("Trakt", "Film%20%26%20Fernsehen+x")
    assert make_webcal_url(url) == url.replace("https://", "webcal://")
    assert parse_qs(urlsplit(make_google_url(url)).query) == {"cid": [make_webcal_url(url)]}
    asked = parse_qs(urlsplit(make_outlook_url("outlook.live.com", "Film & Fernsehen", url)).query)
    assert asked == {"url": [url], "name": ["Film & Fernsehen"]}
    assert "%3A%2F%2F" in make_google_url(url)


@pytest.mark.parametrize(
    ("url", "public", "where"),
    [
        (URL, True, Reach.INTERNET),
        (URL, False, Reach.NETWORK),
        ("http://192.168.1.7:8642/s/Trakt.ics", False, Reach.NETWORK),
        ("http://127.0.0.1:8642/s/Trakt.ics", False, Reach.COMPUTER),
        ("http://[::1]:8642/s/Trakt.ics", False, Reach.COMPUTER),
        ("http://localhost/s/Trakt.ics", True, Reach.COMPUTER),
    ],
)
def test_an_address_reaches_so_far(url: str, public: bool, where: Reach) -> None:
    """Loopback reaches this computer, another address the network, and the internet if it is said to."""
    assert find_reach(url, is_public=public) is where


def test_without_a_public_address_the_buttons_that_need_one_give_way() -> None:
    """Google and Microsoft fetch from servers of their own; where those cannot come the page says why."""
    document = Reader(render_page(make_content(make_calendar(), is_public=False)))
    assert [link for link in document.links() if "google" in link or "outlook" in link] == []
    assert "public_url" in document.text
    assert REACH_HINTS[Reach.NETWORK] in document.text
    public = Reader(render_page(make_content(make_calendar())))
    assert GOOGLE_BY_URL in public.links()
    assert "public_url" not in public.text


def test_an_address_of_this_computer_has_no_code_to_scan() -> None:
    """No phone reaches a loopback address, so there is no QR code, and the page says how far it reaches."""
    here = replace(make_calendar(), url="http://127.0.0.1:8642/s/Trakt.ics")
    document = Reader(render_page(make_content(here, is_public=False)))
    assert REACH_HINTS[Reach.COMPUTER] in document.text
    assert "svg" not in [tag for tag, _ in document.elements]
    assert "svg" in [tag for tag, _ in Reader(render_page(make_content(make_calendar()))).elements]


def test_several_calendars_have_a_list_of_them() -> None:
    """With more than one calendar there are links to each; ids are unique."""
    two = Reader(render_page(make_content(make_calendar(), replace(make_calendar(), name="Movies"))))
    ids = [each["id"] for _, each in two.elements if "id" in each]
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in two.links() if link.startswith("#")} <= set(ids)
    assert "nav" in [tag for tag, _ in two.elements]
    assert "nav" not in [tag for tag, _ in Reader(render_page(make_content(make_calendar()))).elements]
