"""The page of a running service: what it learns of subscribers, other destinations and outages."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from tests.conftest import Line
from tests.feeds import RunningFeed, run_feed
from trakt_ical.demo import Drop, Fault
from trakt_ical.errors import OutputError
from trakt_ical.export.stores.address import hide_path
from trakt_ical.export.stores.protocol import StateFile
from trakt_ical.trakt.client import Client
from trakt_ical.transform.event_text import find_network

FOLDED, UNFOLDED = '<details class="subscribing">', '<details class="subscribing" open>'


def read_page(running: RunningFeed) -> str:
    return unescape(running.get(running.page).text)


def test_subscribing_folds_itself_when_a_program_has_come(line: Line) -> None:
    """A program's fetch folds it, for good; the page itself, its download link and a HEAD do not."""
    with run_feed(line) as running:
        running.refresh()
        running.get(method="HEAD")
        running.get(headers={"Sec-Fetch-Mode": "navigate"})
        assert UNFOLDED in read_page(running)
        running.get()
        assert FOLDED in read_page(running)
        running.service.look()
    with run_feed(line) as running:
        assert FOLDED in read_page(running)
        running.renew()
        running.service.look()
    with run_feed(line) as running:
        assert FOLDED in read_page(running)


def test_the_page_says_since_when_trakt_cannot_be_reached(line: Line) -> None:
    """In hours of the account's zone, with the next try; amber first, red once the copy is old, then green again.

    A restart in between forgets nothing of it.
    """
    with run_feed(line, timezone="Europe/Berlin") as running:
        running.refresh()
        assert '<p class="fresh well">' in read_page(running)
        line.demo.misbehave(Fault(drop=Drop.BEFORE, times=0))
        line.clock.pass_by(hours=1.2)
        running.refresh()
        page = read_page(running)
        assert "Trakt cannot be reached since 14:00. This is the copy of then; next try 15:" in page
        assert '<p class="fresh failing">' in page
        line.clock.pass_by(days=2)
        running.refresh()
        page = read_page(running)
        assert "Trakt cannot be reached since Saturday 14:00. This is the copy of then; next try 15:" in page
        assert '<p class="fresh old">' in page
    with run_feed(line, timezone="Europe/Berlin") as running:
        assert "Since Saturday 14:00 nothing could be fetched: Trakt cannot be reached" in read_page(running)
        line.demo.behave()
        line.clock.pass_by(hours=1)
        running.refresh()
        page = read_page(running)
        assert ('<p class="fresh well">' in page, 'class="trouble"' in page) == (True, False)


def test_a_calendar_names_where_else_it_is_written(line: Line) -> None:
    """The file of an export is there once it was tried, with its last success, and with why it fails by now."""
    with run_feed(line, timezone="UTC") as running:
        running.refresh()
        assert "last success" not in read_page(running)
        assert line("export").exit_code == 0
        assert f"File <bdi>{line.ics}</bdi>: last success 12:00" in read_page(running)
        file = StateFile(running.folder.states, str(line.ics))
        state = file.load()
        state.note_failure(OutputError("The disk is full."), line.clock())
        file.save(state)
        assert "Failing since 12:00: The disk is full." in read_page(running)


def test_a_bucket_is_named_without_its_secret_path(line: Line) -> None:
    """An export on this computer writes there; the page says when, and gives the path away to nobody."""
    address = "s3://my-bucket/kQ2mV7pT1nL4sR9wYb3x/Trakt.ics"
    with run_feed(line, timezone="UTC", output=address) as running:
        running.refresh()
        file = StateFile(running.folder.states, address, hide_path(address))
        state = file.load()
        state.note_success(line.clock(), changed=True)
        file.save(state)
        page = read_page(running)
    assert re.search(r"Bucket <bdi>s3://my-bucket/[^<]+</bdi>: last success 12:00", page)
    assert "kQ2mV7pT1nL4sR9wYb3x" not in page


def test_titles_lead_to_trakt_and_networks_are_named(running: RunningFeed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both come from the stored copy: no client is made for the page."""

    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("a client was made")

    monkeypatch.setattr(Client, "__init__", refuse)
    page = read_page(running)
    rows = re.findall(r'<a class="what" href="https://trakt\.tv/shows/[^"]+">.*?</a>', page)
    assert len(rows) > 5
    assert all(re.search(r'<span class="notes"><bdi>[^<]+</bdi>', row) for row in rows)


@pytest.mark.parametrize(
    ("description", "network"),
    [
        ("AMC\n\nhttps://x/", "AMC"),
        ("Fog, for three days.\n\nAMC\n\nhttps://x/", "AMC"),
        ("One.\n\nTwo.\n\nE!\n\nhttps://x/\n\nCheck in: https://y/", "E!"),
        ("Fog, for three days.\n\nhttps://x/", ""),
        ("Is it fog?\n\nhttps://x/", ""),
        ("2x01 One\n2x02 Two\n\nhttps://x/", ""),
        ("2x01 One\n2x02 Two\n\nAMC\n\nhttps://x/", "AMC"),
        ("Very long " * 20 + "\n\nhttps://x/", ""),
        ("https://x/", ""),
        ("AMC", ""),
        ("", ""),
    ],
)
def test_a_network_is_found_in_the_usual_description(description: str, network: str) -> None:
    """It stands just before the address; the end of a plot is none."""
    assert find_network(description, "https://x/") == network
    assert find_network(description, "") == ""


def test_commands_on_the_page_have_the_options_of_the_server(line: Line) -> None:
    """Without --config or --demo a command would concern other files, so the page names those that the server has."""
    with run_feed(line, program="trakt-ical --config tv.toml") as running:
        running.refresh()
        Path(line.environ["TRAKT_ICAL_TOKEN_FILE"]).unlink()
        line.clock.pass_by(hours=2)
        running.refresh()
        page = read_page(running)
    assert "Run: trakt-ical --config tv.toml login</p>" in page
    assert "trakt-ical --config tv.toml feed renew NAME</code>" in page
