"""The small JSON files that the program keeps for itself."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec
import pytest

from trakt_ical.errors import OutputError
from trakt_ical.files import JsonFile, UnreadableFile


class Note(msgspec.Struct):
    """What the file of these tests holds."""

    text: str


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    """A value survives the way through the file, which only its owner can read; so is a folder made for it."""
    file = JsonFile(tmp_path / "new" / "note.json", Note, "note")
    assert file.load() is None
    file.save(Note("ä"))
    file.save(Note("b"))
    assert file.load() == Note("b")
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert file.path.parent.stat().st_mode & 0o777 == 0o700
    assert [each.name for each in file.path.parent.iterdir()] == ["note.json"]


@pytest.mark.parametrize("octets", [b"", b"{", b'{"text": 1}', b'{"text": "\xff"}', b"[]"])
def test_a_damaged_file_is_an_error_or_a_warning(
    tmp_path: Path, octets: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """The caller chooses whether a damaged file is an error (exit 6) or as good as none."""
    file = JsonFile(tmp_path / "note.json", Note, "note")
    file.path.write_bytes(octets)
    with pytest.raises(UnreadableFile, match=f"note {file.path}") as raised:
        file.load()
    assert (raised.value.damaged, raised.value.exit_code) == (True, 6)
    assert file.load_if_readable(logging.WARNING) is None
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_file_that_cannot_be_read_is_not_called_damaged(tmp_path: Path) -> None:
    """A folder in its place is a fault of another kind: nothing was lost."""
    (tmp_path / "note.json").mkdir()
    with pytest.raises(UnreadableFile) as raised:
        JsonFile(tmp_path / "note.json", Note, "note").load()
    assert not raised.value.damaged


def test_a_file_that_cannot_be_written_is_an_error_or_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The caller chooses whether a failure to save is an error (exit 6) or costs a warning only."""
    (tmp_path / "file").write_bytes(b"")
    file = JsonFile(tmp_path / "file" / "note.json", Note, "note")
    with pytest.raises(OutputError, match="note"):
        file.save(Note("a"))
    file.save_if_possible(Note("a"))
    assert [record.levelname for record in caplog.records] == ["WARNING"]
