"""The built-in TVmaze: the same cast in the form of TVmaze, with what it knows otherwise than Trakt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests

from tests.demos import Demo


def get(demo: Demo, path: str) -> Any:
    answer = requests.get(demo.url + path, timeout=60)
    assert answer.status_code == 200
    assert "ETag" not in answer.headers
    assert answer.headers["Cache-Control"].startswith("public, max-age=")
    return answer.json()


def test_the_schedule_has_what_is_ahead_with_its_show(demo: Demo) -> None:
    """Every entry is ahead, of a show with numbers; specials have no number, and nothing is there twice."""
    entries = get(demo, "/schedule/full")
    now = demo.backend.clock()
    assert len(entries) > 100
    assert all(datetime.fromisoformat(each["airstamp"]) >= now - timedelta(days=1) for each in entries)
    assert len({each["id"] for each in entries}) == len(entries)
    assert {each["number"] is None for each in entries} == {True, False}
    assert {each["_embedded"]["show"]["externals"]["thetvdb"] is None for each in entries} == {True, False}


def test_an_hour_fits_its_instant_or_is_not_known(demo: Demo) -> None:
    """An hour is one of its country's clock, on the day or the night after; without one the instant is noon in UTC."""
    hours = set()
    for entry in get(demo, "/schedule/full"):
        stamp, show = datetime.fromisoformat(entry["airstamp"]).astimezone(UTC), entry["_embedded"]["show"]
        if not entry["airtime"]:
            assert (stamp.hour, f"{stamp:%Y-%m-%d}") == (12, entry["airdate"])
            continue
        there = stamp.astimezone(ZoneInfo((show["network"] or show["webChannel"])["country"]["timezone"]))
        assert f"{there:%H:%M}" == entry["airtime"]
        hours.add((there.date() - datetime.fromisoformat(entry["airdate"]).date()).days)
    assert hours == {0, 1}


def test_a_change_is_among_the_updates_and_in_the_episodes(demo: Demo) -> None:
    """What moves an episode changes its show; other shows did not change."""
    before = get(demo, "/updates/shows?since=day")
    [episode] = [each for each in get(demo, "/shows/60101/episodes") if each["airdate"] > "2026-04-20"][:1]
    demo.move("harbor-nine", episode["season"], episode["number"], timedelta(minutes=30))
    after = get(demo, "/updates/shows?since=day")
    assert {number for number in after if after[number] != before.get(number)} == {"60101"}
    [moved] = [each for each in get(demo, "/shows/60101/episodes") if each["id"] == episode["id"]]
    assert moved["airtime"] != episode["airtime"]
    assert get(demo, "/shows/60101")["updated"] == after["60101"]


@pytest.mark.parametrize("path", ["/shows/1/episodes", "/shows/1", "/shows/99999999/episodes"])
def test_a_show_that_is_none_is_a_404_in_json(demo: Demo, path: str) -> None:
    """As TVmaze answers it, and kept as long as every other answer."""
    answer = requests.get(demo.url + path, timeout=60)
    assert (answer.status_code, answer.json()["status"]) == (404, 404)
    assert "max-age=3600" in answer.headers["Cache-Control"]
