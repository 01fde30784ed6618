"""The page for people in a real Chromium, served with its headers: what people can do there, and what it never does."""

from __future__ import annotations

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
from trakt_ical.feed.page import HEADERS, render_page
from trakt_ical.feed.page_content import PageAiring, PageCalendar, PageContent
from trakt_ical.feed.subscribe import REACH_HINTS, Reach

api = pytest.importorskip("playwright.sync_api", reason="no playwright for this platform")

NOW = datetime(2026, 11, 23, 20, 20, tzinfo=UTC)
FEED = "https://calendar.example/trakt/Zx8kQ2mV7pT1nL4sR9wYb3/Trakt.ics"
MOVIES = "https://calendar.example/trakt/b3ZlcnNpZ2h0IGlzIGdvb2Q/Movies.ics"
PHONE, DESKTOP = (390, 844), (1280, 900)


def make_airing(summary: str, hours: float, *, cancelled: bool = False, check_in: str = "") -> PageAiring:
    start = NOW + timedelta(hours=hours)
    return PageAiring(summary, summary, start, start + timedelta(minutes=50), cancelled, check_in)


AIRINGS = (
    make_airing("Harbor Nine 14x03 The Lighthouse Keeper’s Second Daughter", -0.5, check_in="/check-in/harbor"),
    make_airing("Slow Horses 6x05 Old Rabbits", -3, check_in="/check-in/slow"),
    make_airing("The Bear 5x01", 20, cancelled=True),
    make_airing("مسلسل طويل 1x04 العاصفة", 70),
    make_airing("<b>Bold</b> BEGIN:VEVENT & \u202enever closed", 30),
    make_airing("W" * 300, 50, check_in="/check-in/long"),
    make_airing("many words " * 27, 100),
)
CALENDARS = (
    PageCalendar("Trakt", FEED, NOW - timedelta(minutes=12), "", AIRINGS),
    PageCalendar("Movies", MOVIES, NOW - timedelta(days=2), "Trakt answers with 503; the last copy stays.", ()),
)
ONE = PageContent(CALENDARS[:1], NOW, ZoneInfo("Europe/Berlin"), "", is_public=True)
TWO = replace(ONE, calendars=CALENDARS, trouble="Trakt no longer takes the login. Run: trakt-ical login")
PRIVATE = replace(TWO, is_public=False)
PAGES = {"/one": ONE, "/two": TWO, "/private": PRIVATE}


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
        "Download": FEED,
        "This week": f"{tab_record.base}/one#calendar-1-week",
        "Check in to Harbor Nine 14x03 The Lighthouse Keeper’s Second Daughter": f"{tab_record.base}/check-in/harbor",
        "Check in to Slow Horses 6x05 Old Rabbits": f"{tab_record.base}/check-in/slow",
        f"Check in to {'W' * 300}": f"{tab_record.base}/check-in/long",
    }
    for name, address in wanted.items():
        link = tab.get_by_role("link", name=re.compile(f"^{re.escape(name)}"))
        assert link.evaluate("each => each.href") == address
    assert tab.locator("a").count() == len(wanted)


@pytest.mark.parametrize("forbidden", [False, True], ids=["with-clipboard", "clipboard-object-missing"])
def test_the_copy_button_copies_the_address(tab: Any, tab_record: TabRecord, forbidden: bool) -> None:
    """The address lands in the clipboard, also where plain http leaves no clipboard object; that is said aloud."""
    if forbidden:
        tab.add_init_script("Object.defineProperty(Navigator.prototype, 'clipboard', {value: undefined})")
    tab.goto(f"{tab_record.base}/two")
    tab.get_by_role("button", name="Copy the address of Movies").click()
    told = tab.locator("#calendar-2-copied")
    api.expect(told).to_have_text("Copied.")
    assert told.get_attribute("role") == "status"
    assert tab.locator("#calendar-1-copied").inner_text() == ""
    reader = tab.context.new_page()
    reader.goto(f"{tab_record.base}/one")
    assert reader.evaluate("navigator.clipboard.readText()") == MOVIES


def test_focus_selects_the_address(tab: Any, tab_record: TabRecord) -> None:
    """The address is selected as a whole where it is touched, ready to be copied by hand."""
    tab.goto(f"{tab_record.base}/one")
    tab.get_by_label("Thunderbird, GNOME and other programs").focus()
    assert tab.evaluate("getSelection().toString()") == FEED


@pytest.mark.parametrize(
    "tab",
    [make_size(PHONE), make_size(PHONE, "dark"), make_size(DESKTOP, "dark")],
    ids=["phone", "phone-dark", "dark"],
    indirect=True,
)
def test_the_code_is_the_address_to_subscribe_to(tab: Any, tab_record: TabRecord) -> None:
    """What a camera sees of the screen, light or dark, is the webcal address of that very calendar."""
    decoder = pytest.importorskip("zxingcpp", reason="no zxing-cpp for this platform")
    image = pytest.importorskip("PIL.Image", reason="no pillow for this platform")
    tab.goto(f"{tab_record.base}/two")
    read = []
    for code in tab.get_by_role("img", name="QR code of the address").all():
        with image.open(BytesIO(code.screenshot())) as shot:
            read += [each.text for each in decoder.read_barcodes(shot.convert("L"))]
    assert read == [url.replace("https:", "webcal:") for url in (FEED, MOVIES)]


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_asked_of_anyone_and_nothing_fails(tab: Any, tab_record: TabRecord, path: str) -> None:
    """Opening the page is one request; the console stays empty, policy and all."""
    tab.goto(tab_record.base + path, wait_until="networkidle")
    assert [url for url in tab_record.asked if not url.startswith("data:")] == [tab_record.base + path]
    assert tab_record.errors == []


def test_the_policy_stops_what_is_not_ours(tab: Any, tab_record: TabRecord, service: tuple[str, list[Request]]) -> None:
    """A script that got into the document does not run, a style and an image do not load, and the console says so."""
    tab.goto(f"{tab_record.base}/one")
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
    tab.goto(f"{tab_record.base}/private")
    api.expect(tab.get_by_label("Thunderbird, GNOME and other programs").first).to_have_value(FEED)
    api.expect(tab.get_by_role("button")).to_have_count(0)
    explanation = tab.get_by_text(REACH_HINTS[Reach.NETWORK]).first
    api.expect(explanation).to_be_hidden()
    tab.locator("summary").first.click()
    api.expect(explanation).to_be_visible()
    assert tab_record.errors == []


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_people_out(
    browser: Any, base: str, axe: str, path: str, size: tuple[int, int], scheme: str
) -> None:
    """Axe finds nothing, best practices and contrast included, with all that opens open."""
    profile = browser.new_context(**make_size(size, scheme))
    tab = profile.new_page()
    tab.goto(base + path)
    tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    tab.evaluate(f"{axe}; undefined")
    found = tab.evaluate("axe.run()")
    profile.close()
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []
    assert {"color-contrast", "label", "link-name"} <= {each["id"] for each in found["passes"]}


@pytest.mark.parametrize(
    "tab",
    [make_size((width, 800), scheme) for width in (320, 390, 768, 1280, 1920) for scheme in ("light", "dark")],
    ids=lambda settings: f"{settings['viewport']['width']}-{settings['color_scheme']}",
    indirect=True,
)
def test_nothing_stands_out_of_the_window(tab: Any, tab_record: TabRecord, tmp_path: Path) -> None:
    """No title, name or address is wider than the window, from the narrowest phone to a wide screen.

    Pictures of each go into the folder that the environment's SCREENSHOTS names, for people to look at.
    """
    for path in PAGES:
        tab.goto(tab_record.base + path)
        tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        shots = Path(os.environ.get("SCREENSHOTS") or tmp_path)
        width, scheme = tab.viewport_size["width"], tab.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
        tab.screenshot(path=shots / f"{path[1:]}-{width}{'-dark' if scheme else ''}.png", full_page=True)
        assert list_overflow(tab) == []
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_light_and_dark_differ(browser: Any, base: str) -> None:
    """The page follows the scheme that the reader prefers."""
    grounds = []
    for scheme in ("light", "dark"):
        profile = browser.new_context(color_scheme=scheme)
        tab = profile.new_page()
        tab.goto(f"{base}/one")
        grounds.append(tab.evaluate("getComputedStyle(document.body).backgroundColor"))
        profile.close()
    bright = [sum(int(number) for number in re.findall(r"\d+", ground)) for ground in grounds]
    assert bright[0] > 600
    assert bright[1] < 150


@pytest.mark.parametrize("tab", [make_size(PHONE), make_size(DESKTOP)], ids=["phone", "desktop"], indirect=True)
def test_the_keyboard_reaches_every_control_and_shows_where_it_is(tab: Any, tab_record: TabRecord) -> None:
    """Tab goes through all that can be used, in the order of the page, and what has the focus is outlined."""
    tab.goto(f"{tab_record.base}/two")
    usable = "[...document.querySelectorAll('a, button, input, summary')].filter(each => each.checkVisibility())"
    reached = []
    for _ in range(tab.evaluate(f"{usable}.length")):
        tab.keyboard.press("Tab")
        place, outline, inside = tab.evaluate(
            f"""() => {{ const at = document.activeElement, box = at.getBoundingClientRect();
                         return [{usable}.indexOf(at), parseFloat(getComputedStyle(at).outlineWidth),
                                 box.top >= 0 && box.bottom <= innerHeight]; }}"""
        )
        assert (outline >= 2, inside) == (True, True), tab.evaluate("document.activeElement.outerHTML")
        reached.append(place)
    assert reached == list(range(len(reached)))
    assert len(reached) > 15


def test_enter_copies_and_the_focus_stays(tab: Any, tab_record: TabRecord) -> None:
    """The copy button works by keyboard and keeps the focus."""
    tab.goto(f"{tab_record.base}/one")
    button = tab.get_by_role("button", name="Copy")
    button.focus()
    tab.keyboard.press("Enter")
    api.expect(tab.locator("#calendar-1-copied")).to_have_text("Copied.")
    api.expect(button).to_be_focused()


def test_fingers_hit_what_they_aim_at(tab: Any, tab_record: TabRecord) -> None:
    """On a phone every button and tile is at least 24 pixels high and wide, as WCAG 2.2 wants it."""
    tab.goto(f"{tab_record.base}/two")
    for control in tab.locator(".way, .copy, .jump, .check-in, .contents a, summary").all():
        box = control.bounding_box()
        assert min(box["width"], box["height"]) >= 24, control.inner_text()


def test_landmarks_and_headings_outline_the_page(tab: Any, tab_record: TabRecord) -> None:
    """One main part, one region for each calendar by its name, headings without a gap, an English document."""
    tab.goto(f"{tab_record.base}/two")
    assert tab.evaluate("document.documentElement.lang") == "en"
    for role in ("banner", "main", "contentinfo"):
        api.expect(tab.get_by_role(role)).to_have_count(1)
    for name in ("Trakt", "Movies"):
        region = tab.get_by_role("region", name=name, exact=True)
        api.expect(region.get_by_role("heading", level=2)).to_have_text(name)
        api.expect(region.get_by_role("heading", level=3)).to_have_text(["Subscribe", "This week"])
    api.expect(tab.get_by_role("navigation", name="Calendars")).to_be_visible()
    api.expect(tab.get_by_role("alert")).to_have_text(TWO.trouble)
