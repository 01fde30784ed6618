"""The samples are what they claim to be: an answer, and the calendar that it becomes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest

from tests.conftest import Line
from tests.factories import make_calendar_id, make_calendar_spec
from tests.readers import judge
from tests.runs import make_first_calendar
from tests.server import Reply, Request, run_server
from trakt_ical.config import resolve_settings
from trakt_ical.fetch.imported.imported_list import ImportedShow
from trakt_ical.fetch.odd_entries import OddEntries
from trakt_ical.fetch.sources import SOURCES, Fetched, FetchRequest
from trakt_ical.fetch.tvmaze import reader as tvmaze_reader
from trakt_ical.fetch.tvmaze.wire import ShowWire
from trakt_ical.fetch.v1 import reader as v1_reader
from trakt_ical.fetch.v2 import reader as v2_reader
from trakt_ical.model import Airing, DateRange, Release
from trakt_ical.trakt.client import Answer

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
ANSWERS = sorted([*SAMPLES.glob("v*/*.json"), *SAMPLES.glob("tvmaze/*.json")])
RULES = sorted(SAMPLES.glob("rules/*.toml"))
ALWAYS = DateRange(date(2000, 1, 1), 20000)


class SampleSource:
    """A source that has one answer."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fetch(self, needs: FetchRequest, progress: object) -> Fetched:
        """The sample, whatever is asked for."""
        return Fetched(dict.fromkeys(needs.days, self._airings()))

    def _airings(self) -> list[Airing]:
        answer = Answer(f"GET {self.path.name}", 200, {}, self.path.read_bytes())
        if self.path.parent.name == "tvmaze":
            return list(read_tvmaze(self.path))
        if self.path.parent.name == "v1":
            return list(v1_reader.read_episodes(answer))
        if self.path.stem == "movies":
            return list(v2_reader.read_movies(answer, Release.CINEMA))
        return list(v2_reader.read_shows(answer))


def read_tvmaze(path: Path) -> Iterator[Airing]:
    """Return the episodes of a sample of TVmaze, which has a show and the answer about its episodes."""
    content = json.loads(path.read_bytes())
    wire = msgspec.convert(content["show"], ShowWire)
    show = tvmaze_reader.make_show(ImportedShow(title=wire.name or "", trakt=190001), wire, "trakt-190001")
    answer = Answer(f"GET {path.name}", 200, {}, json.dumps(content["episodes"]).encode())
    yield from tvmaze_reader.read_episodes(answer, show, wire, first=ALWAYS.first, odd=OddEntries(), steps=False)


def render(path: Path) -> bytes:
    api = SOURCES[path.parent.name].stands_for or path.parent.name
    calendar_id = make_calendar_id(api, owner="sample", kinds=(path.stem,))
    return make_first_calendar(
        SampleSource(path), make_calendar_spec(ALWAYS, calendar_id=calendar_id), datetime(2026, 1, 1, tzinfo=UTC)
    )


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_an_answer_becomes_the_calendar_beside_it(path: Path) -> None:
    """Rendering a sample gives its golden file to the octet; UPDATE_SAMPLES=1 writes it anew."""
    golden = path.with_suffix(".ics")
    if os.environ.get("UPDATE_SAMPLES"):
        golden.write_bytes(render(path))
    assert render(path) == golden.read_bytes()


def answer_request(sample: Path, request: Request) -> Reply:
    """What Trakt answers: `NAME.json` of the sample for the calendar of shows, for the rest what is beside it."""
    path = request.path.partition("?")[0].strip("/").split("/")
    match path:
        case "calendars", "my", "shows", *_:
            return read_beside(sample, "json")
        case ("calendars", "my", name, *_) | ("users", "hidden", name):
            return read_beside(sample, f"{name}.json")
        case "users", "me", ("watched" | "watchlist") as name, *_:
            return read_beside(sample, f"{name}.json")
        case "movies", number, "releases", "de":
            releases = json.loads(read_beside(sample, "releases.json").body)
            return Reply(json.dumps(releases[number]).encode())
        case "sync", "last_activities":
            return Reply(b"{}")
    raise AssertionError(f"no sample is asked for {request.path}")


def read_beside(sample: Path, ending: str) -> Reply:
    answer = sample.with_suffix(f".{ending}")
    return Reply(answer.read_bytes() if answer.exists() else b"[]")


@pytest.mark.parametrize("settings", RULES, ids=lambda path: path.stem)
def test_settings_make_of_an_answer_the_calendar_beside_them(settings: Path, line: Line) -> None:
    """An export by a sample's settings writes its golden file to the octet; UPDATE_SAMPLES=1 writes it anew."""
    golden = settings.with_suffix(".ics")
    with run_server(lambda asked: answer_request(settings, asked)) as (url, _):
        result = line("export", "--config", str(settings), environ={"TRAKT_ICAL_API_URL": url})
    assert result.exit_code == 0, result.stderr
    if os.environ.get("UPDATE_SAMPLES"):
        golden.write_bytes(line.ics.read_bytes())
    assert line.ics.read_bytes() == golden.read_bytes()


def test_every_sample_is_judged_right(shared: Path, judges: Path) -> None:
    """Every reader takes every sample."""
    files = sorted(SAMPLES.rglob("*.ics"))
    assert len(files) == len(ANSWERS) + len(RULES)
    assert judge(shared, judges, files) == []


def test_the_judges_refuse_what_is_broken(shared: Path, judges: Path, tmp_path: Path) -> None:
    """The judges are awake: a calendar with a line cut away is refused."""
    octets = (SAMPLES / "v2" / "shows.ics").read_bytes()
    (tmp_path / "broken.ics").write_bytes(octets.replace(b"END:VEVENT\r\n", b"", 1))
    assert judge(shared, judges, [tmp_path / "broken.ics"]) != []


def test_the_sample_settings_are_right(tmp_path: Path, home: Path) -> None:
    """The sample of a settings file is one, as it is and with the secret's file that it offers."""
    text = (SAMPLES / "config.toml").read_text()
    (tmp_path / "config.toml").write_text(text)
    assert resolve_settings(flags={}, environ={}, default_file=tmp_path / "config.toml").settings.client_secret == ""
    (home / ".config" / "trakt-ical").mkdir(parents=True)
    (home / ".config" / "trakt-ical" / "client_secret").write_text("s3cret")
    (tmp_path / "config.toml").write_text(text.replace("# client_secret_file", "client_secret_file"))
    settings = resolve_settings(flags={}, environ={}, default_file=tmp_path / "config.toml").settings
    assert (settings.kind, settings.client_secret, settings.spoilers) == (("shows", "movies"), "s3cret", False)
