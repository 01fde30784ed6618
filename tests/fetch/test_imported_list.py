"""The list of shows that people import, and its file."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest

from tests.factories import NOW
from trakt_ical.errors import SettingsError
from trakt_ical.fetch.imported.imported_list import ImportedList, ImportedListFile, ImportedShow

SHOWS = (
    ImportedShow(title="Severance", year=2022, trakt=149132, slug="severance", tvdb=371980, imdb="tt11280740"),
    ImportedShow(title="", imdb="tt0944947", hidden=True),
    ImportedShow(title="A Title Alone", watchlisted=True),
)
LIST = ImportedList(owner="someone", imported_at=NOW, origin="Trakt's export", shows=SHOWS)


def test_a_list_survives_its_file(tmp_path: Path) -> None:
    """What was imported is loaded as it was, from a file that only its owner can read."""
    file = ImportedListFile(tmp_path / "data" / "shows.json")
    assert file.load() is None
    file.save(LIST)
    loaded = file.load()
    assert loaded == LIST
    assert loaded is not None
    assert loaded.imported_at.astimezone(UTC) == NOW
    assert file.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "octets",
    [b"", b"[]", b'{"owner": "x", "imported_at": "2026-04-18T12:00:00", "origin": "", "shows": []}'],
    ids=["empty", "no list", "a moment without a zone"],
)
def test_a_damaged_list_names_the_way_out(tmp_path: Path, octets: bytes) -> None:
    """A list that cannot be read is an error of the settings (exit 3) that names `import`."""
    file = ImportedListFile(tmp_path / "shows.json")
    file.path.write_bytes(octets)
    with pytest.raises(SettingsError, match="trakt-ical import FILE"):
        file.load()


@pytest.mark.parametrize(
    ("show", "key"),
    [
        (ImportedShow(title="", trakt=1, tvdb=2, imdb="tt3", tvmaze=4), "trakt-1"),
        (ImportedShow(title="", tvdb=2, imdb="tt3", tvmaze=4), "tvdb-2"),
        (ImportedShow(title="", imdb="tt3", tvmaze=4), "imdb-tt3"),
        (ImportedShow(title="", tvmaze=4, tmdb=5), "tvmaze-4"),
        (ImportedShow(title="A Title", tmdb=5, slug="a-title"), None),
    ],
)
def test_the_first_number_names_a_show(show: ImportedShow, key: str | None) -> None:
    """The key of UIDs: Trakt's number, else TheTVDB's, IMDb's, TVmaze's; never a title or a slug."""
    assert show.key == key
