"""Odd dates and numbers in files and settings: each is one sentence, or as good as absent."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from pathlib import Path

import pytest

from tests.conftest import Line
from trakt_ical.checkin.signed_links import Tickets
from trakt_ical.export.stored_calendar import DamagedCalendar, parse_calendar
from trakt_ical.export.stores.protocol import StateFile
from trakt_ical.feed.feed_store import LastModifiedFile

ODD_MOMENTS = [
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00Z",
]


@pytest.mark.parametrize("moment", ODD_MOMENTS)
@pytest.mark.parametrize("name", ["last_success", "last_change", "guard_since"])
def test_a_state_of_an_odd_year_is_as_good_as_none(line: Line, home: Path, name: str, moment: str) -> None:
    """An export with such a state works, says so, and makes the state anew."""
    assert line("export").exit_code == 0
    [state] = home.rglob("outputs/*.json")
    state.write_text(f'{{"output": "{line.ics}", "{name}": "{moment}"}}')
    result = line("export")
    assert (result.exit_code, str(state) in result.stderr) == (0, True)
    assert moment not in state.read_text()
    state.write_text(f'{{"output": "{line.ics}", "{name}": "{moment}"}}')
    assert line("status").exit_code == 0


def test_the_same_is_said_once(tmp_path: Path, shared: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Who reads such a file each second says what is wrong with it once."""
    file = StateFile(tmp_path, "/x")
    file.path.write_bytes((shared / "cases" / "attack" / "state-year-9999.json").read_bytes())
    for _ in range(3):
        assert file.load().last_success is None
    assert len([each for each in caplog.records if each.levelname == "WARNING"]) == 1


@pytest.mark.parametrize("moment", ODD_MOMENTS)
def test_change_times_of_an_odd_year_are_as_good_as_none(line: Line, tmp_path: Path, moment: str) -> None:
    """Losing them costs each subscriber one download."""
    path = tmp_path / "shown.json"
    path.write_text(f'{{"Trakt": {{"digest": "x", "since": "{moment}"}}}}')
    assert LastModifiedFile(path).find("Trakt", "x", line.clock()) == line.clock()


@pytest.mark.parametrize("name", ["copy-right-sum-0.ics", "copy-right-sum-4.ics"])
def test_a_calendar_with_a_right_sum_and_wrong_lines_is_damaged(line: Line, shared: Path, name: str) -> None:
    """A file that fits its checksum may hold anything: it is refused like one that does not."""
    octets = (shared / "cases" / "attack" / name).read_bytes()
    with pytest.raises(DamagedCalendar):
        parse_calendar(octets)
    line.ics.write_bytes(octets)
    result = line("export")
    assert (result.exit_code, str(line.ics) in result.stderr, line.ics.read_bytes()) == (6, True, octets)
    assert line("export", "--force").exit_code == 0


CHANGES = [
    (b"LAST-MODIFIED:2026", b"LAST-MODIFIED:2x26"),
    (b"LAST-MODIFIED:2026", b"LAST-MODIFIED:9999"),
    (b"DTSTART:2026", b"DTSTART:0000"),
    (b"DTSTART:202604", b"DTSTART:202699"),
    (b"DTSTART:202604", b"DTSTART:20260231T000000Z\r\nX:"),
    (b"SEQUENCE:", b"SEQUENCE:" + b"9" * 5000),
    (b"UID:", b"UID:\xff"),
    (b"X-TRAKT-ICAL-NEWEST:2026", b"X-TRAKT-ICAL-NEWEST:9999"),
    (b"X-TRAKT-ICAL-NEWEST:2026", b"X-TRAKT-ICAL-NEWEST:" + b"9" * 5000),
    (b"NAME:", b"NAME:\xff"),
]


@pytest.mark.parametrize(("old", "new"), CHANGES)
def test_any_wrong_line_is_one_sentence(line: Line, old: bytes, new: bytes) -> None:
    """Days that are none, numbers without end and broken text never end in a traceback."""
    assert line("export").exit_code == 0
    octets = line.ics.read_bytes().replace(old, new)
    line.ics.write_bytes(mend_sum(octets))
    for command in (["export"], ["agenda"], ["explain", "harbor nine"]):
        result = line(*command)
        assert result.exit_code in (0, 6, 9), result.stderr
        assert "Traceback" not in result.output
    line.ics.unlink()


def mend_sum(octets: bytes) -> bytes:
    """The calendar *octets*, with the checksum that they should have."""
    head, _, rest = octets.partition(b"X-TRAKT-ICAL-SUM:")
    _, _, body = rest.partition(b"\r\n")
    return head + b"X-TRAKT-ICAL-SUM:" + hashlib.blake2b(body, digest_size=16).hexdigest().encode() + b"\r\n" + body


def test_a_link_that_leaves_the_calendar_is_none_of_ours() -> None:
    """Whoever writes a link by hand gets 404, whatever the date in it."""
    for moment in ("99991231T235959-2359", "00010101T000000+1400", "99991231", "20260418T120000+99", "²0260418"):
        assert Tickets(b"k" * 32).read_ticket(f"check-in/x/{moment}/y") is None


@pytest.mark.parametrize("digits", [30, 310, 5000])
@pytest.mark.parametrize("setting", ["min_rating", "back", "max_bytes", "show_offsets"])
def test_a_number_without_end_is_an_error_of_the_settings(
    line: Line, tmp_path: Path, setting: str, digits: int
) -> None:
    """Exit 3 or a value that is allowed, in the file and in the environment."""
    number = "1" + "0" * digits
    value = f"{{x = {number}}}" if setting == "show_offsets" else number
    file = tmp_path / "config.toml"
    file.write_text(f"{setting} = {value}\n")
    statuses = {"max_bytes": (0, 3)}.get(setting, (3,))
    result = line("--config", str(file), "export")
    assert result.exit_code in statuses, result.stderr
    assert line("export", environ={f"TRAKT_ICAL_{setting.upper()}": number}).exit_code in (0, 3)


def test_a_file_of_an_attack_is_an_error_of_the_settings(line: Line, shared: Path) -> None:
    """A rating of 310 digits."""
    assert line("--config", str(shared / "cases" / "attack" / "min-rating-too-long.toml"), "export").exit_code == 3


@pytest.mark.parametrize("day", ["1" * 30, "9" * 400, "99999-01-01", "0000-00-00", "1e99"])
def test_a_day_of_many_digits_is_wrong_usage(line: Line, day: str) -> None:
    """`--from` takes a day."""
    assert line("export", "--from", day).exit_code in (2, 3)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EIO])
def test_a_lock_that_cannot_be_had_is_one_sentence(line: Line, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """A network file system without locks is named, and nothing is called an error of stdout."""

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    result = line("export")
    assert (result.exit_code, result.stderr.count("\n"), "standard output" in result.stderr) == (6, 1, False), (
        result.stderr
    )


@pytest.mark.parametrize("number", [errno.EACCES, errno.ESTALE, errno.EIO])
def test_a_file_that_cannot_be_looked_at_is_one_sentence(
    line: Line, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Whatever the system says of a file is told as that, and not as an error of stdout."""
    real = os.stat

    def refuse(path: object, *arguments: object, **named: object) -> os.stat_result:
        if "trakt.ics" in str(path) or "token.json" in str(path):
            raise OSError(number, os.strerror(number), str(path))
        return real(path, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "stat", refuse)
    result = line("export")
    assert result.exit_code in (3, 6)
    assert "standard output" not in result.stderr
    assert "Error: " in result.stderr


def test_a_system_without_threads_is_one_sentence(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """No thread to be had is no bug of ours."""

    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("concurrent.futures.thread.ThreadPoolExecutor.submit", refuse)
    result = line("export")
    assert (result.exit_code, "thread" in result.stderr) == (6, True)


def test_folders_are_for_their_owner_alone_whatever_the_umask(line: Line, home: Path) -> None:
    """What an export makes below the home is 0700, folders above the state too."""
    before = os.umask(0o000)
    try:
        assert line("export").exit_code == 0
    finally:
        os.umask(before)
    folders = [path for path in home.rglob("*") if path.is_dir()]
    assert folders
    assert [path for path in folders if path.stat().st_mode & 0o077] == []


def test_outputs_whose_names_begin_alike_leave_each_other_alone(line: Line, tmp_path: Path) -> None:
    """What a killed export to `shows.ics` left is none of the business of one to `shows`."""
    (tmp_path / ".shows.ics.abcd1234.new").write_bytes(b"")
    (tmp_path / ".shows.abcd1234.new").write_bytes(b"")
    assert line("export", "-o", str(tmp_path / "shows")).exit_code == 0
    assert (tmp_path / ".shows.ics.abcd1234.new").exists()
    assert not (tmp_path / ".shows.abcd1234.new").exists()
    long = "x" * 120
    (tmp_path / f".{long[:100]}.abcd1234.new").write_bytes(b"")
    assert line("export", "-o", str(tmp_path / f"{long}.ics")).exit_code == 0


def test_a_name_as_long_as_the_file_system_allows_can_be_written(line: Line, tmp_path: Path) -> None:
    """A temporary file's name is no longer than the name that it becomes."""
    path = tmp_path / ("剧" * 83 + ".ics")  # 253 octets
    assert line("export", "-o", str(path)).exit_code == 0
    assert path.is_file()


def test_what_killed_runs_left_beside_outputs_and_secrets_is_swept(line: Line, home: Path) -> None:
    """Also by a run that changes nothing, and by one that makes no new secret."""
    assert line("export").exit_code == 0
    assert line("feed", "url").exit_code == 0
    [state] = home.rglob("outputs/*.json")
    [secrets] = home.rglob("secrets.json")
    strays = [path.with_name(f".{path.name}.abcd1234.new") for path in (state, secrets, line.ics)]
    for stray in strays:
        stray.write_bytes(b"secret")
    assert line("export").exit_code == 0
    assert line("feed", "url").exit_code == 0
    assert [stray for stray in strays if stray.exists()] == []


def test_an_api_key_does_not_travel_in_the_clear(line: Line) -> None:
    """The key of API v1 is a part of each address, also of requests that nobody signs."""
    environ = {"TRAKT_ICAL_PASSWORD": "", "TRAKT_ICAL_API_URL": "http://trakt.example"}
    for command in (["export"], ["checkin", "harbor nine"]):
        result = line(*command, "--api", "v1", environ=environ)
        assert (result.exit_code, "plain http" in result.stderr) == (3, True), result.stderr
