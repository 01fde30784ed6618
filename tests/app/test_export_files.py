"""What an export does with the file that is there: held-back updates, files that are not its own, runs at once."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.calendars import find_upcoming
from tests.conftest import Clock, Line
from tests.demos import Demo, log_in, make_environ
from tests.factories import DAY, NOW
from trakt_ical import files
from trakt_ical.demo import Fault
from trakt_ical.errors import OutputError
from trakt_ical.export import ics
from trakt_ical.export.stored_calendar import parse_calendar
from trakt_ical.export.stores import protocol


def export_calendar(line: Line) -> bytes:
    assert line("-q", "export").exit_code == 0
    return line.ics.read_bytes()


def empty_trakt(line: Line, home: Path) -> None:
    """From now on Trakt lists nothing, and no kept answer hides it."""
    line.demo.misbehave(Fault(path="/calendars/", empty_list=True, times=0))
    shutil.rmtree(home / ".cache", ignore_errors=True)


def test_what_is_not_believed_is_believed_after_a_week(line: Line, home: Path) -> None:
    """The guard says until when it holds; the same answer a week later is taken as true."""
    before = export_calendar(line)
    empty_trakt(line, home)
    result = line("export")
    assert result.exit_code == 8
    assert all(word in result.stderr for word in ("2026-04-25", "--accept-shrink"))
    assert "trakt-ical export Trakt --accept-shrink\n" in line("status").stdout
    line.clock.now += timedelta(days=6, hours=23)
    assert line("export").exit_code == 8
    assert line.ics.read_bytes() == before
    line.clock.now += timedelta(hours=1, minutes=1)
    assert line("export").exit_code == 0
    assert b"STATUS:CANCELLED" in line.ics.read_bytes()
    assert "--accept-shrink" not in line("status").stdout


def test_the_built_in_trakts_guard_is_overruled_beside_it(line: Line, home: Path) -> None:
    """With --demo `status` names the command of the built-in Trakt: the other one knows nothing of that guard."""
    assert line("--demo", "export").exit_code == 0
    [path] = home.rglob("outputs/*.json")
    path.write_text(path.read_text().replace('"guard_since":null', f'"guard_since":"{NOW:%FT%TZ}"'))
    assert "trakt-ical --demo export Trakt --accept-shrink\n" in line("--demo", "status").stdout


def test_a_success_ends_the_guards_week(line: Line, home: Path) -> None:
    """Days of an empty Trakt before a good answer do not count later."""
    export_calendar(line)
    empty_trakt(line, home)
    assert line("export").exit_code == 8
    line.demo.behave()
    line.clock.now += timedelta(days=5)
    assert line("export").exit_code == 0
    empty_trakt(line, home)
    line.clock.now += timedelta(days=5)
    assert line("export").exit_code == 8


def test_another_loss_begins_the_week_anew(line: Line, home: Path) -> None:
    """Only the same loss is believed after its week: a greater one is another answer."""
    export_calendar(line)
    everything = len(line.demo.requests)
    hide_most(line)
    assert line("export").exit_code == 8
    line.clock.now += timedelta(days=8)
    line.demo.misbehave(Fault(path="/calendars/", empty_list=True, times=0))
    shutil.rmtree(home / ".cache", ignore_errors=True)
    assert line("export").exit_code == 8
    assert len(line.demo.requests) > everything


def hide_most(line: Line) -> None:
    """From now on Trakt lists two upcoming days alone."""
    from trakt_ical.export.stored_calendar import parse_moment

    for event in parse_calendar(line.ics.read_bytes()).events.values():
        starts = parse_moment(event.start)
        if isinstance(starts, datetime) and NOW < starts < NOW + 60 * DAY:
            parts = bytes(event.octets).replace(b"\r\n ", b"").decode().split("\r\nURL:")[1].splitlines()[0].split("/")
            line.demo.remove(parts[4], int(parts[6]), int(parts[8]))


def test_without_shrink_days_a_loss_is_believed_at_once(line: Line, home: Path) -> None:
    """`shrink_days = 0` is no guard."""
    export_calendar(line)
    empty_trakt(line, home)
    assert line("export", environ={"TRAKT_ICAL_SHRINK_DAYS": "0"}).exit_code == 0


def test_an_accepted_loss_is_asked_for_anew(line: Line, home: Path) -> None:
    """What was believed for once is not kept: when Trakt is well again, the next run says so."""
    before = parse_calendar(export_calendar(line)).events
    empty_trakt(line, home)
    assert line("export", "--accept-shrink").exit_code == 0
    line.demo.behave()
    changes = json.loads(line("export", "--changes", "--json").stdout)
    assert "back" in {change["change"] for change in changes}
    assert set(parse_calendar(line.ics.read_bytes()).events) == set(before)


@pytest.mark.parametrize(
    "written", ['"guard_since":"2026-01-01T00:00:00"', '"guard_since":"9999-12-31T00:00:00Z"', '"last_success":"x"']
)
def test_a_state_of_no_sense_is_none(line: Line, home: Path, written: str) -> None:
    """A state file with times that are none costs nothing but a warning, and believes nothing."""
    export_calendar(line)
    [path] = (home / ".local" / "state").rglob("*.json")
    path.write_text(f'{{"output": "/x", {written}}}')
    assert line("status").exit_code == 0
    empty_trakt(line, home)
    assert line("export").exit_code == 8


@dataclass
class WritingClock(Clock):
    """A clock at each look at which somebody else writes to *path*."""

    path: Path = Path()
    text: bytes = b""

    def __call__(self) -> datetime:
        self.path.write_bytes(self.text)
        return self.now


@pytest.mark.parametrize("there", [False, True])
def test_a_file_that_changes_meanwhile_stays(line: Line, there: bool) -> None:
    """A file that appears or changes while Trakt is asked is not overwritten."""
    if there:
        export_calendar(line)
    line.clock = WritingClock(path=line.ics, text=b"my diary")
    result = line("export", "--days", "3")
    assert (result.exit_code, str(line.ics) in result.stderr) == (6, True)
    assert line.ics.read_bytes() == b"my diary"


def test_accept_shrink_believes_at_once(line: Line, home: Path) -> None:
    """`--accept-shrink` overrules the guard."""
    export_calendar(line)
    empty_trakt(line, home)
    assert line("export", "--accept-shrink").exit_code == 0
    assert b"STATUS:CANCELLED" in line.ics.read_bytes()


def edit_calendar(octets: bytes) -> bytes:
    return octets.replace(b"SUMMARY:", b"SUMMARY:My ", 1)


def remove_sum(octets: bytes) -> bytes:
    return re.sub(rb"X-TRAKT-ICAL-SUM:.*?\r\n", b"", octets)


def change_shape(octets: bytes) -> bytes:
    head, _, body = octets.replace(b"\r\nLAST-MODIFIED:", b"\r\nX-MODIFIED:").partition(ics.SUM)
    body = body.partition(b"\r\n")[2]
    return head + ics.SUM + ics.hash_parts(body) + b"\r\n" + body


NOT_OURS = [
    (lambda octets: b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n", "trakt-ical"),
    (lambda octets: b"my shopping list", "trakt-ical"),
    (lambda octets: b"\0" * 5000, "trakt-ical"),
    (remove_sum, "trakt-ical"),
    (edit_calendar, "edited"),
    (lambda octets: octets[: len(octets) // 2], "edited"),
    (lambda octets: octets[:-1], "edited"),
    (lambda octets: octets + b"\n", "edited"),
    (lambda octets: octets.replace(b"\r\n", b"\n"), "edited|trakt-ical"),
    (change_shape, "version"),
]


@pytest.mark.parametrize(("damage", "word"), NOT_OURS)
def test_a_file_that_is_not_ours_stays(line: Line, damage: Callable[[bytes], bytes], word: str) -> None:
    """A foreign, edited or damaged file is left alone with exit 6; --force replaces it and keeps a copy."""
    there = damage(export_calendar(line))
    line.ics.write_bytes(there)
    asked = len(line.demo.requests)
    result = line("export")
    assert result.exit_code == 6
    assert str(line.ics) in result.stderr
    assert re.search(word, result.stderr.replace(str(line.ics), ""))
    assert line.ics.read_bytes() == there
    assert len(line.demo.requests) == asked
    assert line("export", "--force").exit_code == 0
    assert (line.folder / "trakt.ics.old").read_bytes() == there
    assert line.ics.read_bytes().startswith(b"BEGIN:VCALENDAR")


def test_copies_are_not_overwritten_either(line: Line) -> None:
    """A second --force keeps the first one's copy, and does not copy the same twice."""
    for number, text in enumerate((b"first", b"second", b"first")):
        line.ics.write_bytes(text)
        assert line("export", "--force").exit_code == 0
        assert (
            sorted(path.name for path in line.folder.glob("*.old*"))
            == ["trakt.ics.old", "trakt.ics.old.1"][: number + 1]
        )
    assert (line.folder / "trakt.ics.old").read_bytes() == b"first"


@pytest.mark.parametrize("arguments", [["--source", "all"], ["--api", "v1"]], ids=["another calendar", "another api"])
def test_another_calendars_file_stays(line: Line, arguments: list[str]) -> None:
    """A file of ours for another api, calendar or owner is not this calendar's; --force starts anew beside a copy."""
    before = export_calendar(line)
    result = line("export", *arguments)
    assert (result.exit_code, "v2/my/demo/Trakt" in result.stderr) == (6, True)
    assert line.ics.read_bytes() == before
    result = line("export", "--force", *arguments)
    assert result.exit_code == 0
    assert re.search(r"\b[1-9]\d* new\b", result.stderr)
    assert (line.folder / "trakt.ics.old").read_bytes() == before


def test_other_kinds_are_the_same_calendar(line: Line) -> None:
    """What `kind` asks for may change: the others leave at once, and nothing is cancelled for that."""
    export_calendar(line)
    assert line("export", "--kind", "movies").exit_code == 0
    assert b"STATUS:CANCELLED" not in line.ics.read_bytes()
    assert b"trakt-movie-" in line.ics.read_bytes()
    assert not re.search(rb"UID:trakt-\d+-s\d", line.ics.read_bytes())
    before = line.ics.read_bytes()
    assert line("export", "--kind", "movies").exit_code == 0
    assert line.ics.read_bytes() == before


def test_an_empty_file_is_no_calendar_yet(line: Line) -> None:
    """A file without an octet, as `touch` makes it, is begun anew."""
    line.ics.touch()
    assert line("export").exit_code == 0
    assert line.ics.read_bytes().startswith(b"BEGIN:VCALENDAR")


def test_a_file_too_large_to_be_ours_stays(line: Line) -> None:
    """A huge file is not even read."""
    with line.ics.open("wb") as file:
        file.truncate(2**33)
    result = line("export", "--force")
    assert (result.exit_code, "256 MB" in result.stderr) == (6, True)
    assert line.ics.stat().st_size == 2**33


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="needs another user's eyes: root can become one")
def test_a_file_that_cannot_be_read_stays(line: Line, tmp_path: Path) -> None:
    """A file that this user may not read is told as such, exit 6."""
    line.ics.write_bytes(b"x")
    line.ics.chmod(0)
    tmp_path.chmod(0o755)
    script = (
        "import os, sys; from pathlib import Path; from trakt_ical.export.stores.file import FileStore\n"
        "import trakt_ical.files\n"
        "from trakt_ical.errors import OutputError; os.setuid(65534)\n"
        "try: FileStore(Path(sys.argv[1])).load()\n"
        "except OutputError as error: print(error.exit_code, error)"
    )
    target = Path("/tmp") / f"trakt-ical-{os.getpid()}.ics"
    target.write_bytes(b"x")
    target.chmod(0)
    try:
        done = subprocess.run([sys.executable, "-c", script, str(target)], capture_output=True, text=True, check=False)
    finally:
        target.unlink()
    assert re.match(rf"6 .*{re.escape(str(target))}", done.stdout), done.stderr


def test_stdout_has_no_memory_of_its_own(line: Line) -> None:
    """`-o -` starts anew each time, unless --previous names a calendar to go on from."""
    line("export", "-o", "-")
    line.clock.now += timedelta(hours=1)
    before = export_calendar(line)
    line.clock.now += timedelta(hours=1)
    assert line("export", "-o", "-").stdout_bytes != before
    assert line("export", "-o", "-", "--previous", str(line.ics)).stdout_bytes == before
    assert line.ics.read_bytes() == before
    assert line("export", "--previous", str(line.ics)).exit_code == 2
    line.ics.write_bytes(b"x")
    assert line("export", "-o", "-", "--previous", str(line.ics)).exit_code == 6


def test_changes_are_told_in_words_and_to_programs(line: Line) -> None:
    """--changes says what a run changed, --json the same for programs; the closing line counts it."""
    export_calendar(line)
    airing = find_upcoming(line.ics.read_bytes())
    line.demo.rename(*airing, title="Quite Another")
    result = line("export", "--changes", "--timezone", "UTC")
    assert re.fullmatch(r"renamed: .+ is now .+ Quite Another, 2026-04-\d\d \d\d:\d\d\n", result.stdout)
    assert all(part in result.stderr for part in (str(line.ics), "1 renamed"))
    line.demo.move(*airing, by=timedelta(days=1))
    result = line("export", "--changes", "--timezone", "UTC")
    assert re.fullmatch(r"moved: .+, from 2026-04-\d\d \d\d:\d\d to 2026-0\d-\d\d \d\d:\d\d\n", result.stdout)
    line.demo.remove(*airing)
    result = line("export", "--changes", "--timezone", "UTC")
    assert re.fullmatch(r"no longer listed: .+, shown as cancelled until 2026-05-02 12:00\n", result.stdout)
    line.demo.restore(*airing)
    [change] = json.loads(line("export", "--changes", "--json").stdout)
    assert change["change"] == "back"
    assert set(change) == {"change", "uid", "summary", "start"}
    assert line("export", "--changes").stdout == ""
    assert line("export", "--changes", "-o", "-").exit_code == 2


def test_status_shows_each_output(line: Line) -> None:
    """The state beside each output: last success and last change."""
    export_calendar(line)
    line.clock.now += timedelta(hours=3)
    export_calendar(line)
    line("export", "-o", str(line.folder / "other.ics"))
    shown = line("status").stdout
    assert shown.count("last success   just now") == 2
    assert "last change    3 hours ago (2026-04-18 12:00 UTC)" in shown
    assert str(line.ics.resolve()) in shown


def test_losing_the_state_loses_no_event(line: Line, home: Path) -> None:
    """A damaged or lost state file costs a warning at the most."""
    before = export_calendar(line)
    [path] = (home / ".local" / "state").rglob("*.json")
    path.write_text("{")
    assert str(path) in line("export").stderr
    path.unlink()
    assert export_calendar(line) == before


@pytest.fixture
def environ(line: Line) -> Iterator[dict[str, str]]:
    """The environment of runs in processes of their own, beside a built-in Trakt that goes by the machine's clock."""
    with Demo() as demo:
        log_in(demo, line.folder / "token.json")
        yield {**os.environ, **line.environ, **make_environ(demo), "TRAKT_ICAL_TIMEZONE": "UTC"}


EXPORT = [sys.executable, "-m", "trakt_ical", "-q", "export"]


def test_an_export_waits_for_the_lock_of_its_output(line: Line, home: Path, environ: dict[str, str]) -> None:
    """While another run holds the output, an export neither writes nor ends; it gives up after a minute."""
    subprocess.run([*EXPORT, "--days", "5"], env=environ, check=True)
    before = line.ics.read_bytes()
    [path] = (home / ".local").rglob("outputs/*.json")
    with files.lock(path, wait=1), pytest.raises(subprocess.TimeoutExpired):
        subprocess.run([*EXPORT, "--days", "9"], env=environ, check=False, timeout=2)
    assert line.ics.read_bytes() == before
    with pytest.raises(OutputError, match="Another run has held .* for more than 0 s"):
        with files.lock(path, wait=1), files.lock(path, wait=0.1):
            raise AssertionError("locked twice")
    assert protocol.LOCK_WAIT == 60


def test_two_exports_at_once_leave_one_whole_calendar(line: Line, environ: dict[str, str]) -> None:
    """Runs for one file at the same time queue up; each leaves a whole calendar."""
    running = [subprocess.Popen([*EXPORT, "--days", str(days)], env=environ) for days in (10, 20, 30, 40)]
    assert [each.wait(60) for each in running] == [0, 0, 0, 0]
    assert len(parse_calendar(line.ics.read_bytes()).events) > 40
    assert [path.name for path in line.folder.iterdir() if path.name.startswith(".trakt")] == []


BY_STEPS = """
import os
import sys

from trakt_ical.cli import main

last, names = int(sys.argv.pop(1)), sys.argv.pop(1).split()
steps = 0


def count_step(event, arguments):
    global steps
    if event.startswith(("open", "os.", "shutil.")) and any(name in str(each) for each in arguments for name in names):
        steps += 1
        if steps > last:
            os._exit(137)  # as kill -9 does: nothing is tidied up


sys.addaudithook(count_step)
main()
"""


def test_a_killed_export_leaves_the_old_calendar_or_the_new_one(line: Line, environ: dict[str, str]) -> None:
    """Killed before any step with its file or its state, it leaves the calendar of before or the next one, whole."""
    subprocess.run([*EXPORT, "--days", "5"], env=environ, check=True)
    before = line.ics.read_bytes()
    for step in itertools.count():
        command = [
            sys.executable,
            "-c",
            BY_STEPS,
            str(step),
            f"{line.ics.name} outputs/",
            "-q",
            "export",
            "--days",
            str(6 + step),
        ]
        status = subprocess.run(command, env=environ, check=False).returncode
        after = line.ics.read_bytes()
        assert after == before or set(parse_calendar(after).events) > set(parse_calendar(before).events)
        if status == 0:
            break
        assert status == 137
        before = after
    assert step > 3, "it was killed before it read, wrote and replaced the file"
    assert after != before
    assert subprocess.run([*EXPORT, "--days", "60"], env=environ, check=False).returncode == 0
