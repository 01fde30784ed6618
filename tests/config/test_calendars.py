"""Several calendars in one settings file: what they share, and what each has for itself."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import icalendar
import pytest

from tests.conftest import Line
from trakt_ical.config import resolve_settings
from trakt_ical.demo import Fault
from trakt_ical.errors import SettingsError

THREE = """
back = 10

[defaults]
ahead = 20
timezone = "Europe/Berlin"

[calendar.Shows]
output = "{folder}/shows.ics"

[calendar."Films at home"]
kind = ["streaming", "dvd"]
ahead = 60
name = "Home cinema"
color = "GoldenRod"
advertised_refresh = 12
output = "{folder}/films.ics"

[calendar.Later]
kind = ["shows", "movies"]
"""


@pytest.fixture
def three(line: Line) -> Line:
    """A command line whose settings file names three calendars, two of them with an output."""
    file = line.folder / "config.toml"
    file.write_text(THREE.format(folder=line.folder))
    line.environ["TRAKT_ICAL_CONFIG"] = str(file)
    del line.environ["TRAKT_ICAL_OUTPUT"]
    return line


def read_calendar(line: Line, name: str) -> icalendar.Calendar:
    """The calendar in the file *name* that a run wrote."""
    octets = (line.folder / name).read_bytes()
    line.exports.add(octets)
    return icalendar.Calendar.from_ical(octets)


def list_requested_paths(line: Line) -> list[str]:
    """The paths of all requests so far, in order."""
    return [seen.path for seen in line.demo.requests]


def test_without_a_name_all_that_have_an_output_are_written(three: Line) -> None:
    """`export` writes each calendar that has an output, with a line for each, and leaves the others."""
    result = three("export")
    assert result.exit_code == 0
    assert re.findall(r"in \S+/(\w+)\.ics", result.stderr) == ["shows", "films"]
    assert len(read_calendar(three, "shows.ics").events) > len(read_calendar(three, "films.ics").events) > 0
    assert sorted(path.name for path in three.folder.glob("*.ics")) == ["films.ics", "shows.ics"]


def test_a_name_chooses_one(three: Line) -> None:
    """`export NAME` writes that calendar alone, whatever its capitals; without an output it needs -o."""
    assert three("export", "films at HOME").exit_code == 0
    assert [path.name for path in three.folder.glob("*.ics")] == ["films.ics"]
    result = three("export", "later")
    assert result.exit_code == 3
    assert all(word in result.stderr for word in ("calendar Later", "output", "-o"))
    assert three("export", "later", "-o", str(three.folder / "later.ics")).exit_code == 0
    assert {str(event["UID"]).endswith("cinema@trakt-ical") for event in read_calendar(three, "later.ics").events} == {
        True,
        False,
    }


def test_an_unknown_name_is_a_wrong_usage(three: Line) -> None:
    """A calendar that the settings do not name is exit 2, with the nearest name."""
    result = three("export", "Show")
    assert result.exit_code == 2
    assert "Shows, Films at home, Later. Did you mean Shows?" in result.stderr


def test_one_output_cannot_take_several(three: Line) -> None:
    """-o with several calendars is exit 2; two calendars with one output are exit 3, however it is spelt."""
    result = three("export", "-o", "x.ics")
    assert (result.exit_code, "-o" in result.stderr) == (2, True)
    file = three.folder / "config.toml"
    text = file.read_text().replace("/films.ics", f"/../{three.folder.name}/shows.ics")
    file.write_text(text)
    line_number = text[: text.index("shows.ics", text.index("Films"))].count("\n") + 1
    result = three("export", "shows")
    assert result.exit_code == 3
    assert "Shows and Films at home" in result.stderr
    assert f"{file}, line {line_number}" in result.stderr


def test_trakt_is_asked_once_for_all(three: Line) -> None:
    """Calendars of one account share their requests: no address is requested twice, each kind for its days only."""
    three.environ["TRAKT_ICAL_CONFIG"] = str(three.folder / "more.toml")
    more = THREE + '\n[calendar.Same]\noutput = "{folder}/same.ics"\nhours = "whole-day"\nkind = ["shows", "dvd"]\n'
    (three.folder / "more.toml").write_text(more.format(folder=three.folder))
    assert three("export").exit_code == 0
    counted = Counter(list_requested_paths(three))
    assert max(counted.values()) == 1
    assert any("/dvd/" in path for path in counted)
    days = [int(path.rpartition("/")[2]) for path in counted if "my/shows/" in path]
    assert sum(days) == 10 + 20 + 1 + 2
    assert {event.DTSTART.__class__.__name__ for event in read_calendar(three, "same.ics").events} == {"date"}


def test_each_has_a_look_of_its_own(three: Line) -> None:
    """Name, color and the advertised refresh are a calendar's own; its name in the settings is who it is."""
    three("export")
    films, shows = read_calendar(three, "films.ics"), read_calendar(three, "shows.ics")
    assert (films["X-WR-CALNAME"], films["COLOR"], films["X-APPLE-CALENDAR-COLOR"]) == (
        "Home cinema",
        "goldenrod",
        "#DAA520",
    )
    assert films["X-PUBLISHED-TTL"].to_ical() == b"PT12H"
    assert films["X-TRAKT-ICAL-SCOPE"].split("/")[3] == "Films%20at%20home"
    assert (shows["X-WR-CALNAME"], shows["COLOR"]) == ("Shows", "crimson")


def test_a_new_look_changes_no_event(three: Line) -> None:
    """Another name, color and refresh leave every event byte for byte as it was."""
    three("export")
    before = (three.folder / "films.ics").read_bytes()
    file = three.folder / "config.toml"
    file.write_text(file.read_text().replace("Home cinema", "Cinema").replace("GoldenRod", "teal"))
    three.clock.pass_by(hours=1)
    assert three("export").exit_code == 0
    after = (three.folder / "films.ics").read_bytes()
    assert b"X-WR-CALNAME:Cinema\r\n" in after
    start = b"BEGIN:VEVENT"
    assert after[after.index(start) :] == before[before.index(start) :]


def test_a_calendar_emptied_by_its_rules_says_so(line: Line) -> None:
    """A calendar that its rules leave empty says how many airings there were; one that Trakt leaves empty does not."""
    result = line("export", environ={"TRAKT_ICAL_INCLUDE_SHOWS": "no such show"})
    assert result.exit_code == 0
    assert re.match(r"0 events .*\b[1-9]\d* airings\b", result.stderr)
    line.demo.misbehave(Fault(path="/calendars/", empty_list=True, times=0))
    assert "airings" not in line("export", "-o", f"{line.folder}/other.ics").stderr


def test_a_day_without_airings_is_not_called_emptied_by_rules(line: Line) -> None:
    """Airings of the next day, which is fetched too, do not count as left out of this one."""
    days = sorted({each["day"] for each in json.loads(line("agenda", "--kind", "movies", "--json").stdout)})
    day = str(date.fromisoformat(days[-1]) - timedelta(days=1))
    assert day not in days
    output = f"{line.folder}/day.ics"
    result = line("export", "--kind", "movies", "--from", day, "--days", "1", "-o", output)
    assert (
        result.exit_code,
        result.stderr.count("\n"),
        bool(re.search(r"\bairings?\b", result.stderr.replace(output, ""))),
    ) == (0, 1, False)


def test_one_airing_left_out_is_written_in_the_singular(line: Line) -> None:
    """If a single airing is left out, the message does not say airings."""
    day = json.loads(line("agenda", "--kind", "movies", "--json").stdout)[0]["day"]
    environ = {"TRAKT_ICAL_INCLUDE_COUNTRIES": "xx"}
    result = line("export", "--kind", "movies", "--from", day, "--days", "1", environ=environ)
    assert re.search(r"\bairing\b", result.stderr)
    assert "airings" not in result.stderr


def test_a_calendar_named_twice_is_written_once(three: Line) -> None:
    """Names of calendars are the same whatever their capitals: none waits for itself."""
    result = three("export", "Shows", "shows", "SHOWS")
    assert result.exit_code == 0
    assert result.stderr.count(" in ") == 1


def test_an_output_that_is_not_ours_leaves_the_other_calendars(three: Line) -> None:
    """An output that is not ours is an error of that calendar only: the error names it, and the others are written."""
    (three.folder / "shows.ics").write_text("not a calendar")
    result = three("export")
    assert result.exit_code == 6
    assert "Error: Shows: " in result.stderr
    assert (three.folder / "shows.ics").read_text() == "not a calendar"
    assert read_calendar(three, "films.ics").events


def test_a_trakt_that_fails_fails_for_all(three: Line) -> None:
    """Where Trakt does not answer, one line names all calendars and each file stays; the exit status is Trakt's."""
    three("export")
    before = [(three.folder / name).read_bytes() for name in ("shows.ics", "films.ics")]
    three.demo.misbehave(Fault(path="/calendars/my/dvd", status=500, times=0))
    result = three("export")
    assert result.exit_code == 5
    [error] = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert [name in error for name in ("Shows", "Films at home")] == [True, True]
    assert [(three.folder / name).read_bytes() for name in ("shows.ics", "films.ics")] == before


def test_changes_name_their_calendar(three: Line) -> None:
    """With named calendars each change names its calendar, for people and for programs."""
    changes = json.loads(three("export", "shows", "--changes", "--json").stdout)
    assert {change["calendar"] for change in changes} == {"Shows"}
    result = three("export", "--changes")
    assert {row.partition(": ")[0] for row in result.stdout.splitlines()} == {"Films at home"}


def test_my_calendar_and_the_worlds_go_together(line: Line) -> None:
    """Calendars of different sources are fetched each from its own, in one run."""
    file = line.folder / "config.toml"
    file.write_text(
        f'[calendar.Mine]\noutput = "{line.folder}/mine.ics"\n'
        f'[calendar.World]\nsource = "all"\nback = 2\nahead = 2\noutput = "{line.folder}/world.ics"\n'
    )
    del line.environ["TRAKT_ICAL_OUTPUT"]
    assert line("export", "--config", str(file)).exit_code == 0
    assert {"/calendars/my", "/calendars/all"} <= {"/".join(path.split("/")[:3]) for path in list_requested_paths(line)}
    assert read_calendar(line, "world.ics").events


WRONG = [
    ("[calendar.A]\n\nbcak = 1", r"line 3 .*bcak.*\bback\?"),
    ("[defaults]\nhuors = 'exact'", r"line 2 .*huors.*\bhours\?"),
    ("[calender.A]\nhours = 'exact'", r"line 1 .*calender.*\bcalendar\?"),
    ("[default]\nhours = 'exact'", r"line 1 .*default\b.*\bdefaults\?"),
    ("[calendar.A]\nclient_id = 'x'", r"line 2.* client_id\b"),
    ("back = 1\n[defaults]\nback = 2", r"line 3 .*line 1 .*\bback\b"),
    ("calendar = 3", r"line 1.*\[calendar\.NAME\]"),
    ("[calendar]\nA = 3", r"line 2.* calendar\.A must .*\[calendar\.A\]"),
    ("defaults = 1", r"line 1.* defaults must .*\[defaults\]"),
    ("[calendar.'a/b']\nback = 1", r"line 1.*'a/b'"),
    ("[calendar.' a']\n", r"line 1.*' a'"),
    ("[calendar.A]\nback = 1\n[calendar.a]\n", r"line 3.*\ba and A\b"),
    ("[calendar.A]\ntitle = '{shwo} {code}'", r"title \(.*line 2\).*\{shwo\}.*\bshow\?"),
    ("[calendar.A]\ntitle = '{show'", r"title \(.*line 2\).* \{ "),
    ("[calendar.A]\ntitle = 'Television'", r"title \(.*line 2\).*\{part\}"),
    ("[calendar.A]\ndescription = '[{overview}'", r"description \(.*line 2\).* \[ "),
    ("[calendar.A]\ntimezone = 'Europe/Berln'", r"timezone \(.*line 2\) .*'Europe/Berln'.*Europe/Berlin\?"),
    ("[calendar.A]\nhours = 'exakt'", r"hours \(.*line 2\).*'exakt'.*exact\?"),
    ("[calendar.A]\ngroup = 'season'", r"group \(.*line 2\).*'season'.*off, day, drop"),
    ("[calendar.A]\nlate_night = 13", r"late_night \(.*line 2\) .* 0 to 12\b"),
    ("[calendar.A]\noffset = 1441", r"offset \(.*line 2\) .* -1440 to 1440\b"),
    ("[calendar.A.show_offsets]\nsilo = 9999", r"show_offsets \(.*line 1\) .* -1440 to 1440\b"),
    ("[calendar.A]\nshow_offsets = 3", r"show_offsets \(.*line 2\) must be a table of names"),
    ("[calendar.A]\nshow_specials = { x = 3 }", r"show_specials .*must be a table in which x is true or false"),
    ("[calendar.A]\nmin_rating = 11", r"min_rating \(.*line 2\) .* 0 to 10\b"),
    ("[calendar.A]\nmin_rating = 'good'", r"min_rating \(.*line 2\) must be a number"),
    ("[calendar.A]\ncolor = 'crimsom'", r"color \(.*line 2\).*'crimsom'.*crimson\?"),
    ("[calendar.A]\ncountry = 'Atlantis'", r"country \(.*line 2\).*'Atlantis'"),
    ("[calendar.A]\nunknown_hour = '24:00'", r"unknown_hour \(.*line 2\): '24:00' .*20:00"),
    ("[calendar.A]\nunknown_hour = 'midnigt'", r"unknown_hour \(.*line 2\): 'midnigt' .*midnight"),
    ("[calendar.A]\nunknown_hour = 20:00:00", r"unknown_hour \(.*line 2\) must be a text"),
    ("[calendar.A]\nshow_unknown_hours = {lost = 'eight'}", r"show_unknown_hours \(.*line 2\): 'eight' .*20:00"),
    ("[calendar.A]\nshow_unknown_hours = {lost = 8}", r"show_unknown_hours \(.*line 2\) must be .*lost is a text"),
    (
        "[calendar.A]\nshow_unknown_hours = {lost = '8:00', Lost = '9:00'}",
        r"show_unknown_hours \(.*\) has two values for lost",
    ),
    ("[calendar.A]\ndates = 'release'", r"dates \(.*line 2\) .*'release'.*released"),
    ("[calendar.A]\nalarms = ['soon']", r"alarms \(.*line 2\): 'soon' .*\"30 min before\""),
    ("[calendar.A]\nalarms = [\n 'film: 9:00 that day']", r"alarms \(.*line 2\): .*'film'"),
    (
        "[calendar.A]\ninclude_genres = ['Drama']\nexclude_genres = ['drama', 'anime']",
        r"exclude_genres \(.*line 3\).* include_genres .*\bdrama\b",
    ),
    (
        "[calendar.A]\ninclude_countries = ['UK', 'us']\nexclude_countries = ['Great Britain', 'gb']",
        r"exclude_countries \(.*line 3\).* include_countries .*\bgb\b",
    ),
    (
        "[calendar.A]\nshow_offsets = { doctor-who = 5, 'Doctor Who' = 6 }",
        r"show_offsets \(.*line 2\).*\bdoctor who\b",
    ),
    (
        "[calendar.A]\nname = 'that names gruop'\nalarms = [\n  'soon', # gruop\n]\ngruop = [\n 'day']",
        r"line 6 .*gruop.*\bgroup\?",
    ),
    ("[calendar.A]\nsource = 'all'\nwatched = false", r"watched \(.*line 3\).*\bsource\b"),
    ("[calendar.A]\nsource = 'all'\nwatchlist_only = true", r"watchlist_only \(.*line 3\).*\bsource\b"),
    *(
        (f"api = 'v1'\nusername = 'x'\n[calendar.A]\n{rule}", r"\(.*line 4\) needs username and password")
        for rule in ("watched = false", "watchlist_only = true", "min_rating = 5")
    ),
    ("api = 'v1'\n[calendar.A]\ncountry = 'de'", r"country \(.*line 3\) .*API v1"),
    ("api = 'v1'\n[calendar.A]\ninclude_languages = ['en']", r"include_languages \(.*line 3\) .*API v1"),
]


@pytest.mark.parametrize(("text", "sentence"), WRONG)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, text: str, sentence: str) -> None:
    """A wrong setting of a calendar ends in exit 3 and names setting, file and line, and the nearest name."""
    file = tmp_path / "config.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=sentence) as raised:
        resolve_settings(flags={}, environ={}, default_file=file)
    assert raised.value.exit_code == 3
    assert str(file) in str(raised.value)


def test_a_flag_beats_the_environment_beats_the_table_beats_the_defaults(tmp_path: Path) -> None:
    """Of a calendar's setting the nearest source counts; what is not said there comes from further away."""
    file = tmp_path / "config.toml"
    file.write_text("ahead = 5\n[defaults]\nback = 1\ngroup = 'day'\n[calendar.A]\nback = 2\n[calendar.B]\n")

    def list_spans(environ: dict[str, str], **flags: int) -> list[tuple[int, int, str]]:
        calendars = resolve_settings(flags=flags, environ=environ, default_file=file).calendars
        return [(each.settings.back, each.settings.ahead, each.settings.group) for each in calendars]

    assert list_spans({}) == [(2, 5, "day"), (1, 5, "day")]
    assert list_spans({"TRAKT_ICAL_BACK": "3"}) == [(3, 5, "day"), (3, 5, "day")]
    assert list_spans({"TRAKT_ICAL_BACK": "3"}, back=4) == [(4, 5, "day"), (4, 5, "day")]


def test_tables_of_names_and_lists_have_their_types(tmp_path: Path) -> None:
    """Offsets and lists may come from file and environment alike; titles keep their blanks."""
    file = tmp_path / "config.toml"
    file.write_text(
        '[calendar.A]\nshow_offsets = { "The Slow Ferry" = 60, silo = -30 }\nmin_rating = 7.5\n'
        'include_shows = [1388, "24"]\n'
    )
    environ = {"TRAKT_ICAL_NETWORK_OFFSETS": "BBC One=15, HBO=-180", "TRAKT_ICAL_EXCLUDE_SHOWS": "The Slow Ferry, silo"}
    [calendar] = resolve_settings(flags={}, environ=environ, default_file=file).calendars
    settings = calendar.settings
    assert settings.show_offsets == (("The Slow Ferry", 60), ("silo", -30))
    assert settings.network_offsets == (("BBC One", 15), ("HBO", -180))
    assert settings.exclude_shows == ("The Slow Ferry", "silo")
    assert settings.min_rating == 7.5
    assert settings.include_shows == ("1388", "24")


def test_config_lists_what_calendars_have_for_themselves(three: Line) -> None:
    """`config` shows the settings that hold for all, then those that a calendar has for itself."""
    rows = three("config").stdout.splitlines()
    own = [row for row in rows if row.startswith("Films at home: ")]
    assert [row.split(": ")[1].split()[0] for row in own] == [
        "kind",
        "ahead",
        "output",
        "name",
        "color",
        "advertised_refresh",
    ]
    assert "[calendar.Films at home] in " in own[0]
