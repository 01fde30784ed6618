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

from trakt_ical.errors import LoginNeeded, Refused, Unreachable, UpdateHeldBack
from trakt_ical.export.stores.protocol import Failure
from trakt_ical.feed.outage import Freshness, Outage, describe_outage
from trakt_ical.feed.page import HEADERS, render_page
from trakt_ical.feed.page_content import Destination, PageAiring, PageCalendar, PageContent
from trakt_ical.feed.page_week import UNLISTED
from trakt_ical.feed.subscribe import (
    GOOGLE_BY_URL,
    REACH_HINTS,
    Reach,
    find_reach,
    make_google_url,
    make_outlook_url,
    make_webcal_url,
)
from trakt_ical.feed.week import AiringState, arrange_week

NOW = datetime(2026, 11, 23, 20, 20, tzinfo=UTC)  # a Monday
BERLIN = ZoneInfo("Europe/Berlin")
URL = "https://calendar.example/trakt/c29tZSBzZWNyZXQ/Trakt.ics"
EMPTY_DAY = re.compile(r'</h3><p class="quiet">')
LIMIT = timedelta(hours=3)
DOWN = Outage(Unreachable("no connection"), "Trakt", NOW + timedelta(minutes=40))
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
    return PageCalendar("Trakt", URL, NOW - timedelta(minutes=12), airings)


def make_content(
    *calendars: PageCalendar, is_public: bool = True, zone: tzinfo = UTC, trouble: tuple[str, ...] = ()
) -> PageContent:
    return PageContent(calendars, NOW, zone, LIMIT, is_public, trouble)


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
            replace(make_airing(word, NOW), check_in_url="/" + word, network=word, link="https://tv.example/" + word),
        )
        place = Destination(word, word, NOW, LIMIT, Failure(NOW, word, 6))
        calendar = PageCalendar(word, URL, NOW, events, (word,), (place,))
        return make_content(calendar, make_calendar(), trouble=(word,))

    plain, hostile = Reader(render_page(make_page("plain"))), Reader(render_page(make_page(text)))
    assert [tag for tag, _ in hostile.elements] == [tag for tag, _ in plain.elements]
    assert [set(each) for _, each in hostile.elements] == [set(each) for _, each in plain.elements]
    assert hostile.text.count(text) == plain.text.count("plain") > 12
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
    days = arrange_week([[*airings, make_airing("Gone by", at(22, 20))]], NOW, BERLIN).days
    assert list(days) == [date(2026, 11, day) for day in range(23, 30)]
    assert {day.day: [row.airing.summary for row in rows] for day, rows in days.items() if rows} == {
        24: ["Late"],
        29: ["Sunday"],
    }


def test_today_is_the_zones() -> None:
    """At 20:20 UTC the day in Auckland is the next one."""
    assert next(iter(arrange_week([], NOW, ZoneInfo("Pacific/Auckland")).days)) == date(2026, 11, 24)


def test_a_day_is_in_order() -> None:
    """What has no hour comes first, then the hours, however long."""
    events = [make_airing("C", at(24, 20)), make_airing("B", at(24, 9)), make_airing("A", date(2026, 11, 24))]
    events.append(make_airing("A marathon", at(24, 22), minutes=30 * 60))
    names = [row.airing.summary for row in arrange_week([events], NOW, UTC).days[date(2026, 11, 24)]]
    assert names == ["A", "B", "C", "A marathon"]


@pytest.mark.parametrize(
    ("event", "hours", "state"),
    [
        (make_airing("Running", at(23, 20)), "20:00–20:45", AiringState.ON),
        (make_airing("Beginning", at(23, 20, 20)), "20:20–21:05", AiringState.ON),
        (make_airing("Ending", at(23, 19, 35)), "19:35–20:20", AiringState.OVER),
        (make_airing("To come", at(23, 20, 21)), "20:21–21:06", AiringState.AHEAD),
        (make_airing("Since yesterday", at(22, 23), minutes=24 * 60 - 1), "until 22:59", AiringState.ON),
        (make_airing("A day since yesterday", at(22, 23), minutes=24 * 60), "until 23:00", AiringState.ON),
        (make_airing("Until tomorrow", at(22, 23), minutes=40 * 60), "until Tue 24 Nov, 15:00", AiringState.ON),
        (make_airing("No end", at(23, 20), minutes=None), "20:00", AiringState.OVER),
        (make_airing("Taken away", at(23, 20), cancelled=True), "20:00–20:45", AiringState.UNLISTED),
        (make_airing("A day", date(2026, 11, 23)), "All day", AiringState.AHEAD),
        (make_airing("A marathon", NOW, minutes=24 * 60), "20:20, 24 h", AiringState.ON),
        (make_airing("Nearly a day", NOW, minutes=24 * 60 - 1), "20:20, 23 h 59 min", AiringState.ON),
        (make_airing("A night", at(23, 22), minutes=11 * 60), "22:00–09:00", AiringState.AHEAD),
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
    week = arrange_week([[event]], NOW, UTC)
    (row,) = [*week.on, *week.earlier, *week.days[NOW.date()]]
    assert (row.hours, row.state) == (hours, state)
    assert (row in week.on, row in week.earlier) == (state is AiringState.ON, state is AiringState.OVER)


def test_two_days_that_are_over_are_not_shown() -> None:
    """The end of a whole day is exclusive."""
    past = PageAiring("", "Past", date(2026, 11, 21), date(2026, 11, 23), is_cancelled=False)
    assert not any(arrange_week([[past]], NOW, UTC).days.values())


def test_hours_follow_daylight_saving() -> None:
    """The night that Berlin's clocks go back shows how long an hour is that ends when it began, by its clocks."""
    event = make_airing("Night", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), minutes=60)
    (row,) = arrange_week([[event]], datetime(2026, 10, 25, tzinfo=UTC), BERLIN).days[date(2026, 10, 25)]
    assert row.hours == "02:30, 1 h"


def test_days_have_their_headings() -> None:
    """Today and tomorrow are said so; a day without airings says that nothing is on."""
    document = render_page(make_content(make_calendar(make_airing("Dark 1x01", at(23, 21))))).decode()
    text = Reader(document.encode()).text
    assert "Today Monday 23 November" in text
    assert "Tomorrow Tuesday 24 November" in text
    assert "Wednesday 25 November" in text
    assert len(EMPTY_DAY.findall(document)) == 6


def test_a_year_turns_within_a_week() -> None:
    """The first of January follows the last of December."""
    eve = datetime(2026, 12, 29, 9, tzinfo=UTC)
    document = render_page(
        replace(make_content(make_calendar(make_airing("A", eve + timedelta(hours=1)))), now=eve)
    ).decode()
    days = re.findall(r"<h3>([^<]+)</h3>", document)
    assert days[days.index("Thursday 31 December") + 1] == "Friday 1 January"


def test_an_empty_week_is_said_once() -> None:
    """A calendar with nothing on this week says so in one sentence."""
    document = render_page(make_content(make_calendar(make_airing("Later", at(30, 20, 30))))).decode()
    assert re.search(r'This week</h2><p class="quiet">[^<]+</p></section>', document)
    assert not EMPTY_DAY.search(document)


def test_a_week_that_nobody_knows_is_not_called_empty() -> None:
    """Before the first copy there is no word of what is on."""
    document = render_page(make_content(replace(make_calendar(), last_success=None))).decode()
    assert 'class="week"' not in document
    assert "This week" not in document


def test_a_page_without_calendars_says_so() -> None:
    """There may be no calendar at all."""
    assert re.search(r'<p class="quiet">There is no calendar[^<]+</p>', render_page(make_content()).decode())


def test_a_cancelled_airing_is_struck_through_and_said() -> None:
    """What Trakt no longer lists is told in words too, and those do not claim that it was cancelled."""
    document = render_page(make_content(make_calendar(make_airing("Dark 1x01", at(24, 9), cancelled=True)))).decode()
    words = UNLISTED
    assert '<s><bdi class="title">Dark 1x01</bdi></s>' in document
    assert f'<span class="mark">{words}</span>' in document
    assert "cancel" not in words.lower()


def test_what_is_on_comes_first_and_what_is_over_is_folded() -> None:
    """On now and over are words and places, not colours alone; nothing is listed twice."""
    airings = make_airing("Dark 1x01", NOW), make_airing("Dark 1x02", at(23, 9)), make_airing("Dark 1x03", at(24, 9))
    document = Reader(render_page(make_content(make_calendar(*airings))))
    assert re.search(r"On now.*Dark 1x01.*This week.*Earlier \(1\).*Dark 1x02.*Tomorrow.*Dark 1x03", document.text)
    assert all(document.text.count(airing.summary) == 1 for airing in airings)
    assert next(each for tag, each in document.elements if tag == "details") == {"class": "earlier"}


def test_a_title_leads_to_its_page_and_the_network_stands_below() -> None:
    """The title is a link where the event has an address; a calendar's name is said where there are several."""
    airing = replace(make_airing("Dark 1x01", at(24, 9)), link="https://trakt.tv/shows/dark", network="Netflix")
    alone = Reader(render_page(make_content(make_calendar(airing))))
    assert "https://trakt.tv/shows/dark" in alone.links()
    assert "Dark 1x01Netflix" in alone.text
    other = replace(make_calendar(airing, make_airing("Alien", at(24, 20))), name="Movies")
    several = Reader(render_page(make_content(make_calendar(airing), other)))
    assert several.text.count("Dark 1x01") == 1
    assert "Netflix · Trakt, Movies" in several.text
    rows = [(each["class"] or "").split() for tag, each in several.elements if tag == "li" and "class" in each]
    assert rows == [["airing", "ahead", "in-1", "in-2"], ["airing", "ahead", "in-2"]]


def test_several_calendars_have_a_filter() -> None:
    """With more than one calendar there is a choice of each and of all; ids are unique; one alone needs none."""
    two = Reader(render_page(make_content(make_calendar(), replace(make_calendar(), name="Movies"))))
    ids = [each["id"] for _, each in two.elements if "id" in each]
    assert len(ids) == len(set(ids))
    choices = [each for tag, each in two.elements if tag == "input" and each.get("type") == "radio"]
    assert [(each["id"], "checked" in each) for each in choices] == [
        ("only-all", True),
        ("only-1", False),
        ("only-2", False),
    ]
    one = Reader(render_page(make_content(make_calendar())))
    assert not [each for _, each in one.elements if each.get("type") == "radio"]


def test_what_holds_for_all_calendars_is_said_once() -> None:
    """Advice, freshness and credit do not come again with each calendar."""
    calendar = replace(make_calendar(), credit="Air times: TVmaze, CC BY-SA 4.0")
    one = Reader(render_page(make_content(calendar)))
    many = Reader(render_page(make_content(*(replace(calendar, name=f"No. {number}") for number in range(6)))))
    for words in ("Updated", "12 minutes ago", "Scan a code", GOOGLE_BY_URL, "Google looks for", "CC BY-SA", "leaks"):
        document = many.links() if words == GOOGLE_BY_URL else [many.text]
        assert sum(each.count(words) for each in document) == 1, words
    assert "Scan a code" in one.text


def test_subscribing_is_folded_once_a_program_came() -> None:
    """The first calendar that no program fetched shows how to subscribe; those in use are folded."""

    def list_open(*used: bool) -> list[bool]:
        calendars = [
            replace(make_calendar(), name=str(number), has_subscribers=each) for number, each in enumerate(used)
        ]
        document = Reader(render_page(make_content(*calendars)))
        assert ("#calendars" in document.links()) is not all(used)
        return ["open" in each for tag, each in document.elements if each.get("class") == "subscribing"]

    assert list_open(False) == [True]
    assert list_open(True) == [False]
    assert list_open(True, False, False) == [False, True, False]
    assert list_open(True, True, True) == [False, False, False]


def test_a_calendar_goes_by_its_own_name() -> None:
    """One calendar gives the page its name; several stand beneath a common one."""
    assert "<h1><bdi>Trakt</bdi></h1>" in render_page(make_content(make_calendar())).decode()
    two = Reader(render_page(make_content(make_calendar(), replace(make_calendar(), name="Films à voir"))))
    assert "Films à voir" in two.text


@pytest.mark.parametrize(
    ("age", "trouble", "dot", "words"),
    [
        (timedelta(minutes=12), (), "well", "Updated 12 minutes ago (today, 21:08)"),
        (timedelta(minutes=12), ("No.",), "failing", "Last updated 12 minutes ago (today, 21:08)"),
        (timedelta(hours=4), ("No.",), "old", "Out of date: last updated 4 hours ago (today, 17:20)"),
        (timedelta(hours=4), (), "old", "Out of date: last updated 4 hours ago (today, 17:20)"),
        (None, (), "failing", "Not fetched yet"),
    ],
)
def test_a_dot_says_how_fresh_a_copy_is_and_words_say_it_too(
    age: timedelta | None, trouble: tuple[str, ...], dot: str, words: str
) -> None:
    """Green where all is well, amber where refreshes fail and the copy is young, red where it is old."""
    calendar = replace(make_calendar(), last_success=NOW - age if age else None)
    document = render_page(make_content(calendar, zone=BERLIN, trouble=trouble)).decode()
    assert re.findall(r'<p class="fresh (\w+)">', document) == [dot]
    assert words in Reader(document.encode()).text


def test_calendars_of_several_ages_say_each_its_own() -> None:
    """Where one line does not hold for all, the head says for which, and that calendar how old it is."""
    old = replace(make_calendar(), name="Movies", last_success=NOW - timedelta(days=2))
    document = render_page(make_content(make_calendar(), old)).decode()
    assert re.findall(r'<p class="fresh (\w+)">', document) == ["well", "old", "old"]
    assert "Not up to date: Movies" in Reader(document.encode()).text


@pytest.mark.parametrize(
    ("error", "hours", "sentence"),
    [
        (
            Unreachable("no connection"),
            1,
            "Trakt cannot be reached since 20:20. This is the copy of then; next try 22:00.",
        ),
        (
            Unreachable("no connection"),
            24,
            "Trakt cannot be reached since Sunday 21:20. This is the copy of then; next try 22:00.|If this lasts, "
            "run: trakt-ical doctor",
        ),
        (
            Refused("Trakt is overloaded or down.", status=503),
            2,
            "Since 19:20 nothing could be fetched: Trakt is overloaded or down. This is the copy of then; next try "
            "22:00.",
        ),
        (
            LoginNeeded("Trakt no longer accepts the login."),
            2,
            "Trakt no longer accepts the login. Run: trakt-ical login|This is the copy of 19:20; next try 22:00.",
        ),
        (
            UpdateHeldBack("Most is gone. To accept it: trakt-ical feed accept"),
            2,
            "Most is gone. To accept it: trakt-ical feed accept",
        ),
        (Unreachable("no connection"), None, "Trakt cannot be reached. Next try 22:00."),
    ],
)
def test_an_outage_is_told_as_people_see_it(error: Exception, hours: int | None, sentence: str) -> None:
    """Since when, what they look at instead, when it is tried again, and what to do, in hours of the account's zone."""
    freshness = Freshness(NOW - timedelta(hours=hours) if hours else None, LIMIT, NOW, BERLIN)
    assert "|".join(describe_outage(replace(DOWN, error=error), freshness)) == sentence


def test_the_next_try_is_said_with_its_day_where_the_hour_would_not_do() -> None:
    """Almost a day ahead an hour could be taken for today's; and one that is due is being made."""
    freshness = Freshness(None, LIMIT, NOW, BERLIN)

    def describe(next_try: datetime | None) -> str:
        return describe_outage(replace(DOWN, next_try=next_try), freshness)[0].partition("reached. ")[2]

    assert describe(NOW + timedelta(hours=5)) == "Next try 02:20."
    assert describe(NOW + timedelta(hours=23)) == "Next try Tuesday 20:20."
    assert describe(NOW) == describe(None) == "It is being tried again now."


def test_trouble_is_an_alert_or_a_status() -> None:
    """What is wrong with the service is an alert, with one calendar a status; without trouble there is neither."""
    well = render_page(make_content(make_calendar())).decode()
    assert 'class="trouble"' not in well
    ill = render_page(make_content(replace(make_calendar(), trouble=("One.",)), trouble=("All.", "Run."))).decode()
    assert '<div class="trouble" role="alert"><p>All.</p><p>Run.</p></div>' in ill
    assert '<div class="trouble" role="status"><p>One.</p></div>' in ill


def test_each_destination_is_there_with_its_last_success() -> None:
    """Where else a calendar is written, when that last succeeded, and since when and why it fails."""
    places = (
        Destination("File", "/home/x/trakt.ics", NOW - timedelta(minutes=5), timedelta(hours=36)),
        Destination(
            "CalDAV calendar", "phone", NOW - timedelta(days=2), LIMIT, Failure(NOW - timedelta(days=1), "Refused.", 6)
        ),
        Destination("Bucket", "s3://tv/…", None, LIMIT),
    )
    document = Reader(render_page(make_content(replace(make_calendar(), destinations=places))))
    assert "File /home/x/trakt.ics: last success 20:15" in document.text
    assert "CalDAV calendar phone: last success Saturday 20:20" in document.text
    assert "Failing since Sunday 20:20: Refused." in document.text
    assert "Bucket s3://tv/…: not yet written" in document.text
    dots = [each["class"] for _, each in document.elements if (each.get("class") or "").startswith("fresh")]
    assert dots == ["fresh well", "fresh well", "fresh old", "fresh failing"]


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
