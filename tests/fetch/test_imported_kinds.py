"""Lists that are no export of Trakt's: told by their content, whatever the file is called."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.archives import OTHER, SHOW, make_hidden, make_listed, make_watched, make_zip
from trakt_ical.errors import ImportRefused
from trakt_ical.fetch.imported.imported_list import ImportedShow, ListContent
from trakt_ical.fetch.imported.recognize import combine_lists, read_octets, read_path

CELLS = ("title", "tvdb_id", "type", "show", "x", "", '"', "5", "objects", "s_key", "é")
SEVERANCE = ImportedShow(title="Severance", year=2022, trakt=154997, slug="severance", tvdb=371980)


def read(text: str | bytes, name: str = "shows.dat") -> ListContent:
    return read_octets(text if isinstance(text, bytes) else text.encode(), name)


def tell(content: ListContent) -> list[tuple[str, str | None]]:
    return [(show.title, show.key) for show in content.shows]


def is_one_line(title: str) -> bool:
    """Whether *title* has nothing that a terminal obeys, and no line break."""
    return not any(unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") for each in title)


@pytest.mark.parametrize(
    ("path", "origin", "shows", "hidden", "watchlisted"),
    [
        ("tvtime/tvtime-series.csv", "TV Time's export", 4, 1, 1),
        ("tvtime/tvtime-series.json", "TV Time's export", 2, 0, 0),
        ("tvtime/tvtime-lists.csv", "TV Time's export", 10, 0, 0),
        ("tvtime/gdpr-lists-prod-lists.csv", "TV Time's export", 8, 0, 0),
        ("imdb/list.csv", "a list from IMDb", 2, 0, 0),
        ("made/lists-list-4242-rewatch-soon.json", "a list from Trakt", 2, 0, 0),
        ("trakt_export/watched-shows.json", "a list from Trakt", 22, 0, 0),
        ("trakt_api_only/sync-watchlist.json", "a list from Trakt", 4, 0, 4),
        ("trakt_api_only/hidden-dropped.json", "a list from Trakt", 8, 8, 0),
        ("sonarr/calendar.json", "a list from Sonarr", 1, 0, 0),
    ],
)
def test_recorded_lists_are_read(
    shared: Path, path: str, origin: str, shows: int, hidden: int, watchlisted: int
) -> None:
    """Each kind of list that people have is told by its content, and each show of it has a number."""
    content = read_path(shared / "fixtures" / "access" / path)
    counts = (sum(show.hidden for show in content.shows), sum(show.watchlisted for show in content.shows))
    assert (content.origin, len(content.shows), *counts) == (origin, shows, hidden, watchlisted)
    assert all(show.key for show in content.shows)


@pytest.mark.parametrize(
    ("line", "title", "year", "key"),
    [
        ("trakt:1390", "", None, "trakt-1390"),
        ("tvdb:121361", "", None, "tvdb-121361"),
        ("IMDB: tt0944947", "", None, "imdb-tt0944947"),
        ("tvmaze:82  # Game of Thrones (2011)", "Game of Thrones", 2011, "tvmaze-82"),
        ("tt0944947", "", None, "imdb-tt0944947"),
        ("https://trakt.tv/shows/1390", "", None, "trakt-1390"),
        ("https://app.trakt.tv/shows/the-staircase-2022?x=1", "The Staircase", 2022, None),
        ("trakt.tv/shows/severance/seasons/2", "Severance", None, None),
        ("https://www.imdb.com/title/tt0944947/?ref_=x", "", None, "imdb-tt0944947"),
        ("https://m.imdb.com/de/title/tt0944947", "", None, "imdb-tt0944947"),
        ("https://thetvdb.com/?tab=series&id=121361", "", None, "tvdb-121361"),
        ("https://thetvdb.com/dereferrer/series/121361", "", None, "tvdb-121361"),
        ("https://thetvdb.com/series/game-of-thrones", "Game Of Thrones", None, None),
        ("https://www.tvmaze.com/shows/82/game-of-thrones", "", None, "tvmaze-82"),
        ("The Staircase (2004)", "The Staircase", 2004, None),
        ("1992", "1992", None, None),
        ("Krøniken", "Krøniken", None, None),
        ("9-1-1: Lone Star", "9-1-1: Lone Star", None, None),
    ],
)
def test_a_line_names_a_show(line: str, title: str, year: int | None, key: str | None) -> None:
    """A number, an address of a site or a title; blank lines and comments name nothing."""
    (show,) = read(f"# mine\n\n  {line}  \r\n").shows
    assert (show.title, show.year, show.key) == (title, year, key)


def test_lines_that_name_no_show_are_told() -> None:
    """Their numbers are in a note; a file of which most lines name none is no list."""
    content = read("Severance\nhttps://example.org/x\ntvdb:0\nThe Mole\n")
    assert (len(content.shows), "2, 3" in content.notes[0]) == (2, True)
    with pytest.raises(ImportRefused):
        read(
            "Severance\n" + "A long sentence that goes on and on, and is no title of any show at all. " * 3 + "\n----\n"
        )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Type,Title,Year,Trakt_ID\nshow,A,2001,5\nmovie,B,2001,6\nepisode,C,2001,7\nTV Series,D,,8", ["A", "D"]),
        ("title;tvdb_id;type\nA;5;show\n", ["A"]),
        ("title\ttvdb\nA\t5\n", ["A"]),
        ('\ufeffName,IMDB\r\n"A, or B",tt0000005\r\n', ["A, or B"]),
        ("name,year\nA,2001\nB,\n", ["A", "B"]),
        ("imdb_id,tvdb_id,type,title,is_watched,status\n-1,5,series,A,true,\n-1,6,movie,B,true,\n", ["A"]),
        ("series_tvdb_id,title,season,episode,tvdb_id,is_watched\n5,A,1,1,6,true\n5,A,1,2,7,true\n", ["A"]),
        ("key,s_id,is_archived,series_name\nuser-series-x,5,false,A\nwatch-episode-x,6,,B\n", ["A"]),
        ("Const,Title,Title Type\ntt0000005,A,tvSeries\ntt0000006,B,Movie\ntt0000007,C,TV Mini Series\n", ["A", "C"]),
    ],
)  # fmt: skip
def test_tables_are_told_by_their_columns(text: str, expected: list[str]) -> None:
    """Names of columns in any case; rows of movies and episodes are left out; delimiters of all spreadsheets."""
    assert [show.title for show in read(text).shows] == expected


def test_a_table_of_another_encoding_is_read() -> None:
    """Spreadsheets on Windows write UTF-16, or the code page of Western Europe."""
    text = "title,tvdb_id\nKrøniken,5\n"
    for encoding in ("utf-16", "cp1252", "utf-8-sig"):
        assert tell(read(text.encode(encoding))) == [("Krøniken", "tvdb-5")]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ([{"type": "show", **SHOW}, {"type": "movie", "title": "Heat", "ids": {"trakt": 1, "tmdb": 2}}], ["Severance"]),
        ({"shows": [{"title": "A", "ids": {"trakt": 5}}], "movies": [{"title": "B", "ids": {"trakt": 6}}]}, ["A"]),
        ({"watchlist": make_listed(SHOW), "ratings": make_watched(OTHER), "settings": {"user": {}}}, ["Severance"]),
        ([{"tvdbId": 5, "tvMazeId": 6, "imdbId": "tt0000007", "title": "A", "monitored": True}], ["A"]),
        ([{"tmdbId": 5, "imdbId": "tt0000007", "title": "A movie of Radarr's"}, *make_watched(SHOW)], ["Severance"]),
        ([{"id": {"tvdb": 5, "imdb": "-1"}, "title": "A", "status": "stopped"}], ["A"]),
        ([{"id": {"tvdb": 5}, "title": "A movie", "is_watched": True}, *make_watched(SHOW)], ["Severance"]),
    ],
)
def test_documents_are_told_by_their_entries(document: object, expected: list[str]) -> None:
    """Entries of Trakt, of scripts that gather its answers, of Sonarr and TV Time; what is no show is left out."""
    assert [show.title for show in read(json.dumps(document)).shows] == expected


def test_sonarr_and_tv_time_say_what_is_given_up() -> None:
    """A series that Sonarr does not monitor, and one that the user of TV Time stopped, are hidden."""
    series = [{"tvdbId": 5, "title": "A", "monitored": False}, {"tvdbId": 6, "title": "B", "monitored": True}]
    assert [show.hidden for show in read(json.dumps(series)).shows] == [True, False]
    stopped = "uuid,tvdb_id,imdb_id,title,status\n1,5,-1,A,stopped\n2,6,,B,up_to_date\n3,7,,C,not_started_yet\n"
    assert [(show.hidden, show.watchlisted) for show in read(stopped).shows] == [
        *((True, False), (False, False), (False, True))
    ]


def test_numbers_of_all_spellings_are_read() -> None:
    """Digits as text, whole floats; 0, -1, true and what is no number count as missing."""
    ids = {"trakt": "154997", "tvdb": 371980.0, "tmdb": -1, "imdb": "https://www.imdb.com/title/tt11280740/"}
    odd = {"trakt": True, "tvdb": "x", "tmdb": 0, "imdb": 5, "slug": "a b"}
    document = [{"show": {"title": "A", "year": "2022", "ids": ids}}, {"show": {"title": "B", "year": 0, "ids": odd}}]
    assert read(json.dumps(document)).shows == (
        ImportedShow(title="A", year=2022, trakt=154997, tvdb=371980, imdb="tt11280740"),
        ImportedShow(title="B"),
    )


def test_titles_are_one_clean_line() -> None:
    """Nothing that moves a cursor, no line break, no endless text."""
    (show,) = read(json.dumps(make_watched({**SHOW, "title": "\x1b[31mA\n\u202eB\u2028" + "x" * 999}))).shows
    assert is_one_line(show.title)
    assert len(show.title) <= 250


def test_one_show_of_several_lists_is_one() -> None:
    """What the lists say together counts: numbers, hidden, watchlisted; the order of the files does not matter."""
    lists = [
        read(json.dumps(make_watched(SHOW))),
        read("type,tvdb_id,imdb_id,title\nshow,371980,tt11280740,Severance (US)\n"),
        read(json.dumps(make_hidden({"title": "Severance", "ids": {"trakt": 154997}}))),
        read("The Mole (2001)\nTHE MOLE (2001)\n"),
    ]
    combined = combine_lists(lists)
    assert len(combined.shows) == 2
    severance = next(show for show in combined.shows if show.trakt)
    assert (severance.imdb, severance.hidden, severance.title) == ("tt11280740", True, "Severance")


def test_shows_that_trakt_has_split_stay_apart() -> None:
    """Two shows of Trakt may have one number at another site."""
    shows = [{"title": title, "ids": {"trakt": trakt, "imdb": "tt0000005"}} for title, trakt in (("A", 5), ("B", 6))]
    assert tell(read(json.dumps(make_watched(*shows)))) == [("A", "trakt-5"), ("B", "trakt-6")]


def test_exports_of_two_accounts_are_not_one_list() -> None:
    """Nobody could say whose calendar it would be."""
    one, other = (ListContent(origin="", shows=(SEVERANCE,), owner=owner) for owner in ("someone", "else"))
    with pytest.raises(ImportRefused, match="else, someone"):
        combine_lists([one, other])


def test_the_zip_of_tv_time_is_read() -> None:
    """Of its files those with shows count: movies have numbers of their own at TheTVDB."""
    octets = make_zip(
        {
            "tvtime-series.csv": b"uuid,tvdb_id,imdb_id,title,status\n1,371980,,Severance,up_to_date\n",
            "tvtime-movies.csv": b"uuid,tvdb_id,imdb_id,title,year,is_watched\n1,5,,A Movie,2001,true\n",
        }
    )
    assert tell(read_octets(octets, "tvtime.zip")) == [("Severance", "tvdb-371980")]


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\n\n# nothing\n",
        b"[]",
        b"{}",
        b'[{"movie": {"title": "Heat"}}]',
        b'{"user": {"email": "x"}}',
        b"[[[[",
        b'[{"show": {"title": "Cu',
        b"title,year,letterboxd uri\nHeat,1995,https://boxd.it/x\n",
        b"uuid,tvdb_id,imdb_id,title,year,created_at,watched_at,is_watched\n1,5,tt5,It,2017,,,true\n",
        b"<!DOCTYPE html><html><body>Log in</body></html>",
        b"\x7fELF\x02\x01\x01\x00\x00",
        b"%PDF-1.7\x00",
        bytes(range(256)) * 10,
    ],
)
def test_what_names_no_show_is_refused(octets: bytes) -> None:
    """Empty files, lists of movies, pages, programs: exit 9, with the name of the file in the sentence."""
    with pytest.raises(ImportRefused, match="shows.dat") as raised:
        read(octets)
    assert raised.value.exit_code == 9


def test_the_private_file_of_an_export_is_never_opened(tmp_path: Path) -> None:
    """Named by itself it is refused for its name."""
    path = tmp_path / "user-settings.json"
    path.write_text(json.dumps(make_watched(SHOW)), encoding="utf-8")
    with pytest.raises(ImportRefused, match="not opened"):
        read_path(path)


@settings(max_examples=300)
@given(
    st.one_of(
        st.binary(max_size=400),
        st.text(max_size=400).map(lambda text: text.encode("utf-8", "replace")),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
            lambda inner: st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(("show", "ids", "id", "title", "year", "tvdbId", "series", "tvdb", "status", "type")),
                inner,
                max_size=5,
            ),
            max_leaves=30,
        ).map(lambda document: json.dumps([document]).encode()),
        st.lists(
            st.lists(st.sampled_from(CELLS), max_size=5).map(",".join),
            max_size=6,
        ).map(lambda lines: "\n".join(lines).encode()),
    )
)  # fmt: skip
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    """Whatever a file holds, it ends in a list that can be kept, or in a sentence."""
    try:
        content = read(octets)
    except ImportRefused as error:
        content = ListContent(origin=str(error), shows=())
        assert content.origin.endswith(".")
    assert all(is_one_line(show.title) for show in content.shows)
    assert len({show.key for show in content.shows if show.key}) == sum(bool(show.key) for show in content.shows)
