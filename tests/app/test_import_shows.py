"""`trakt-ical import`: what it takes, keeps, asks and refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.archives import (
    E_MAIL,
    OTHER,
    SHOW,
    TOKEN,
    make_hidden,
    make_hostile_zips,
    make_listed,
    make_members,
    make_watched,
    make_zip,
)
from tests.conftest import Line
from trakt_ical.fetch.imported.imported_list import ImportedList, ImportedListFile

MANY = [{"title": f"Show {each}", "ids": {"trakt": each, "tvdb": each + 500}} for each in range(1, 21)]


@pytest.fixture
def kept(home: Path) -> Path:
    """The file that keeps the list."""
    return home / ".local" / "share" / "trakt-ical" / "shows.json"


def write_export(folder: Path, **changes: object) -> str:
    path = folder / "trakt-export-someone.zip"
    path.write_bytes(make_zip(make_members(**changes)))
    return str(path)


def load(kept: Path) -> ImportedList:
    found = ImportedListFile(kept).load()
    assert found is not None
    return found


def test_an_export_becomes_a_private_list(line: Line, tmp_path: Path, kept: Path) -> None:
    """The counts are told, and that dropped shows are not known; only the list is kept, for its owner alone."""
    done = line("import", write_export(tmp_path, hidden_calendar=make_hidden(OTHER)))
    assert done.exit_code == 0
    assert done.stdout == ""
    for part in ("2 shows of someone", "2 new", "1 hidden", "exclude_shows", "api tvmaze"):
        assert part in done.stderr
    assert [(show.key, show.hidden) for show in load(kept).shows] == [("trakt-154997", False), ("trakt-7361", True)]
    assert kept.stat().st_mode & 0o777 == 0o600
    assert {path.name for path in kept.parent.iterdir()} == {"shows.json", "shows.json.lock"}


def test_a_second_import_changes_nothing(line: Line, tmp_path: Path, kept: Path) -> None:
    """The file is not touched; a day later only its date is, since the list is known to be right again."""
    export = write_export(tmp_path)
    line("import", export)
    before = kept.read_bytes(), kept.stat().st_ino
    line.clock.pass_by(hours=1)
    done = line("import", export)
    assert "nothing changed" in done.stderr
    assert (kept.read_bytes(), kept.stat().st_ino) == before
    line.clock.pass_by(days=100)
    assert "nothing changed" in line("import", export).stderr
    assert load(kept).imported_at == line.clock.now


def test_what_is_new_and_gone_is_named(line: Line, tmp_path: Path, kept: Path) -> None:
    """The next list replaces the one before, and both as JSON."""
    line("import", write_export(tmp_path))
    third = {"title": "Lucky", "ids": {"trakt": 265812}}
    done = line("import", "--json", write_export(tmp_path, watched_shows=make_watched(SHOW, third)))
    found = json.loads(done.stdout)
    assert (found["new"], found["gone"], found["shows"], found["changed"]) == (["Lucky"], ["The Mole"], 2, True)
    assert "Lucky" in done.stderr
    assert "The Mole" in done.stderr
    assert [show.title for show in load(kept).shows] == ["Lucky", "Severance"]


def test_a_show_that_gets_a_number_is_the_same_show(line: Line, tmp_path: Path) -> None:
    """Listed by title, then by number, and the reverse, it is neither new nor gone; namesakes are."""
    by_title, by_number = tmp_path / "titles.txt", tmp_path / "numbers.csv"
    by_title.write_text("The Mole (2001)\nSeverance\nLucky (2003)\n", encoding="utf-8")
    rows = ["type,title,year,tvdb", "show,The Mole,2001,72", "show,Severance,2022,371980"]
    by_number.write_text("\n".join([*rows, "show,Lucky,2003,7", "show,Lucky,2003,8"]), encoding="utf-8")
    line("import", str(by_title))
    done = line("import", "--json", str(by_number))
    found = json.loads(done.stdout)
    assert (found["new"], found["gone"]) == (["Lucky", "Lucky"], ["Lucky"])
    assert "2 of your shows" in done.stderr  # they get other UIDs
    found = json.loads(line("import", "--json", str(by_title)).stdout)
    assert (found["new"], found["gone"]) == (["Lucky"], ["Lucky", "Lucky"])


def test_a_dry_run_keeps_the_list(line: Line, tmp_path: Path, kept: Path) -> None:
    """It says the same, and writes nothing."""
    done = line("import", "--dry-run", write_export(tmp_path))
    assert (done.exit_code, "2 shows" in done.stderr, kept.exists()) == (0, True, False)


def test_several_files_and_standard_input(line: Line, tmp_path: Path, kept: Path) -> None:
    """Files together make one list; - is standard input, alone."""
    (tmp_path / "more.txt").write_text("tvdb:371980\nKrøniken\n", encoding="utf-8")
    assert line("import", write_export(tmp_path), str(tmp_path / "more.txt")).exit_code == 0
    assert [show.title for show in load(kept).shows] == ["Krøniken", "Severance", "The Mole"]
    assert "and a list in plain text" in load(kept).origin
    assert line("import", "-", str(tmp_path / "more.txt")).exit_code == 2
    assert line("import").exit_code == 2
    assert line("import", str(tmp_path / "missing.zip")).exit_code == 2


def test_standard_input_is_read_whole(home: Path, kept: Path) -> None:
    """A list may come from another program."""
    program = [sys.executable, "-m", "trakt_ical", "import", "-"]
    done = subprocess.run(program, input=b"Severance\ntvdb:5\n", capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(load(kept).shows) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"_errors": [{"endpoint": "users/someone/watched/shows", "error": "500"}]},
        {"watched_shows": None, "watched_shows_2": make_watched(SHOW)},
        {"lists_watchlist": None, "watched_shows": make_watched(SHOW)},
    ],
    ids=["told by Trakt", "a page missing", "a section missing"],
)
def test_an_incomplete_export_is_refused(line: Line, tmp_path: Path, kept: Path, changes: dict[str, object]) -> None:
    """Exit 9, with the way out, and the old list stays; --force takes what there is."""
    line("import", write_export(tmp_path))
    before = kept.read_bytes()
    export = write_export(tmp_path, **({"lists_watchlist": make_listed(SHOW)} | changes))
    done = line("import", export)
    assert (done.exit_code, kept.read_bytes()) == (9, before)
    assert "--force" in done.stderr
    assert line("import", "--force", export).exit_code == 0
    assert kept.read_bytes() != before


@pytest.mark.parametrize("kind", make_hostile_zips())
def test_a_hostile_zip_leaves_the_list_as_it_was(line: Line, tmp_path: Path, kept: Path, kind: str) -> None:
    """Exit 9, one line."""
    line("import", write_export(tmp_path))
    before = kept.read_bytes()
    (tmp_path / "hostile.zip").write_bytes(make_hostile_zips()[kind])
    done = line("import", str(tmp_path / "hostile.zip"))
    assert (done.exit_code, kept.read_bytes(), done.stdout) == (9, before, "")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(("left", "status"), [(11, 0), (10, 0), (9, 8), (1, 8)])
def test_a_list_that_loses_most_shows_is_held_back(
    line: Line, tmp_path: Path, kept: Path, left: int, status: int
) -> None:
    """More than half of 20 gone: without a terminal exit 8 and the old list stays, unless --force is given."""
    line("import", write_export(tmp_path, watched_shows=make_watched(*MANY)))
    export = write_export(tmp_path, watched_shows=make_watched(*MANY[:left]))
    done = line("import", export)
    assert done.exit_code == status
    assert len(load(kept).shows) == (left if status == 0 else 20)
    assert line("import", "--force", export).exit_code == 0
    assert len(load(kept).shows) == left


def test_on_a_terminal_the_user_decides(line: Line, tmp_path: Path, kept: Path) -> None:
    """No keeps the old list and ends in exit 8; yes replaces it."""
    line("import", write_export(tmp_path, watched_shows=make_watched(*MANY)))
    export = write_export(tmp_path)
    assert (line("import", export, typed="n\n").exit_code, len(load(kept).shows)) == (8, 20)
    assert (line("import", export, typed="y\n").exit_code, len(load(kept).shows)) == (0, 2)


def test_the_list_of_somebody_else_is_asked_about(line: Line, tmp_path: Path, kept: Path) -> None:
    """So is one that does not say whose it is: the calendar of another account would be refused later."""
    line("import", write_export(tmp_path))
    assert line("import", write_export(tmp_path, user_profile={"username": "else"})).exit_code == 8
    (tmp_path / "shows.txt").write_text("Severance\n", encoding="utf-8")
    assert line("import", str(tmp_path / "shows.txt")).exit_code == 8
    assert load(kept).owner == "someone"


def test_new_numbers_are_announced(line: Line, tmp_path: Path) -> None:
    """A list without Trakt's numbers, then one with them: the events get other UIDs, once."""
    (tmp_path / "shows.txt").write_text("tvdb:371980\n", encoding="utf-8")
    line("import", str(tmp_path / "shows.txt"))
    assert "replaced by new ones" in line("import", write_export(tmp_path)).stderr


def test_hidden_shows_stay_hidden_where_the_export_does_not_say(line: Line, tmp_path: Path, kept: Path) -> None:
    """A hidden list that failed would otherwise bring all of them back."""
    line("import", write_export(tmp_path, hidden_calendar=make_hidden(OTHER)))
    done = line("import", write_export(tmp_path, hidden_calendar=None))
    assert (done.exit_code, "hidden-calendar" in done.stderr) == (0, True)
    assert [show.hidden for show in load(kept).shows] == [False, True]


def test_a_damaged_list_is_replaced(line: Line, tmp_path: Path, kept: Path) -> None:
    """A warning says so, and the import goes on."""
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"{")
    done = line("import", write_export(tmp_path))
    assert (done.exit_code, len(load(kept).shows)) == (0, 2)
    assert "damaged" in done.stderr


def test_a_list_that_cannot_be_written_is_exit_6(line: Line, tmp_path: Path, kept: Path) -> None:
    """The old one stays."""
    kept.parent.parent.mkdir(parents=True)
    kept.parent.write_bytes(b"")
    assert line("import", write_export(tmp_path)).exit_code == 6


def test_private_parts_of_an_export_go_nowhere(line: Line, tmp_path: Path) -> None:
    """E-mail address and token of `user-settings` are in no file, log or message, whatever happens to the export."""
    exports = [
        make_zip(make_members()),
        make_zip(make_members(user_profile={"username": "else", "email": E_MAIL, "token": TOKEN})),
        make_zip(make_members(watched_shows=None)),
        make_zip(make_members(lists_watchlist=[{**make_listed(SHOW)[0], "notes": f"{E_MAIL} {TOKEN}"}])),
        make_zip({"user-settings.json": json.dumps({"user": {"email": E_MAIL}, "account": {"token": TOKEN}}).encode()}),
    ]
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "user-settings.json").write_text(json.dumps({"email": E_MAIL, "token": TOKEN}), encoding="utf-8")
    told = [line("-v", "import", "--force", str(folder / "user-settings.json")).output]
    for number, octets in enumerate(exports):
        path = folder / f"{number}.zip"
        path.write_bytes(octets)
        told += [line("-v", "import", *arguments, str(path)).output for arguments in ((), ("--force", "--json"))]
    line("-v", "export")
    files = [path for path in tmp_path.rglob("*") if path.is_file() and folder not in path.parents]
    assert any(path.name == "shows.json" for path in files)
    for secret in (E_MAIL, TOKEN):
        assert not any(secret in each for each in told)
        assert not any(secret.encode() in path.read_bytes() for path in files)


def test_each_account_has_a_list_of_its_own(line: Line, tmp_path: Path, home: Path, kept: Path) -> None:
    """[account.NAME] decides where the list is kept."""
    settings = tmp_path / "settings.toml"
    settings.write_text('[account.partner]\nclient_id = "x"\n[account.mine]\nclient_id = "y"\n', encoding="utf-8")
    done = line("--config", str(settings), "import", "--account", "partner", write_export(tmp_path))
    assert done.exit_code == 0, done.output
    assert not kept.exists()
    assert len(load(kept.parent / "accounts" / "partner" / "shows.json").shows) == 2


def test_the_built_in_trakt_has_an_export(line: Line, home: Path) -> None:
    """`--demo import` takes it: its shows bear the numbers of API v2, and the hidden ones are marked."""
    assert line("--demo", "import").exit_code == 0
    (path,) = home.rglob("shows.json")
    found = load(path)
    assert (found.owner, found.origin) == ("demo", "Trakt's export")
    assert {show.title for show in found.shows if show.hidden} >= {"Dune Patrol"}
    assert all(show.trakt for show in found.shows)
    assert "nothing changed" in line("--demo", "import").stderr
    assert not any(b"demo@example.com" in each.read_bytes() for each in home.rglob("*") if each.is_file())
    assert os.listdir(path.parent).count("shows.json") == 1
