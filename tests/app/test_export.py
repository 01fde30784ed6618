"""`trakt-ical export`, as a user runs it, against the built-in Trakt over HTTP."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import pytest

from tests.conftest import Line
from tests.server import Reply, Request, run_server


def read_events(path: Path) -> list[icalendar.Event]:
    return icalendar.Calendar.from_ical(path.read_bytes()).events


def read_days(path: Path, zone: str) -> list[date]:
    starts = [event.start for event in read_events(path)]
    return [start.astimezone(ZoneInfo(zone)).date() if hasattr(start, "hour") else start for start in starts]


@pytest.fixture
def v1_server(line: Line) -> dict[str, str]:
    """The environment of a v1 account, but for the server's address."""
    return {"TRAKT_ICAL_API": "v1", "TRAKT_ICAL_TIMEZONE": "America/New_York"}


def test_the_documented_v1_example_is_right_to_the_minute(shared: Path, line: Line, v1_server: dict[str, str]) -> None:
    """The seed's example, answered over HTTP, is an hour from 2011-04-18T02:00:00Z on."""
    body = (shared / "fixtures" / "v1" / "docs" / "user_calendar_shows.fixed.json").read_bytes()
    with run_server(lambda _: Reply(body)) as (url, asked):
        result = line("export", "--from", "2011-04-17", environ=v1_server | {"TRAKT_ICAL_API_URL": url})
    assert result.exit_code == 0, result.stderr
    octets = line.ics.read_bytes()
    assert b"DTSTART:20110418T020000Z\r\nDTEND:20110418T030000Z\r\n" in octets
    assert b"SUMMARY:Breakout Kings 1x07 Fun with Chemistry\r\n" in octets
    assert b"UID:tvdb-219341-s1e7@trakt-ical\r\n" in octets
    assert asked[0].path == f"/user/calendar/shows.json/{line.demo.api_key}/demo/20110416/9"
    assert all(part in result.stderr for part in ("1 event", "2011-04-17", str(line.ics)))


def test_the_documented_v1_example_as_printed_is_broken(shared: Path, line: Line, v1_server: dict[str, str]) -> None:
    """The seed's example with its misprint ends in the broken-answer error, and no file."""
    body = (shared / "fixtures" / "v1" / "docs" / "user_calendar_shows.verbatim.txt").read_bytes()
    with run_server(lambda _: Reply(body)) as (url, _):
        result = line("export", "--from", "2011-04-17", environ=v1_server | {"TRAKT_ICAL_API_URL": url})
    assert result.exit_code == 5
    assert "Trakt" in result.stderr
    assert not line.ics.exists()


@pytest.mark.parametrize("api", ["v2", "v1"])
def test_an_export_is_a_calendar_with_right_closing_line(line: Line, api: str) -> None:
    """Stdout stays empty, stderr closes with how many events, from when to when and where."""
    result = line("export", "--api", api, "--timezone", "Europe/Berlin")
    assert result.exit_code == 0
    assert result.stdout == ""
    found = read_days(line.ics, "Europe/Berlin")
    named = (f"{len(found)} events", str(min(found)), str(max(found)), str(line.ics), f"{len(found)} new")
    assert all(part in result.stderr for part in named)
    assert result.stderr.count("\n") == 1
    assert (min(found), max(found)) == (date(2026, 3, 19), date(2026, 7, 17))
    assert len(found) > 100
    assert max(Counter(event["UID"] for event in read_events(line.ics)).values()) == 1


@pytest.mark.parametrize("kind", ["shows", "new", "premieres", "finales", "movies", "streaming", "dvd"])
@pytest.mark.parametrize("source", ["my", "all"])
def test_every_calendar_can_be_exported(line: Line, kind: str, source: str) -> None:
    """Each kind of Trakt's calendars, yours and the world's, becomes events."""
    result = line("export", "--kind", kind, "--source", source)
    assert result.exit_code == 0, result.stderr
    suffix = {"movies": "cinema", "streaming": "streaming", "dvd": "physical"}.get(kind)
    uids = [str(event["UID"]) for event in read_events(line.ics)]
    assert uids
    shape = rf"trakt-movie-\d+-{suffix}@trakt-ical" if suffix else r"trakt-\d+-s\d+e\d+@trakt-ical"
    assert all(re.fullmatch(shape, uid) for uid in uids)


def test_kinds_that_overlap_make_no_doubles(line: Line) -> None:
    """All kinds together have each airing once; an entry that Trakt lists twice is settled."""
    kinds = ["shows", "new", "premieres", "finales", "movies", "streaming", "dvd"]
    line("export", *(word for kind in kinds for word in ("--kind", kind)))
    together = Counter(str(event["UID"]) for event in read_events(line.ics))
    assert set(together.values()) == {1}
    alone = set()
    for kind in kinds:
        line("export", "--kind", kind)
        alone |= {str(event["UID"]) for event in read_events(line.ics)}
    assert alone == set(together)


def test_the_world_needs_no_login(line: Line) -> None:
    """`--source all` works without a token."""
    Path(line.environ["TRAKT_ICAL_TOKEN_FILE"]).unlink()
    assert line("export", "--source", "all").exit_code == 0
    assert all("Authorization" not in seen.headers for seen in line.demo.requests)
    assert line("export").exit_code == 4


def test_the_same_answers_give_the_same_octets(line: Line) -> None:
    """A second export changes nothing: the file is not touched, and the answers come from the cache."""
    line("export")
    before = line.ics.read_bytes(), line.ics.stat()
    line.demo.misbehave()
    asked = len(line.demo.requests)
    result = line("export")
    assert (line.ics.read_bytes(), line.ics.stat()) == before
    assert str(line.ics) in result.stderr
    assert not re.search(r"\d+ (new|moved|renamed|updated)", result.stderr)
    again = [seen for seen in line.demo.requests[asked:] if "/calendars/" in seen.path]
    assert again
    assert all("If-None-Match" in seen.headers for seen in again)


def test_a_broken_answer_is_not_kept(line: Line) -> None:
    """An answer that no one can read is asked for anew next time, whatever its ETag claims."""
    bodies = [b"[{]", b"[]"]

    def answer(request: Request) -> Reply:
        headers = {"ETag": '"1"', "Content-Type": "application/json"}
        if request.headers.get("If-None-Match") == '"1"':
            return Reply(b"", 304, headers)
        return Reply(bodies.pop(0), headers=headers)

    with run_server(answer) as (url, _):
        environ = {"TRAKT_ICAL_API_URL": url, "TRAKT_ICAL_TIMEZONE": "UTC"}
        arguments = ["export", "--source", "all", "--from", "2026-04-18", "--days", "1"]
        assert line(*arguments, environ=environ).exit_code == 5
        assert line(*arguments, environ=environ).exit_code == 0


def test_the_range_is_counted_in_the_users_zone(line: Line) -> None:
    """Days are cut in `timezone`: what airs on the evening before or the morning after there is not shown."""
    for zone in ("Pacific/Auckland", "Pacific/Honolulu"):
        line("export", "--from", "2026-04-18", "--days", "1", "--timezone", zone)
        assert set(read_days(line.ics, zone)) == {date(2026, 4, 18)}
        line.forget()


def test_the_zone_of_the_account_counts_where_none_is_set(line: Line) -> None:
    """Without the setting, days are those of the account's zone at Trakt."""
    line("export", "--days", "1")
    assert any(seen.path == "/users/settings" for seen in line.demo.requests)


@pytest.mark.parametrize(
    ("arguments", "first", "last"),
    [
        (["--back", "2", "--ahead", "3"], "2026-04-16", "2026-04-21"),
        (["--back", "0", "--ahead", "0"], "2026-04-18", "2026-04-18"),
        (["--from", "2026-05-01"], "2026-05-01", "2026-05-07"),
        (["--days", "3"], "2026-04-18", "2026-04-20"),
        (["--from", "2026-05-01", "--days", "2"], "2026-05-01", "2026-05-02"),
        (["--from", "1 May 2026", "--days", "2"], "2026-05-01", "2026-05-02"),
    ],
)
def test_days_can_be_chosen(line: Line, arguments: list[str], first: str, last: str) -> None:
    """The range is that of --back and --ahead, or of --from (alone 7 days) and --days (alone from today)."""
    assert line("export", "--timezone", "UTC", *arguments).exit_code == 0
    found = read_days(line.ics, "UTC")
    assert (min(found).isoformat(), max(found).isoformat()) == (first, last)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--from", "2026-05-01", "--back", "1"],
        ["--days", "3", "--ahead", "1"],
        ["--from", "someday"],
        ["--from", "May 2026"],
        ["--from", "1/2/2026"],
        ["--days", "0"],
        ["--kind", "books"],
        ["--back", "x"],
        ["extra"],
    ],
)
def test_wrong_usage_is_2(line: Line, arguments: list[str]) -> None:
    """What the command line does not understand exits with 2 and asks Trakt nothing."""
    assert line("export", *arguments).exit_code == 2
    assert line.demo.requests == []


IMPOSSIBLE = [
    ["--from", "9999-12-30"],
    ["--from", "9999-12-24", "--days", "3"],
    ["--from", "0001-01-01"],
    ["--from", "0001-01-30"],
    ["--from", "2199-12-30"],
    ["--back", "99999"],
]


@pytest.mark.parametrize("arguments", IMPOSSIBLE)
def test_impossible_days_are_3(line: Line, arguments: list[str]) -> None:
    """Days outside of television's years are told as such, also where rules reach further than they do."""
    moved = {"TRAKT_ICAL_OFFSET": "60", "TRAKT_ICAL_COUNTRY": "de"}
    assert line("export", "--kind", "movies", *arguments, environ=moved).exit_code == 3


def test_standard_output_takes_the_calendar_alone(line: Line) -> None:
    """`-o -` writes the calendar and nothing else to stdout."""
    result = line("export", "-o", "-")
    assert result.exit_code == 0
    assert result.stdout_bytes.startswith(b"BEGIN:VCALENDAR\r\n")
    assert result.stdout_bytes.endswith(b"END:VCALENDAR\r\n")
    assert "standard output" in result.stderr
    assert not line.ics.exists()


def test_quiet_says_nothing_but_errors(line: Line) -> None:
    """With -q a success is silent, an error is not."""
    assert line("-q", "export").output == ""
    assert "Error" in line("-q", "export", "-o", "/no/such/folder/x.ics").stderr


def test_v1_takes_auth_or_leaves_it(line: Line) -> None:
    """A protected profile is empty without the password, and whole with it; the SHA1 travels, never the password."""
    line.demo.protect()
    assert line("export", "--api", "v1").exit_code == 0
    assert read_events(line.ics)
    [seen] = line.demo.requests
    assert seen.headers["Authorization"].startswith("Basic ")
    assert line.demo.password not in str(seen)
    line.environ.pop("TRAKT_ICAL_PASSWORD")
    line.forget()
    line("export", "--api", "v1")
    assert not icalendar.Calendar.from_ical(line.ics.read_bytes()).events


def test_v1_can_fetch_somebody_elses_calendar(line: Line) -> None:
    """The owner is part of the address; an unknown one is told."""
    result = line("export", "--api", "v1", environ={"TRAKT_ICAL_OWNER": "no body"})
    assert result.exit_code == 5
    assert "/no body/" in line.demo.requests[0].path


@pytest.mark.parametrize("name", ["API_KEY", "USERNAME", "API_URL"])
def test_v1_names_what_it_misses(line: Line, name: str) -> None:
    """Without key, name or server v1 cannot be asked; the sentence says which."""
    line.environ.pop(f"TRAKT_ICAL_{name}")
    result = line("export", "--api", "v1")
    assert (result.exit_code, name.lower() in result.stderr) == (3, True)


@pytest.mark.parametrize("command", ["export", "agenda", "checkin", "login"])
def test_a_new_user_is_asked_for_the_client_id_first(line: Line, tmp_path: Path, command: str) -> None:
    """Without a client_id and a login, the missing setting is named: `login` would need it too."""
    line.environ |= {"TRAKT_ICAL_CLIENT_ID": "", "TRAKT_ICAL_TOKEN_FILE": str(tmp_path / "none.json")}
    result = line(command)
    assert (result.exit_code, "client_id" in result.stderr) == (3, True)


def test_a_symlink_is_followed_and_mode_kept(line: Line, tmp_path: Path) -> None:
    """The file that a link points to is replaced, the link stays, and so does the file's mode."""
    (tmp_path / "there").mkdir()
    target = tmp_path / "there" / "mine.ics"
    target.touch(0o640)
    line.ics.symlink_to(target)
    for number in (1, 2):
        assert line("export", "--days", str(number)).exit_code == 0
        assert line.ics.is_symlink()
        assert target.read_bytes().startswith(b"BEGIN:VCALENDAR")
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert [path.name for path in target.parent.iterdir()] == ["mine.ics"]


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root gives files away")
def test_the_owner_is_kept(line: Line) -> None:
    """A file of another user stays theirs."""
    line("export", "--days", "1")
    os.chown(line.ics, 1234, 1235)
    line("export")
    known = line.ics.stat()
    assert (known.st_uid, known.st_gid) == (1234, 1235)


def test_what_a_killed_run_left_is_swept(line: Line) -> None:
    """The temporary file of a run that was killed goes with the next one that writes; others' files stay."""
    left, other = line.folder / ".trakt.ics.abc_1234.new", line.folder / ".other.ics.abc_1234.new"
    left.touch()
    other.touch()
    line("export")
    assert (left.exists(), other.exists()) == (False, True)


def test_a_new_file_has_the_usual_mode(line: Line) -> None:
    """A new file's mode is what the umask leaves, so that other programs can read it."""
    old = os.umask(0o027)
    try:
        line("export")
    finally:
        os.umask(old)
    assert stat.S_IMODE(line.ics.stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("place", "named"),
    [
        ("missing/trakt.ics", "missing"),
        ("a-file/trakt.ics", "a-file"),
        ("a-folder", "a-folder"),
        ("/dev/null", "/dev/null"),
    ],
)
def test_a_place_that_cannot_take_the_file_is_told(line: Line, tmp_path: Path, place: str, named: str) -> None:
    """A missing folder, a folder in the file's place and a device are exit 6, and the message names them."""
    (tmp_path / "a-file").write_text("")
    (tmp_path / "a-folder").mkdir()
    result = line("export", "-o", str(tmp_path / place))
    assert (result.exit_code, named in result.stderr) == (6, True), result.stderr
    assert result.stderr.count("\n") == 1


FULL_DISK = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
from pathlib import Path
from trakt_ical.errors import OutputError
from trakt_ical.export.stores.file import FileStore
store = FileStore(Path(sys.argv[1]))
try:
    store.save(b"new", store.load())
except OutputError as error:
    print(error)
"""


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
def test_a_file_that_cannot_grow_leaves_the_old_one(tmp_path: Path) -> None:
    """Where not an octet can be written the old file is as it was, and nothing is left beside it."""
    path = tmp_path / "trakt.ics"
    path.write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", FULL_DISK, str(path)], capture_output=True, text=True, check=True)
    assert str(path) in done.stdout
    assert path.read_bytes() == b"old"
    assert list(tmp_path.glob("*.new")) + list(tmp_path.glob(".*")) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_standard_output_is_told(line: Line) -> None:
    """A stdout that takes nothing is exit 6, in one sentence."""
    command = [sys.executable, "-m", "trakt_ical", "--demo", "export", "-o", "-"]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 6
    assert "standard output" in done.stderr
    assert done.stderr.count("\n") == 1


def can_mount() -> bool:
    """Whether this user can mount a file of its own."""
    done = subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False)
    return done.returncode == 0


IN_A_MOUNT = """
set -e
"$2" -m trakt_ical --demo export --days 1 -o "$1/old.ics"
cp "$1/old.ics" "$1/trakt.ics"
mount --bind "$1/other.ics" "$1/trakt.ics"
cat "$1/old.ics" > "$1/trakt.ics"
mount -t tmpfs -o size=32k none "$1/full"
cp "$1/old.ics" "$1/full/trakt.ics"
set +e
"$2" -m trakt_ical --demo export -o "$1/trakt.ics"; echo "exit $?"
"$2" -m trakt_ical --demo export -o "$1/full/trakt.ics"; echo "exit $?"
cmp "$1/old.ics" "$1/trakt.ics" && cmp "$1/old.ics" "$1/full/trakt.ics" && echo same
ls -A "$1/full"
"""


@pytest.mark.skipif(not sys.platform.startswith("linux") or not can_mount(), reason="mounting is not allowed here")
def test_a_mounted_file_and_a_full_disk_are_told(tmp_path: Path) -> None:
    """A single bind-mounted file cannot be replaced, a full disk takes nothing: both keep the old file and say why."""
    (tmp_path / "other.ics").touch()
    (tmp_path / "full").mkdir()
    command = ["unshare", "--mount", "sh", "-c", IN_A_MOUNT, "sh", str(tmp_path), sys.executable]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    mounted, _, full = done.stdout.partition("exit 6\n")
    assert all(word in mounted for word in ("trakt.ics", "mounted"))
    assert all(word in full for word in ("full/trakt.ics", "disk is full"))
    assert done.stdout.count("exit 6\n") == 2
    assert done.stdout.endswith("same\ntrakt.ics\n")
