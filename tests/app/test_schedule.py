"""`trakt-ical schedule`: what it writes for each scheduler, and what it leaves alone.

The schedulers' own programs are stood in for by scripts, so that nobody's real schedule is touched. What is written is
judged by real ones: systemd-analyze, plistlib, an XML parser, a shell.
"""

from __future__ import annotations

import json
import os
import plistlib
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.conftest import Clock
from tests.programs import CRONTAB, write_programs
from trakt_ical.app.environment import Environment
from trakt_ical.cli import cli

RECORDER = """#!/bin/sh
echo "$0 $*" >> "$TABLE"
case "$*" in
    *show*timer*) echo "NextElapseUSecRealtime=Sun 2026-04-19 00:09:42 CEST"; echo ActiveState=active
        echo "LastTriggerUSec=Sat 2026-04-18 20:03:00 CEST" ;;
    *show*service*) echo Result=exit-code; echo ExecMainStatus=5 ;;
esac
"""


@dataclass
class Schedules:
    """The command line beside schedulers that are scripts; *table* is the crontab, or what was asked of the others."""

    table: Path
    clock: Clock
    folder: Path

    def __call__(self, *words: str, demo: bool = True, **environ: str) -> Result:
        general = ["--demo"] if demo else []
        environment = Environment(self.clock, environ=dict(os.environ) | environ)
        return CliRunner().invoke(cli, [*general, "schedule", *words], obj=environment)

    def read(self) -> str:
        """Return the crontab, or what was asked of the schedulers' programs."""
        return self.table.read_text() if self.table.exists() else ""


@pytest.fixture
def schedules(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Schedules:
    folder = tmp_path / "my calendars 100%"
    folder.mkdir()
    monkeypatch.chdir(folder)
    programs = write_programs(tmp_path / "bin", crontab=CRONTAB, systemctl=RECORDER, launchctl=RECORDER)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("TABLE", str(tmp_path / "table"))
    monkeypatch.setattr(sys, "argv", [str(Path(sys.executable).with_name("trakt-ical"))])
    return Schedules(tmp_path / "table", clock, folder)


def test_a_crontab_keeps_what_else_is_in_it(schedules: Schedules) -> None:
    """Install, install again with other hours, and remove: the lines of others stay as they are, in their order."""
    schedules.table.write_text("# mine\n5 4 * * * true\n")
    assert schedules("install", "--with", "cron").exit_code == 0
    schedules.table.write_text(schedules.read() + "1 2 * * * after\n")
    assert schedules("install", "--with", "cron", "--every", "12").exit_code == 0
    lines = schedules.read().splitlines()
    assert lines[:2] == ["# mine", "5 4 * * * true"]
    assert lines[4:] == ["1 2 * * * after"]
    assert lines[3].split()[1] == "0,12"
    assert schedules("remove", "--with", "cron").exit_code == 0
    assert schedules.read() == "# mine\n5 4 * * * true\n1 2 * * * after\n"


def test_the_crontabs_command_runs(schedules: Schedules) -> None:
    """The line that cron would give to a shell writes the calendar into the folder where it was installed."""
    schedules("install", "--with", "cron")
    command = schedules.read().splitlines()[-1].split(" ", 5)[5].replace(r"\%", "%")
    done = subprocess.run(["sh", "-c", command], env={"HOME": os.environ["HOME"]}, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert b"BEGIN:VEVENT" in (schedules.folder / "trakt-demo.ics").read_bytes()


def test_what_was_changed_by_hand_is_left_alone(schedules: Schedules) -> None:
    """Neither installed over nor removed; the error is one of the output, and names the place."""
    schedules("install", "--with", "cron")
    changed = schedules.read().replace("--demo", "--demo -v")
    schedules.table.write_text(changed)
    for words in (("install", "--with", "cron"), ("remove", "--with", "cron")):
        result = schedules(*words)
        assert result.exit_code == 6
        assert "crontab" in result.stderr
    assert schedules.read() == changed


def test_a_unit_of_somebody_else_is_left_alone(schedules: Schedules, home: Path) -> None:
    """A unit without the mark stays; nothing is asked of systemd."""
    unit = home / ".config/systemd/user/trakt-ical-demo.timer"
    unit.parent.mkdir(parents=True)
    unit.write_text("[Timer]\nOnCalendar=daily\n")
    for words in (("install", "--with", "systemd"), ("remove", "--with", "systemd")):
        result = schedules(*words)
        assert result.exit_code == 6
        assert str(unit) in result.stderr
    assert unit.read_text() == "[Timer]\nOnCalendar=daily\n"
    assert list(unit.parent.iterdir()) == [unit]
    assert "enable" not in schedules.read()
    assert "disable" not in schedules.read()


def test_units_are_installed_shown_and_removed(schedules: Schedules, home: Path) -> None:
    """Systemd is told of them, and asked for the next run and how the last one ended."""
    assert schedules("install", "--with", "systemd", "--every", "4").exit_code == 0
    units = home / ".config/systemd/user"
    assert sorted(each.name for each in units.iterdir()) == ["trakt-ical-demo.service", "trakt-ical-demo.timer"]
    asked = schedules.read()
    assert asked.index("daemon-reload") < asked.index("enable --now trakt-ical-demo.timer")
    status = json.loads(schedules("status", "--with", "systemd", "--json").stdout)
    assert status["installed"]
    last, _, _ = status["last_run"].partition(",")
    for text, local in ((status["next_run"], "2026-04-19 00:09:42"), (last, "2026-04-18 20:03:00")):
        assert datetime.fromisoformat(text) == datetime.fromisoformat(local).astimezone()
        assert text.startswith(local)
    assert "status 5" in status["last_run"]
    assert schedules("remove", "--with", "systemd").exit_code == 0
    assert list(units.iterdir()) == []
    assert "disable --now trakt-ical-demo.timer" in schedules.read()
    status = json.loads(schedules("status", "--with", "systemd", "--json").stdout)
    assert (status["installed"], status["next_run"]) == (False, None)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("every", ["1", "6", "24"])
def test_systemd_takes_the_units(schedules: Schedules, home: Path, tmp_path: Path, every: str) -> None:
    """systemd-analyze finds nothing wrong, in a folder with a blank and a % in its name."""
    schedules("install", "--with", "systemd", "--every", every)
    timer = home / ".config/systemd/user/trakt-ical-demo.timer"
    environ = dict(os.environ) | {"XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", str(timer), str(timer.with_suffix(".service"))],
        capture_output=True,
        text=True,
        env=environ,
    )
    said = [row for row in done.stderr.splitlines() if "trakt-ical" in row]
    assert (done.returncode, said) == (0, [])


def test_macos_takes_the_agent(schedules: Schedules) -> None:
    """It is a property list that runs the export at hours of the day, in this folder."""
    agent = plistlib.loads(schedules("show", "--with", "launchd", "--every", "8").stdout.encode())
    assert agent["ProgramArguments"][1:] == ["--demo", "export"]
    assert agent["WorkingDirectory"] == str(schedules.folder)
    assert [each["Hour"] for each in agent["StartCalendarInterval"]] == [0, 8, 16]
    assert len({each["Minute"] for each in agent["StartCalendarInterval"]}) == 1


def test_windows_takes_the_task(schedules: Schedules) -> None:
    """It is XML of the Task Scheduler that catches up, runs on battery, and runs the export in this folder."""
    text = schedules("show", "--with", "windows").stdout
    task = ET.fromstring(text.partition("?>")[2])
    found = {each.tag.partition("}")[2]: each.text for each in task.iter()}
    assert (found["Interval"], found["StartWhenAvailable"], found["DisallowStartIfOnBatteries"]) == (
        "PT6H",
        "true",
        "false",
    )
    assert (found["Arguments"], found["WorkingDirectory"]) == ("--demo export", str(schedules.folder))


# What Microsoft documents in [MS-TSCH] 2.5 of the elements that we use: which children each may have. In a sequence
# they keep this order; the others are sets. There is no Windows here, and no schema to be had offline.
SEQUENCES = {
    "CalendarTrigger": (
        *("Enabled", "StartBoundary", "EndBoundary", "Repetition", "ExecutionTimeLimit"),
        *("RandomDelay", "ScheduleByDay"),
    ),
}
SETS = {
    "Task": {"RegistrationInfo", "Triggers", "Settings", "Data", "Principals", "Actions"},
    "RegistrationInfo": {"Description", "Author", "Date", "URI"},
    "Triggers": {"CalendarTrigger"},
    "Repetition": {"Interval", "Duration", "StopAtDurationEnd"},
    "ScheduleByDay": {"DaysInterval"},
    "Settings": {
        *("MultipleInstancesPolicy", "DisallowStartIfOnBatteries", "StopIfGoingOnBatteries", "StartWhenAvailable"),
        "ExecutionTimeLimit",
    },
    "Actions": {"Exec"},
    "Exec": {"Command", "Arguments", "WorkingDirectory"},
}
VALUES = {
    "Interval": r"PT\d+H",
    "Duration": r"P1D",
    "StartBoundary": r"20\d\d-\d\d-\d\dT00:[0-5]\d:00",
    "RandomDelay": r"PT\d+M",
    "DaysInterval": r"[1-9]\d*",
    "MultipleInstancesPolicy": "Parallel|Queue|IgnoreNew|StopExisting",
    "ExecutionTimeLimit": r"PT\d+H",
}


@pytest.mark.parametrize("every", ["1", "6", "24"])
def test_the_task_has_the_documented_shape(schedules: Schedules, every: str) -> None:
    """Each element of the task stands where the Task Scheduler's documentation has it, once, with a value it allows."""
    text = schedules("show", "--with", "windows", "--every", every).stdout
    task = ET.fromstring(text.partition("?>")[2])
    space = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
    assert (task.tag, task.attrib) == (f"{space}Task", {"version": "1.2"})
    for element in task.iter():
        assert element.tag.startswith(space)
        name, children = element.tag.removeprefix(space), [each.tag.removeprefix(space) for each in element]
        assert len(set(children)) == len(children), name
        if name in SEQUENCES:
            assert children == [each for each in SEQUENCES[name] if each in children]
        else:
            assert set(children) <= SETS.get(name, set()), name
        if name in VALUES:
            assert re.fullmatch(VALUES[name], element.text or ""), name


def test_show_changes_nothing(schedules: Schedules, home: Path) -> None:
    """It prints what install would write."""
    shown = schedules("show", "--with", "cron").stdout
    assert schedules.read() == ""
    schedules("install", "--with", "cron")
    assert schedules.read() == shown
    schedules("show", "--with", "systemd")
    assert not (home / ".config/systemd").exists()


def test_general_options_reach_the_schedule(schedules: Schedules, tmp_path: Path) -> None:
    """--config, --home and their variables become options with whole paths, and name a schedule of its own."""
    file = schedules.folder / "two.toml"
    file.write_text('client_id = "x"\n')
    line = schedules("show", "--with", "cron", demo=False, TRAKT_ICAL_CONFIG="two.toml").stdout
    assert f"--config '{file}'".replace("%", r"\%") in line
    assert "trakt-ical-two" in line
    assert "--home" in schedules("show", "--with", "cron", demo=False, TRAKT_ICAL_HOME=str(tmp_path / "h")).stdout


def test_settings_of_the_shell_are_lost_and_named(schedules: Schedules) -> None:
    """A variable that only this shell knows is named in a warning, without its value."""
    result = schedules("install", "--with", "cron", demo=False, TRAKT_ICAL_CLIENT_SECRET="hunter22")
    assert result.exit_code == 0
    assert "TRAKT_ICAL_CLIENT_SECRET" in result.stderr
    assert "hunter22" not in result.stderr + schedules.read()


def test_an_export_to_standard_output_is_not_scheduled(schedules: Schedules) -> None:
    """Nobody would read it. Wrong settings and names are refused before anything is written."""
    assert schedules("install", "--with", "cron", demo=False, TRAKT_ICAL_OUTPUT="-").exit_code == 3
    assert schedules("install", "--with", "cron", demo=False, TRAKT_ICAL_BACK="x").exit_code == 3
    assert schedules("install", "--with", "cron", "--name", "../x").exit_code == 3
    assert schedules.read() == ""


def test_a_path_with_a_line_break_is_not_scheduled(schedules: Schedules, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of a folder, which may come from elsewhere, must not become a line of the crontab."""
    folder = schedules.folder / "x\n* * * * * touch owned"
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert schedules("install", "--with", "cron").exit_code == 3
    assert schedules.read() == ""


def test_a_scheduler_that_fails_is_reported_in_its_words(schedules: Schedules, tmp_path: Path) -> None:
    """The error has the exit status of an output that could not be written, and what the program said."""
    program = tmp_path / "bin" / "crontab"
    program.write_text("#!/bin/sh\necho 'you may not use cron' >&2\nexit 1\n")
    result = schedules("install", "--with", "cron")
    assert result.exit_code == 6
    assert "you may not use cron" in result.stderr


def test_without_a_scheduler_it_says_so(schedules: Schedules, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A computer without any of them is a matter of settings: somebody else must start the export."""
    if Path("/run/systemd/system").is_dir() or sys.platform != "linux":
        pytest.skip("this computer has a scheduler")
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert schedules("status").exit_code == 3
