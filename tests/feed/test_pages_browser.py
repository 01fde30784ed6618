"""The page for people in a real Chromium, served with its headers: what people can do there, and what it never does."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.server import Reply, Request, run_server
from trakt_ical.export.stores.protocol import Failure
from trakt_ical.feed.page import HEADERS, render_page
from trakt_ical.feed.page_content import Destination, PageAiring, PageCalendar, PageContent
from trakt_ical.feed.subscribe import REACH_HINTS, Reach

api = pytest.importorskip("playwright.sync_api", reason="no playwright for this platform")

NOW = datetime(2026, 11, 23, 20, 20, tzinfo=UTC)
FEED = "https://calendar.example/trakt/Zx8kQ2mV7pT1nL4sR9wYb3/Trakt.ics"
MOVIES_FEED = "https://calendar.example/trakt/b3ZlcnNpZ2h0IGlzIGdvb2Q/Movies.ics"
LIMIT = timedelta(hours=3)
PHONE, DESKTOP = (390, 844), (1280, 900)


def make_airing(
    summary: str,
    hours: float,
    *,
    minutes: int = 50,
    cancelled: bool = False,
    link: str = "https://trakt.tv/shows/harbor-nine",
    network: str = "AMC",
    check_in: str = "",
) -> PageAiring:
    start = NOW + timedelta(hours=hours)
    return PageAiring(summary, summary, start, start + timedelta(minutes=minutes), cancelled, link, network, check_in)


HARBOR = "Harbor Nine 14x03 The Lighthouse Keeper’s Second Daughter"
AIRINGS = (
    make_airing(HARBOR, -0.5, check_in="/check-in/harbor"),
    make_airing("Slow Horses 6x05 Old Rabbits", -3, network="Apple TV+", check_in="/check-in/slow"),
    make_airing("The Bear 5x01", 20, cancelled=True, network=""),
    make_airing("Marathon of the North 1x01", 21, minutes=24 * 60),
    PageAiring("day", "An Honest Weight 1x02", NOW.date() + timedelta(days=1), None, is_cancelled=False),
    make_airing("مسلسل طويل 1x04 العاصفة", 70, network="ON E"),
    make_airing("<b>Bold</b> BEGIN:VEVENT & \u202enever closed", 30, link=""),
    make_airing("W" * 300, 50, check_in="/check-in/long", network="N" * 60),
    make_airing("many words " * 27, 100),
)
MOVIE = make_airing("A movie of its own", 26, network="")
CROWD = tuple(make_airing(f"Crowded {number}x01", 8 + number / 8, network="CBS") for number in range(60))
PLACES = (
    Destination("File", "/home/ada/trakt.ics", NOW - timedelta(hours=1), timedelta(hours=36)),
    Destination("CalDAV calendar", "phone", NOW - timedelta(days=3), LIMIT, Failure(NOW - timedelta(days=2), "No.", 6)),
)
TRAKT = PageCalendar("Trakt", FEED, NOW - timedelta(minutes=12), AIRINGS)
MOVIES = PageCalendar("Movies", MOVIES_FEED, NOW - timedelta(minutes=12), (MOVIE, AIRINGS[0]), has_subscribers=True)
HELD_BACK = ("Most of the calendar would go. To accept it: trakt-ical feed accept Movies",)
DOWN = ("Trakt cannot be reached since 21:08. This is the copy of then; next try 22:00.", "Run: trakt-ical doctor")

ONE = PageContent((TRAKT,), NOW, ZoneInfo("Europe/Berlin"), LIMIT, is_public=True)
FOUR = replace(
    ONE,
    calendars=(
        TRAKT,
        replace(MOVIES, trouble=HELD_BACK, destinations=PLACES),
        replace(TRAKT, name="Premieres and a name that is longer than most", airings=AIRINGS[1:5]),
        replace(MOVIES, name="Never fetched", last_success=None, airings=()),
    ),
)
OUTAGE = replace(ONE, calendars=(replace(TRAKT, last_success=NOW - timedelta(hours=26)),), trouble=DOWN)
LONG_COMMAND = f"trakt-ical --config /home/ada/{'settings-of-mine/' * 5}trakt-ical.toml feed renew NAME"
FOUR_OUT = replace(FOUR, trouble=DOWN, is_public=False, renew_command=LONG_COMMAND)
EMPTY = replace(ONE, calendars=(replace(TRAKT, airings=(), has_subscribers=True),))
CROWDED = replace(ONE, calendars=(replace(TRAKT, airings=CROWD), MOVIES))
PAGES = {"/one": ONE, "/four": FOUR, "/outage": OUTAGE, "/four-outage": FOUR_OUT, "/empty": EMPTY, "/crowded": CROWDED}


@dataclass
class TabRecord:
    """What a browser did: the errors it told of, and each address that it asked."""

    base: str
    errors: list[str]
    asked: list[str]


@pytest.fixture(scope="module")
def service() -> Iterator[tuple[str, list[Request]]]:
    """A server of the pages with their headers and of nothing else: its address, and what it was asked."""

    def answer(request: Request) -> Reply:
        if request.path not in PAGES:
            return Reply(b"", status=404)
        return Reply(render_page(PAGES[request.path]), headers=HEADERS)

    with run_server(answer) as running:
        yield running


@pytest.fixture
def base(service: tuple[str, list[Request]]) -> str:
    """The address of the server."""
    return service[0]


@pytest.fixture
def tab_record(base: str) -> TabRecord:
    """Filled by the tabs that a test opens."""
    return TabRecord(base, [], [])


@pytest.fixture
def tab(browser: Any, tab_record: TabRecord, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A tab at phone width, in a profile of its own; a test may ask for other *settings* by parametrizing it."""
    settings = {"viewport": {"width": PHONE[0], "height": PHONE[1]}} | getattr(request, "param", {})
    profile = browser.new_context(**settings)
    profile.grant_permissions(["clipboard-read", "clipboard-write"], origin=tab_record.base)
    opened = profile.new_page()
    opened.on("console", lambda message: tab_record.errors.append(message.text))
    opened.on("pageerror", lambda error: tab_record.errors.append(str(error)))
    opened.on("request", lambda request: tab_record.asked.append(request.url))
    yield opened
    profile.close()


def make_size(size: tuple[int, int], scheme: str = "light", **more: object) -> dict[str, object]:
    return {"viewport": {"width": size[0], "height": size[1]}, "color_scheme": scheme, **more}


def list_overflow(tab: Any) -> list[str]:
    """The elements that stand out of the window at the side."""
    found: list[str] = tab.evaluate(
        """[...document.querySelectorAll('body *')]
           .filter(e => !e.closest('.unseen') && e.getBoundingClientRect().right > innerWidth + 0.5)
           .map(e => e.outerHTML.slice(0, 60))"""
    )
    return found


def test_every_button_leads_where_it_says(tab: Any, tab_record: TabRecord) -> None:
    """The links of a calendar, by the names that people read, and their whole addresses."""
    tab.goto(f"{tab_record.base}/one")
    encoded = FEED.replace(":", "%3A").replace("/", "%2F")
    google = "https://calendar.google.com/calendar"
    wanted = {
        "Apple Calendar": FEED.replace("https:", "webcal:"),
        "Google Calendar": f"{google}/r?cid={encoded.replace('https', 'webcal')}",
        "Google’s “From URL”": f"{google}/u/0/r/settings/addbyurl",
        "Outlook.com": f"https://outlook.live.com/calendar/0/addfromweb?url={encoded}&name=Trakt",
        "Microsoft 365": f"https://outlook.office.com/calendar/0/addfromweb?url={encoded}&name=Trakt",
        "Download as a file": FEED,
        "Subscribe": f"{tab_record.base}/one#calendars",
        "The Bear 5x01": "https://trakt.tv/shows/harbor-nine",
        f"Check in to {HARBOR}": f"{tab_record.base}/check-in/harbor",
        f"Check in to {'W' * 300}": f"{tab_record.base}/check-in/long",
    }
    for name, address in wanted.items():
        link = tab.get_by_role("link", name=re.compile(f"^{re.escape(name)}"))
        assert link.evaluate("each => each.href") == address


def test_the_filter_shows_one_calendar_without_javascript(browser: Any, base: str) -> None:
    """A choice hides what its calendar does not have, says where a day is empty then, and can be taken back."""
    with browser.new_context(**make_size(PHONE, java_script_enabled=False)) as profile:
        tab = profile.new_page()
        tab.goto(f"{base}/four")
        rows = tab.locator(".on-now .airing, .day .airing").filter(visible=True)
        on_now, empty_days = tab.get_by_role("heading", name="On now"), tab.get_by_text("Nothing on.")
        everything = rows.count()
        tab.locator(".chip", has_text="Movies").click()
        api.expect(rows).to_have_count(2)
        api.expect(on_now).to_be_visible()
        api.expect(empty_days.filter(visible=True)).to_have_count(6)
        tab.get_by_label("All").focus()
        tab.keyboard.press("Space")
        api.expect(rows).to_have_count(everything)
        tab.locator(".chip", has_text="Never fetched").click()
        api.expect(rows).to_have_count(0)
        api.expect(on_now).to_be_hidden()


UNFOLD = "document.querySelectorAll('details').forEach(each => each.open = true)"


@pytest.mark.parametrize("forbidden", [False, True], ids=["with-clipboard", "clipboard-object-missing"])
def test_the_copy_button_copies_the_address(tab: Any, tab_record: TabRecord, forbidden: bool) -> None:
    """The address lands in the clipboard, also where plain http leaves no clipboard object; that is said aloud."""
    if forbidden:
        tab.add_init_script("Object.defineProperty(Navigator.prototype, 'clipboard', {value: undefined})")
    tab.goto(f"{tab_record.base}/four")
    tab.evaluate(UNFOLD)
    button = tab.get_by_role("button", name="Copy the address of Movies")
    button.focus()
    tab.keyboard.press("Enter")
    copied = tab.locator("#calendar-2-copied")
    api.expect(copied).to_have_text("Copied.")
    api.expect(button).to_be_focused()
    assert copied.get_attribute("role") == "status"
    assert tab.locator("#calendar-1-copied").inner_text() == ""
    tab.get_by_label("Thunderbird, GNOME and other programs").first.focus()
    assert tab.evaluate("getSelection().toString()") == FEED
    reader = tab.context.new_page()
    reader.goto(f"{tab_record.base}/one")
    assert reader.evaluate("navigator.clipboard.readText()") == MOVIES_FEED


@pytest.mark.parametrize("tab", [make_size(PHONE), make_size(DESKTOP, "dark")], ids=["phone", "dark"], indirect=True)
def test_the_code_is_the_address_to_subscribe_to(tab: Any, tab_record: TabRecord) -> None:
    """What a camera sees of the screen, light or dark, is the webcal address of that very calendar."""
    decoder = pytest.importorskip("zxingcpp", reason="no zxing-cpp for this platform")
    image = pytest.importorskip("PIL.Image", reason="no pillow for this platform")
    tab.goto(f"{tab_record.base}/four")
    tab.evaluate(UNFOLD)
    read = []
    for code in tab.get_by_role("img", name="QR code of the address").all():
        with image.open(BytesIO(code.screenshot())) as shot:
            read += [each.text for each in decoder.read_barcodes(shot.convert("L"))]
    assert read == [url.replace("https:", "webcal:") for url in (FEED, MOVIES_FEED, FEED, MOVIES_FEED)]


def test_the_policy_stops_what_is_not_ours(tab: Any, tab_record: TabRecord, service: tuple[str, list[Request]]) -> None:
    """A script that got into the document does not run, a style and an image do not load, and the console says so."""
    tab.goto(f"{tab_record.base}/one", wait_until="networkidle")
    assert [url for url in tab_record.asked if not url.startswith("data:")] == [f"{tab_record.base}/one"]
    assert tab_record.errors == []
    tab.evaluate(
        """() => { const script = document.createElement('script'); script.textContent = 'window.ran = 1';
                   const style = document.createElement('style'); style.textContent = 'body { display: none }';
                   const image = new Image(); image.src = '/pixel.png';
                   document.body.append(script, style, image); }"""
    )
    api.expect(tab.locator("h1")).to_be_visible()
    assert tab.evaluate("window.ran") is None
    assert "/pixel.png" not in [each.path for each in service[1]]
    assert ["Content Security Policy" in each for each in tab_record.errors] == [True] * 3


@pytest.mark.parametrize("tab", [make_size(PHONE, java_script_enabled=False)], indirect=True)
def test_it_works_without_javascript(tab: Any, tab_record: TabRecord) -> None:
    """Without the script the address is there to select; no button stands that does nothing."""
    tab.goto(f"{tab_record.base}/four-outage")
    api.expect(tab.get_by_label("Thunderbird, GNOME and other programs").first).to_have_value(FEED)
    api.expect(tab.get_by_role("button")).to_have_count(0)
    explanation = tab.get_by_text(REACH_HINTS[Reach.NETWORK]).first
    api.expect(explanation).to_be_hidden()
    tab.get_by_text("need a public address").click()
    api.expect(explanation).to_be_visible()
    assert tab_record.errors == []


TARGETS = "a, button, summary, .chip, .row input"


def test_nothing_keeps_people_out(browser: Any, base: str, axe: str) -> None:
    """Axe finds nothing, best practices and contrast included, with all that opens open, light and dark."""
    for size, scheme in ((PHONE, "light"), (DESKTOP, "dark")):
        with browser.new_context(**make_size(size, scheme)) as profile:
            tab = profile.new_page()
            for path in ("/one", "/four-outage"):
                tab.goto(base + path)
                tab.evaluate(UNFOLD)
                tab.evaluate(f"{axe}; undefined")
                found = tab.evaluate("axe.run()")
                complaints = [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]]
                assert (path, size, complaints) == (path, size, [])
                assert {"color-contrast", "label", "link-name"} <= {each["id"] for each in found["passes"]}


def test_nothing_stands_out_of_the_window_and_fingers_hit_what_they_aim_at(
    browser: Any, base: str, tmp_path: Path
) -> None:
    """No title, name or address is wider than the window, and whatever can be tapped is at least 44 pixels high.

    Pictures of each go into the folder that the environment's SCREENSHOTS names, for people to look at.
    """
    shots = os.environ.get("SCREENSHOTS")
    for scheme in ("light", "dark") if shots else ("light",):
        with browser.new_context(color_scheme=scheme) as profile:
            tab = profile.new_page()
            for width, path in itertools.product((320, 390, 1280), PAGES):
                tab.set_viewport_size({"width": width, "height": 844})
                tab.goto(base + path)
                if shots:
                    tab.screenshot(path=Path(shots) / f"{path[1:]}-{width}-{scheme}.png", full_page=True)
                tab.evaluate(UNFOLD)
                assert (path, width, list_overflow(tab)) == (path, width, [])
                assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
                assert (path, width, list_small_targets(tab)) == (path, width, [])


def list_small_targets(tab: Any) -> list[str]:
    """What is less than 44 pixels high, or narrower than a finger."""
    found: list[str] = tab.evaluate(
        f"""[...document.querySelectorAll({TARGETS!r})].filter(each => each.checkVisibility()).filter(each => {{
               const box = each.getBoundingClientRect();
               return box.height < 43.9 || box.width < 43.9;
           }}).map(each => each.outerHTML.slice(0, 120))"""
    )
    return found


def test_light_and_dark_differ(browser: Any, base: str) -> None:
    """The page follows the scheme that the reader prefers."""
    grounds = []
    tab = browser.new_page()
    tab.goto(f"{base}/empty")
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)
        grounds.append(tab.evaluate("getComputedStyle(document.body).backgroundColor"))
    tab.close()
    bright = [sum(int(number) for number in re.findall(r"\d+", ground)) for ground in grounds]
    assert bright[0] > 600
    assert bright[1] < 150


@pytest.mark.parametrize("tab", [make_size(PHONE), make_size(DESKTOP)], ids=["phone", "desktop"], indirect=True)
def test_the_keyboard_reaches_every_control_and_shows_where_it_is(tab: Any, tab_record: TabRecord) -> None:
    """Tab goes through all that can be used, in the order of the page, and what has the focus is outlined."""
    tab.goto(f"{tab_record.base}/one")
    usable = "[...document.querySelectorAll('a, button, input, summary')].filter(each => each.checkVisibility())"
    reached = []
    for _ in range(tab.evaluate(f"{usable}.length")):
        tab.keyboard.press("Tab")
        place, outline, inside = tab.evaluate(
            f"""() => {{ const at = document.activeElement, box = at.getBoundingClientRect();
                         return [{usable}.indexOf(at), parseFloat(getComputedStyle(at).outlineWidth),
                                 box.bottom >= 0 && box.top <= innerHeight]; }}"""
        )
        assert (outline >= 2, inside) == (True, True), tab.evaluate("document.activeElement.outerHTML")
        reached.append(place)
    assert reached == list(range(len(reached)))
    assert len(reached) > 15


def test_landmarks_and_headings_outline_the_page(tab: Any, tab_record: TabRecord) -> None:
    """One main part, a region for each part of it, an article for each calendar, headings without a gap, in English."""
    tab.goto(f"{tab_record.base}/four-outage")
    assert tab.evaluate("document.documentElement.lang") == "en"
    for role in ("banner", "main", "contentinfo"):
        api.expect(tab.get_by_role(role)).to_have_count(1)
    for name in ("On now", "This week", "Calendars"):
        region = tab.get_by_role("region", name=name, exact=True)
        api.expect(region.get_by_role("heading", level=2)).to_have_text(name)
    for calendar in FOUR.calendars:
        article = tab.get_by_role("article", name=calendar.name, exact=True)
        api.expect(article.get_by_role("heading", level=3)).to_have_text(calendar.name)
    api.expect(tab.get_by_role("group", name="Show")).to_be_visible()
    api.expect(tab.get_by_role("alert")).to_contain_text("Trakt cannot be reached since 21:08.")
