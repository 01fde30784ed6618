"""Trakt's own export: which of its files are read, when it is incomplete, and zips that are no export."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.archives import (
    OTHER,
    SHOW,
    make_hidden,
    make_hostile_zips,
    make_listed,
    make_members,
    make_watched,
    make_zip,
)
from trakt_ical.errors import ImportRefused
from trakt_ical.fetch.imported import archive
from trakt_ical.fetch.imported.imported_list import ImportedShow, ListContent
from trakt_ical.fetch.imported.recognize import read_octets, read_path

HOSTILE = make_hostile_zips()
MINIMAL = make_zip(make_members())


def read(members: dict[str, object]) -> ListContent:
    return read_octets(make_zip(members), "export.zip")


def find_faults(octets: bytes) -> list[str]:
    """Return why the export is refused: at once, or unless the user insists."""
    try:
        return list(read_octets(octets, "export.zip").faults)
    except ImportRefused as error:
        return [str(error)]


def titles(content: ListContent, *, hidden: bool | None = None) -> list[str]:
    return [show.title for show in content.shows if hidden is None or show.hidden is hidden]


def test_the_recorded_export_is_read(shared: Path) -> None:
    """Watched and watchlisted shows come with Trakt's numbers, hidden ones are marked, movies are left out."""
    folder = shared / "fixtures" / "access" / "trakt_export"
    members = {path.name: path.read_bytes() for path in folder.iterdir()}
    for content in (read(members), read_path(folder)):
        assert (content.origin, content.owner) == ("Trakt's export", "someone")
        assert (len(content.shows), content.faults, content.lacks_dropped) == (25, (), True)
        assert titles(content, hidden=True) == [
            *("Family Guy", "Last Week Tonight with John Oliver", "South Park", "The Daily Show")
        ]
        assert [show.title for show in content.shows if show.watchlisted] == [
            *("18 Again", "Kaguya-sama: Love is War", "My Mister")
        ]
        assert (
            ImportedShow(
                title="The Staircase",
                year=2004,
                trakt=21323,
                slug="the-staircase",
                tvdb=92011,
                imdb="tt0388644",
                tmdb=21421,
            )
            in content.shows
        )
        assert titles(content).count("The Mole") == 2


@pytest.mark.parametrize(
    "names",
    [
        {"watched-shows.json": "watched-shows-1.json"},
        {"watched-shows.json": "watched/watched-shows.json", "lists-watchlist.json": "lists/watchlist.json"},
        {name: f"someone/{name}" for name in make_members()},
        {
            "watched-shows.json": "someone/watched/shows.json",
            "lists-watchlist.json": "someone/lists/watchlist.json",
            "hidden-calendar.json": "someone/hidden/hidden-calendar.json",
            "hidden-progress-watched.json": "someone/hidden/progress_watched.json",
            "user-profile.json": "someone/user/profile.json",
        },
        {name: name.upper() for name in make_members()},
    ],
    ids=["numbered", "folders", "in a folder", "an old layout", "capitals"],
)
def test_layouts_of_all_years_are_read(names: dict[str, str]) -> None:
    """One page may have a number, and older exports have folders."""
    members = make_members(hidden_calendar=make_hidden(SHOW), lists_watchlist=make_listed(OTHER))
    content = read({names.get(name, name): each for name, each in members.items()})
    assert (titles(content, hidden=True), titles(content), content.owner) == (
        *(["Severance"], ["Severance", "The Mole"], "someone"),
    )
    assert [show.watchlisted for show in content.shows] == [False, True]


def test_what_macos_adds_to_a_zip_is_passed_over() -> None:
    """A folder that was zipped in the Finder has a second file for each, which is no JSON."""
    clutter = {f"__MACOSX/export/._{name}": b"\0\5\26\7" for name in make_members()}
    members = {f"export/{name}": each for name, each in make_members().items()}
    assert len(read({**members, **clutter, "export/.DS_Store": b"\0"}).shows) == 2


def test_pages_are_joined_by_their_numbers() -> None:
    """A long section has several files; the tenth comes after the second, and pages need not be full."""
    shows = [{"title": f"Show {each}", "ids": {"trakt": each}} for each in range(1, 12)]
    pages = {f"watched_shows_{each['ids']['trakt']}": make_watched(each) for each in shows}  # type: ignore[index]
    assert len(read(make_members(watched_shows=None, **pages)).shows) == 11


def test_the_history_names_shows_where_nothing_else_does() -> None:
    """Old exports may have the plays alone."""
    plays = [{"action": "watch", "type": "episode", "episode": {"season": 1, "number": 1}, "show": SHOW}] * 3
    plays.append({"action": "watch", "type": "movie", "movie": {"title": "Heat", "ids": {"trakt": 1}}})
    content = read(make_members(watched_shows=None, watched_history_1=plays))
    assert (titles(content), content.faults) == (["Severance"], ())


def test_tables_are_read_like_json() -> None:
    """The export may be made as CSV, with a byte order mark, and cells that begin like formulas marked."""
    watched = (
        "\ufeffplays,reset_at,show.title,show.year,show.ids.trakt,show.ids.slug,show.ids.tvdb,show.ids.imdb\r\n"
        "1,,Severance,2022,154997,severance,371980,tt11280740\r\n2,,'=Equals,2020,5,equals,,\r\n"
    )
    hidden = "hidden_at,type,show.title,show.ids.trakt\r\n2026-01-01,show,Severance,154997\r\n2026-01-01,season,X,5\r\n"
    members = {
        "watched-shows.csv": watched.encode(),
        "lists-watchlist.csv": b"",
        "hidden-calendar.csv": hidden.encode(),
        "hidden-progress-watched.csv": b"",
        "user-profile.csv": b"username\r\nsomeone\r\n",
    }
    content = read(members)  # type: ignore[arg-type]
    assert [(show.title, show.trakt, show.hidden) for show in content.shows] == [
        *(("=Equals", 5, False), ("Severance", 154997, True))
    ]
    assert (content.faults, content.owner) == ((), "someone")


@pytest.mark.parametrize("content", [{}, None, [], [1, "x", None, {}, {"show": 1}, {"show": {"ids": []}}]])
def test_members_of_another_shape_cost_nothing(content: object) -> None:
    """Some requests are answered by `{}`, and single entries may be anything."""
    names = ("hidden_calendar", "hidden_progress_watched", "lists_watchlist", "user_profile", "_errors")
    found = read(
        {f"{name.replace('_', '-') if name[0] != '_' else name}.json": content for name in names}
        | {"watched-shows.json": [*make_watched(SHOW), *(content or [])]}
    )
    assert (titles(found), found.faults, found.owner) == (["Severance"], (), "")


@pytest.mark.parametrize(
    "changes",
    [
        {"watched_shows": None},
        {"lists_watchlist": None},
        {"watched_shows": None, "watched_shows_2": make_watched(SHOW)},
        {"watched_shows": None, "watched_shows_1": make_watched(SHOW), "watched_shows_3": make_watched(OTHER)},
        {"watched_shows_2": make_watched(OTHER)},
        {"watched_shows": b'[{"show": {"title": "Cu'},
        {"watched_shows": {"error": "Failed"}},
        {"_errors": [{"endpoint": "users/someone/watched/shows", "error": "500", "fetchedPages": 1, "totalPages": 3}]},
        {"_errors": [{"endpoint": "users/someone/watchlist?extended=x", "error": "500"}]},
        {"_errors": [{"endpoint": "sync/watchlist", "error": "500"}]},
    ],
    ids=lambda changes: ",".join(changes),
)
def test_an_incomplete_export_says_so(changes: dict[str, object]) -> None:
    """A section that is missing, has a gap or is cut, or that Trakt itself says to be incomplete, is a fault."""
    content = read(make_members(**({"lists_watchlist": make_listed(OTHER)} | changes)))
    assert len(content.faults) == 1
    assert content.shows


@pytest.mark.parametrize(
    "endpoint",
    ["users/someone/collection/shows?extended=metadata,gdpr", "users/someone/lists/watchlist/items", "users/x/stats"],
)
def test_failures_of_other_sections_do_not_matter(endpoint: str) -> None:
    """A failed collection, or a failed list that the user calls watchlist, costs no show."""
    assert read(make_members(_errors=[{"endpoint": endpoint, "error": "500"}])).faults == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"hidden_calendar": None},
        {"hidden_progress_watched": b"["},
        {"_errors": [{"endpoint": "users/hidden/calendar", "error": "500"}]},
    ],
    ids=lambda changes: ",".join(changes),
)
def test_a_missing_hidden_list_is_no_fault(changes: dict[str, object]) -> None:
    """Without it too many shows would appear, not too few: a note says so, and what was hidden stays so."""
    content = read(make_members(**changes))
    assert (content.faults, len(content.notes), content.lacks_hidden) == ((), 1, True)


def test_a_dropped_list_counts_where_there_is_one() -> None:
    """Trakt's API has the list; should the export have it one day, nothing has to be said any more."""
    content = read(make_members(hidden_dropped=make_hidden(OTHER)))
    assert (titles(content, hidden=True), content.lacks_dropped) == (["The Mole"], False)


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_zip_is_one_sentence(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused, or told as a fault, in one sentence; nothing is unpacked to disk."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    told = find_faults(HOSTILE[kind])
    assert len(told) == 1
    assert len(told[0]) < 200
    assert list(folder.iterdir()) == []


def test_all_files_together_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many files that are not too large by themselves may be so together."""
    monkeypatch.setattr(archive, "TOTAL_LIMIT", 1000)
    with pytest.raises(ImportRefused, match="MiB"):
        read(make_members(hidden_calendar=b" " * 999))


def test_a_file_of_a_folder_that_is_no_file_is_a_fault(tmp_path: Path) -> None:
    """A folder in place of a file, or a link to nowhere, is told and not followed."""
    for name, content in make_members().items():
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    (tmp_path / "watched-shows.json").unlink()
    (tmp_path / "watched-shows.json").symlink_to("/dev/zero")
    assert len(read_path(tmp_path).faults) == 1


@settings(max_examples=300)
@given(st.data())
def test_a_zip_with_any_octets_changed_is_read_or_refused(data: st.DataObject) -> None:
    """Whatever happened to a zip, it ends in a list or in a sentence."""
    octets = bytearray(MINIMAL)
    for _ in range(data.draw(st.integers(1, 8))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    find_faults(bytes(octets[: data.draw(st.integers(0, len(octets)))]))
