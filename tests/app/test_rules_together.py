"""Every rule at once, on the built-in Trakt over HTTP; the judges read the calendars."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import icalendar
import pytest

from tests.conftest import Line
from tests.readers import judge
from tests.rules import EVERY, EVERY_OF_V1

EXACT = {"HOURS": "exact", "OFFSET": "90", "ALARMS": "1 h before, premieres: at the start, 09:00 that day"}
OF_V2 = {"KIND": "shows,movies,streaming,dvd", "API": "v2"}
OF_V1 = {"KIND": "shows", "API": "v1"}
BY_THE_HOUR = {"v2": EVERY | OF_V2 | EXACT, "v1": EVERY_OF_V1 | OF_V1 | EXACT}
WHOLE_DAYS = {"v2 in whole days": EVERY | OF_V2, "v1 in whole days": EVERY_OF_V1 | OF_V1}


def export_events(line: Line, rules: dict[str, str]) -> list[icalendar.Event]:
    """The events that an export with *rules* writes where there was no calendar."""
    line.ics.unlink(missing_ok=True)
    environ = {"TIMEZONE": "America/New_York", **rules}
    result = line("export", environ={f"TRAKT_ICAL_{name}": value for name, value in environ.items()})
    assert result.exit_code == 0, result.stderr
    return icalendar.Calendar.from_ical(line.ics.read_bytes()).events


def test_the_judges_read_each_calendar_whole(line: Line, tmp_path: Path, shared: Path, judges: Path) -> None:
    """Every independent reader takes each of them, all its events together."""
    files = []
    for name, rules in (BY_THE_HOUR | WHOLE_DAYS).items():
        assert export_events(line, rules)
        files.append(line.ics.rename(tmp_path / f"{name}.ics"))
    assert judge(shared, judges, files) == []


@pytest.mark.parametrize("rules", [*BY_THE_HOUR.values(), *WHOLE_DAYS.values()], ids=[*BY_THE_HOUR, *WHOLE_DAYS])
def test_every_rule_has_its_part_in_one_calendar(line: Line, rules: dict[str, str]) -> None:
    """Episodes are left out, grouped, renamed and rung for in one export, each event once."""
    plain = export_events(line, {name: rules[name] for name in ("API", "KIND")})
    found = export_events(line, rules)
    assert 100 < len(found) < len(plain)
    assert len({event["UID"] for event in found}) == len(found)
    assert any(event["SUMMARY"].endswith("episodes)") for event in found)
    assert any(re.match(r"S\d\dE\d\d ", event["SUMMARY"]) for event in found)
    assert not any("harbor-nine" in event["URL"] for event in found)
    assert not any(isinstance(event.start, datetime) for event in found) or rules["HOURS"] == "exact"
    for event in found:
        triggers = [alarm["TRIGGER"].dt for alarm in event.walk("VALARM")]
        assert len(set(triggers)) == len(triggers)
    assert sum(len(event.walk("VALARM")) for event in found) > 100


@pytest.mark.parametrize("rules", BY_THE_HOUR.values(), ids=BY_THE_HOUR)
def test_a_group_lasts_as_long_as_its_episodes(line: Line, rules: dict[str, str]) -> None:
    """Grouped or not, all episodes that have an hour take the same time together."""
    alone = export_events(line, rules | {"GROUP": "off"})
    together = export_events(line, rules)
    assert len(together) < len(alone)
    assert add_lengths(together) == add_lengths(alone)


def add_lengths(found: list[icalendar.Event]) -> timedelta:
    """How long all that has an hour takes."""
    spans = (event.end - event.start for event in found if isinstance(event.start, datetime))
    return sum(spans, timedelta(0))
