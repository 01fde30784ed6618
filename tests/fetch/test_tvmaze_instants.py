"""When an episode of TVmaze airs, and what its other fields become."""

from __future__ import annotations

import json
import logging
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.tvmaze import make_channel, make_imported_show, make_wire_episode, make_wire_show
from trakt_ical.fetch.odd_entries import OddEntries
from trakt_ical.fetch.tvmaze.instant import find_moment
from trakt_ical.fetch.tvmaze.reader import make_show, read_episodes, strip_tags
from trakt_ical.fetch.tvmaze.wire import EpisodeWire, ShowWire
from trakt_ical.model import EpisodeKind, Moment, Steps
from trakt_ical.trakt.client import Answer

TOKYO = {"network": make_channel("Tokyo MX", "JP")}
GLOBAL = {"network": None, "webChannel": make_channel("Netflix", None)}
AT = datetime(2026, 12, 3, 3, tzinfo=UTC)
DAY = date(2026, 12, 2)

TABLE: dict[str, tuple[dict[str, Any], dict[str, Any], Moment | None]] = {
    "hour and instant agree": ({"airtime": "22:00", "airstamp": "2026-12-03T03:00:00+00:00"}, {}, AT),
    "an offset of its own": ({"airtime": "22:00", "airstamp": "2026-12-02T22:00:00-05:00"}, {}, AT),
    "an hour with seconds": ({"airtime": "22:00:00", "airstamp": "2026-12-03T03:00:00+00:00"}, {}, AT),
    "no date": ({"airdate": "", "airstamp": None}, {}, None),
    "a date that is null": ({"airdate": None, "airstamp": None}, {}, None),
    "no hour: noon of UTC means nothing": ({"airstamp": "2026-12-02T12:00:00+00:00"}, {}, DAY),
    "no hour on a network without a country": ({"airstamp": "2026-12-02T12:00:00+00:00"}, GLOBAL, DAY),
    "no instant": ({"airtime": "22:00", "airstamp": None}, {}, DAY),
    "an instant that is none": ({"airtime": "22:00", "airstamp": "soon"}, {}, DAY),
    "an instant without an offset": ({"airtime": "22:00", "airstamp": "2026-12-02T22:00:00"}, {}, DAY),
    "an hour that is none": ({"airtime": "late", "airstamp": "2026-12-03T03:00:00+00:00"}, {}, DAY),
    "an hour that no clock has": ({"airtime": "25:00", "airstamp": "2026-12-03T06:00:00+00:00"}, {}, DAY),
    "hour and instant contradict": ({"airtime": "22:00", "airstamp": "2026-12-02T22:00:00+00:00"}, {}, DAY),
    "the day is another one": ({"airtime": "22:00", "airstamp": "2026-12-06T03:00:00+00:00"}, {}, DAY),
    "the day before the schedule's": ({"airtime": "22:00", "airstamp": "2026-12-02T03:00:00+00:00"}, {}, DAY),
    "the night after the schedule's day": (
        {"airtime": "01:00", "airstamp": "2026-12-02T16:00:00+00:00"},
        TOKYO,
        datetime(2026, 12, 2, 16, tzinfo=UTC),
    ),
    "midnight is an hour": (
        {"airtime": "00:00", "airstamp": "2026-12-02T05:00:00+00:00"},
        {},
        AT.replace(day=2, hour=5),
    ),
    "no zone to check by": ({"airtime": "22:00", "airstamp": "2026-12-03T03:00:00+00:00"}, GLOBAL, DAY),
    "a zone that does not exist": (
        {"airtime": "22:00", "airstamp": "2026-12-03T03:00:00+00:00"},
        {"network": {"name": "X", "country": {"code": "XX", "timezone": "Mars/Olympus"}}},
        DAY,
    ),
    "the web channel's zone where the network has none": (
        {"airtime": "22:00", "airstamp": "2026-12-03T03:00:00+00:00"},
        {"network": make_channel("World", None), "webChannel": make_channel("Max", "US")},
        AT,
    ),
    "the hour that summer time leaves out": (
        {"airdate": "2026-03-08", "airtime": "02:30", "airstamp": "2026-03-08T07:30:00+00:00"},
        {},
        date(2026, 3, 8),
    ),
    "the hour that comes twice": (
        {"airdate": "2026-11-01", "airtime": "01:30", "airstamp": "2026-11-01T06:30:00+00:00"},
        {},
        datetime(2026, 11, 1, 6, 30, tzinfo=UTC),
    ),
}


@pytest.mark.parametrize(("episode", "show", "expected"), TABLE.values(), ids=TABLE)
def test_when_an_episode_airs(episode: dict[str, Any], show: dict[str, Any], expected: Moment | None) -> None:
    """The instant where its hour is known and agrees with it, else the day, and each way tells a reason."""
    wire = msgspec.convert(make_wire_episode(1, "2026-12-02") | episode, EpisodeWire)
    steps = Steps()
    assert find_moment(wire, msgspec.convert(make_wire_show(1, **show), ShowWire), steps) == expected
    assert len(steps) >= (2 if expected else 1)


@pytest.mark.parametrize("airdate", ["2026-02-30", "someday", "2026"])
def test_a_date_that_is_none_is_odd(airdate: str) -> None:
    """There is nothing to show such an episode on."""
    with pytest.raises(ValueError, match=airdate):
        find_moment(msgspec.convert(make_wire_episode(1, airdate), EpisodeWire), ShowWire(1))


NETWORKS = {
    "13_the_flash": make_channel("The CW", "US"),
    "1370_jessica_jones": make_channel("Netflix", "US"),
    "180_firefly": make_channel("FOX", "US"),
    "210_doctor_who": make_channel("BBC One", "GB"),
    "249_daily_show": make_channel("Comedy Central", "US"),
    "2993_stranger_things": make_channel("Netflix", None),
    "3928_daily_show": make_channel("Comedy Central", "US"),
    "4879_1992": {"name": "Sky Atlantic", "country": {"code": "IT", "timezone": "Europe/Rome"}},
    "8652_unite_9": {"name": "ICI Radio-Canada Télé", "country": {"code": "CA", "timezone": "Canada/Atlantic"}},
}


def test_every_recorded_episode_has_its_instant_or_day(shared: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Of each recorded episode with an hour the instant is its airstamp; of each without one it is its date."""
    seen = 0
    for path in sorted((shared / "fixtures/access/tvmaze").glob("episodes_*.json")):
        network = next(value for name, value in NETWORKS.items() if f"_{name}" in path.name)
        wire = msgspec.convert(make_wire_show(1, network=network), ShowWire)
        show = make_show(make_imported_show(1), wire, "trakt-1")
        entries = [each for each in json.loads(path.read_bytes()) if each["number"] is not None]
        expected = {
            each["id"]: datetime.fromisoformat(each["airstamp"]).astimezone(UTC)
            if each["airtime"]
            else date.fromisoformat(each["airdate"])
            for each in entries
            if each["airdate"]
        }
        answer = Answer(path.name, 200, {}, path.read_bytes(), server="TVmaze")
        with caplog.at_level(logging.WARNING):
            episodes = list(read_episodes(answer, show, wire, first=date.min, odd=OddEntries(), steps=True))
        assert {each.episode_id: each.starts for each in episodes} == expected, path.name
        seen += len(expected)
    assert seen >= 14
    assert not caplog.records


def test_what_the_other_fields_become() -> None:
    """Names become codes, tags become text, and the first number is a premiere."""
    wire = msgspec.convert(
        make_wire_show(7, runtime=None, averageRuntime=50, language="Japanese", rating={"average": 8.1}, **TOKYO),
        ShowWire,
    )
    show = make_show(make_imported_show(7, title="A Title"), wire, "trakt-7")
    assert (show.title, show.language, show.country, show.network) == ("A Title", "ja", "jp", "Tokyo MX")
    assert (show.rating, show.runtime and show.runtime.seconds, show.slug) == (8.1, 3000, "show-7")
    entries = [
        make_wire_episode(1, "2026-12-02", summary="<p>One &amp; <b>two</b>.<br>Three.</p><p>Four</p>"),
        make_wire_episode(1, "2026-12-09", season=2026),
        make_wire_episode(2, "2026-12-10", url="http://www.tvmaze.com/episodes/2/x"),
        make_wire_episode(3, "2026-12-11", number=None),
        make_wire_episode(4, ""),
        make_wire_episode(5, "2026-11-01"),
    ]
    answer = Answer("episodes", 200, {}, json.dumps(entries).encode(), server="TVmaze")
    first, second, third = read_episodes(answer, show, wire, first=date(2026, 12, 1), odd=OddEntries(), steps=False)
    assert first.overview == "One & two.\nThree.\nFour"
    assert [each.kind for each in (first, second, third)] == [
        EpisodeKind.SERIES_PREMIERE,
        EpisodeKind.SEASON_PREMIERE,
        EpisodeKind.STANDARD,
    ]
    assert third.link == "https://www.tvmaze.com/episodes/2/x"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (None, None),
        ("", None),
        ("<p></p>", None),
        ("plain", "plain"),
        ("<p>a < b &lt; c &#39;d&#39; &nbsp;e</p>", "a < b < c 'd' e"),
        ("<p>open", "open"),
        ("<p>a\nb</p>\n<p>c</p>", "a b\nc"),
    ],
)
def test_tags_are_stripped(html: str | None, text: str | None) -> None:
    """Of a summary only the text stays, with a line for each paragraph."""
    assert strip_tags(html) == text
