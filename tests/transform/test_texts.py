"""Texts through the whole of the export stage and back, by readers that nobody here wrote."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import vobject
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.conftest import needs_node
from tests.factories import make_calendar_id
from trakt_ical.export import ics
from trakt_ical.model import Event
from trakt_ical.transform.event_text import clean_text

READ_BY_ICAL_JS = """
import { createRequire } from 'node:module';
import fs from 'node:fs';
const require = createRequire(process.argv[1] + '/package.json');
const ICAL = (await import(require.resolve('ical.js'))).default;
const events = new ICAL.Component(ICAL.parse(fs.readFileSync(0, 'utf8'))).getAllSubcomponents('vevent');
const value = (event, name) => event.getFirstPropertyValue(name);
console.log(JSON.stringify(events.map((event) => [value(event, 'summary'), value(event, 'description')])));
"""

CLEANED = [
    ("The Office", "The Office", "ordinary text stays"),
    ("A, b; c\\d", "A, b; c\\d", "what iCalendar escapes is text like any other"),
    ("two  blanks\tand a tab", "two  blanks\tand a tab", "white space inside stays"),
    ("one\ntwo", "one\ntwo", "a line break stays"),
    ("one\r\ntwo", "one\ntwo", "CRLF is a line break"),
    ("one\rtwo", "one\ntwo", "so is CR"),
    ("one\u2028two\u2029three", "one\ntwo\nthree", "so are U+2028 and U+2029"),
    ("a\x00b\x0bc\x0cd\x1be\x1cf\x7fg", "abcdefg", "control characters go"),
    ("a\u0085b\u00a0c\ufeffd\ufffee", "a\u0085b\u00a0c\ufeffd\ufffee", "NEL, NBSP, BOM and noncharacters stay"),
    ("\ud800x", "x", "a lone surrogate, which no UTF-8 holds, goes"),
    ("  edges\t\n", "edges", "edges are trimmed"),
    ("\x00 edge", "edge", "also those that only cleaning lays bare"),
    ("👩‍🚀 שלום Pokémon 進撃", "👩‍🚀 שלום Pokémon 進撃", "every script stays, joiners too"),
    ("", "", "nothing stays nothing"),
    (" \r\n ", "", "and white space alone is nothing"),
]


@pytest.mark.parametrize(("text", "expected", "reason"), CLEANED)
def test_clean(text: str, expected: str, reason: str) -> None:
    """A text is cleaned as the table says."""
    assert clean_text(text) == expected, reason


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])))
def test_ordinary_text_is_left_alone(text: str) -> None:
    """Text without control characters and separators changes at its edges only."""
    assert clean_text(text) == text.strip()


@pytest.mark.parametrize("text", ["BEGIN:VEVENT", "x\nEND:VEVENT\nBEGIN:VEVENT", "Watch END:VCALENDAR", "begin:valarm"])
def test_what_looks_like_syntax_does_not_read_as_such(text: str) -> None:
    """Ts-ics and cal-parser look for it anywhere in a line; an invisible character keeps the event whole there."""
    cleaned = clean_text(text)
    assert not re.search("(BEGIN|END):V", cleaned, re.I)
    assert cleaned.replace("\N{WORD JOINER}", "") == text


@given(st.text())
def test_what_is_clean_stays(text: str) -> None:
    """Cleaning twice is cleaning once."""
    assert clean_text(clean_text(text)) == clean_text(text)


def make_event(number: int, text: str) -> Event:
    start = datetime(2026, 4, 18, tzinfo=UTC) + timedelta(hours=number)
    return Event(
        uid=f"{number}@trakt-ical",
        summary=text,
        description=text,
        start=start,
        end=start + timedelta(hours=1),
        location=text,
        categories=(text,),
        link="",
    )


def render_calendar(texts: list[str]) -> bytes:
    stamp = ics.ChangeStamp(datetime(2026, 1, 1, tzinfo=UTC), 1)
    events = (make_event(number, text) for number, text in enumerate(texts))
    scope = make_calendar_id(owner="somebody")
    return ics.render_calendar(
        ics.Heading(ics.Appearance(), scope),
        None,
        [ics.render_event(event, stamp, ics.hash_event(event)) for event in events],
    )


def load_awkward_titles(shared: Path) -> list[str]:
    """The titles of the judges' own list, cleaned; one that is empty then is no title."""
    import unicodedata

    tree = ast.parse((shared / "judges" / "text_roundtrip.py").read_text(encoding="utf-8"))
    table = next(
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "T"
    )
    titles = eval(compile(ast.Expression(table), "T", "eval"), {"unicodedata": unicodedata})
    assert len(titles) >= 40
    return list(filter(None, map(clean_text, titles.values())))


def read_by_vobject(octets: bytes) -> list[tuple[str, str]]:
    events = vobject.readOne(octets.decode()).vevent_list
    return [(event.summary.value, event.description.value) for event in events]


def read_by_ical_js(octets: bytes, judges: Path) -> list[tuple[str, str]]:
    command = ["node", "--input-type=module", "-e", READ_BY_ICAL_JS, str(judges / "node")]
    done = subprocess.run(command, input=octets, capture_output=True, check=True)
    return [(summary, description) for summary, description in json.loads(done.stdout)]


def test_awkward_titles_come_back_from_vobject(shared: Path) -> None:
    """Vobject reads each of the judges' titles as it was cleaned."""
    titles = load_awkward_titles(shared)
    assert read_by_vobject(render_calendar(titles)) == [(title, title) for title in titles]


@needs_node
def test_awkward_titles_come_back_from_ical_js(shared: Path, judges: Path) -> None:
    """ical.js reads each of the judges' titles as it was cleaned."""
    titles = load_awkward_titles(shared)
    assert read_by_ical_js(render_calendar(titles), judges) == [(title, title) for title in titles]


titles = st.text(min_size=1).map(clean_text).filter(bool)


@given(titles)
@example("BEGIN:VEVENT")
@example("x\nEND:VEVENT\nBEGIN:VEVENT")
@example("," * 120)
@example("ä" * 200)
def test_any_title_comes_back_from_vobject(title: str) -> None:
    """Vobject reads any title as it was cleaned."""
    assert read_by_vobject(render_calendar([title])) == [(title, title)]


@needs_node
@settings(max_examples=5)
@given(st.lists(titles, min_size=100, max_size=200))
def test_any_title_comes_back_from_ical_js(judges: Path, batch: list[str]) -> None:
    """ical.js reads any title as it was cleaned."""
    assert read_by_ical_js(render_calendar(batch), judges) == [(title, title) for title in batch]


@given(titles)
def test_no_line_passes_75_octets(title: str) -> None:
    """Every line has at most 75 octets, is UTF-8 by itself and ends in CRLF."""
    octets = render_calendar([title])
    assert octets.endswith(b"END:VCALENDAR\r\n")
    for line in octets.split(b"\r\n"):
        assert len(line) <= 75
        assert b"\n" not in line
        line.decode()
