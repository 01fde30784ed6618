"""Zips as exports come in, and as nobody should be able to make the program read them."""

from __future__ import annotations

import functools
import io
import json
import stat
import struct
import warnings
import zipfile
from collections.abc import Iterable, Mapping

SHOW = {"title": "Severance", "year": 2022, "ids": {"trakt": 154997, "slug": "severance", "tvdb": 371980}}
OTHER = {"title": "The Mole", "year": 2001, "ids": {"trakt": 7361, "slug": "the-mole-2001", "imdb": "tt0270792"}}
E_MAIL, TOKEN = "planted@example.org", "0123456789abcdefplantedtoken"
SETTINGS = {"user": {"username": "someone", "email": E_MAIL}, "account": {"token": TOKEN}}

CENTRAL, LOCAL = b"PK\1\2", b"PK\3\4"


def make_watched(*shows: object) -> list[dict[str, object]]:
    """Return the entries of `watched-shows` for *shows*."""
    return [
        {"plays": 1, "last_watched_at": "2026-04-01T00:00:00.000Z", "reset_at": None, "show": each} for each in shows
    ]


def make_listed(*shows: object) -> list[dict[str, object]]:
    """Return the entries of `lists-watchlist` for *shows*."""
    return [{"type": "show", "rank": 1, "listed_at": "2026-04-01T00:00:00.000Z", "show": each} for each in shows]


def make_hidden(*shows: object) -> list[dict[str, object]]:
    """Return the entries of a hidden list for *shows*."""
    return [{"hidden_at": "2026-04-01T00:00:00.000Z", "type": "show", "show": each} for each in shows]


def make_members(**changes: object) -> dict[str, object]:
    """Return the files of a small export by name; in *changes*, `_` stands for `-`, and None leaves a file out."""
    members: dict[str, object] = {
        "user-settings": SETTINGS,
        "user-profile": {"username": "someone", "vip": False},
        "hidden-calendar": [],
        "hidden-progress-watched": [],
        "watched-shows": make_watched(SHOW, OTHER),
        "lists-watchlist": [],
    }
    members |= {name if name.startswith("_") else name.replace("_", "-"): each for name, each in changes.items()}
    return {f"{name}.json": content for name, content in members.items() if content is not None}


def make_zip(members: Mapping[str, object], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip of *members*: octets as they are, anything else as JSON."""
    return pack(((name, content) for name, content in members.items()), method=method)


def pack(members: Iterable[tuple[str | zipfile.ZipInfo, object]], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip of *members*, whose names may be the same, or headers of their own."""
    octets = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(octets, "w", method) as archive:
        warnings.simplefilter("ignore")  # of double names
        for name, content in members:
            archive.writestr(name, content if isinstance(content, bytes) else json.dumps(content))
    return octets.getvalue()


def make_link(name: str, target: str) -> tuple[zipfile.ZipInfo, bytes]:
    """Return a member that is a symbolic link."""
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry, target.encode()


def patch(octets: bytes, name: str, *, central: tuple[int, bytes], local: tuple[int, bytes] | None = None) -> bytes:
    """Return the zip *octets* with a field of the member *name* overwritten, in the directory and in its own header."""
    changed = bytearray(octets)
    for sign, length, place in ((CENTRAL, 46, central), (LOCAL, 30, local)):
        if place is None:
            continue
        start = changed.find(name.encode()) if sign == LOCAL else changed.rfind(name.encode())
        start -= length
        assert changed[start : start + 4] == sign
        offset, field = place
        changed[start + offset : start + offset + len(field)] = field
    return bytes(changed)


@functools.cache
def make_hostile_zips() -> dict[str, bytes]:
    """Return zips that nobody should be able to make the program read, by what is wrong with them."""
    usual = make_zip(make_members())
    watched = "watched-shows.json"
    others = make_members(watched_shows=None)
    size = struct.pack("<I", 30)
    bomb = make_zip(make_members(watched_shows=b" " * (65 * 2**20)))
    deep = b'[{"show":' + b"[" * 200_000 + b"]" * 200_000 + b"}]"
    return {
        "no zip": b"PK\3\4" + bytes(range(256)),
        "empty": b"PK\3\4",
        "cut": usual[: len(usual) // 2],
        "end cut off": usual[:-22],
        "encrypted": patch(usual, watched, central=(8, b"\1\0"), local=(6, b"\1\0")),
        "two of one name": pack([*make_members().items(), (watched, make_watched(SHOW))]),
        "two exports": make_zip({f"{folder}/{name}": each for folder in "ab" for name, each in make_members().items()}),
        "absolute path": make_zip({**make_members(), "/etc/cron.d/job": b"x"}),
        "parent folder": make_zip({**make_members(), "../../.bashrc": b"x"}),
        "parent folder of Windows": make_zip({**make_members(), "..\\..\\x.json": b"x"}),
        "drive": make_zip({**make_members(), "C:/x.json": b"x"}),
        "symbolic link": pack([*others.items(), make_link(watched, "/etc/passwd")]),
        "wrong checksum": patch(usual, watched, central=(16, b"\0\0\0\0")),
        "bomb": bomb,
        "bomb of a declared size": patch(bomb, watched, central=(24, size), local=(22, size)),
        "size that lies": patch(usual, watched, central=(24, b"\xff\xff\xff\x7f"), local=(22, b"\xff\xff\xff\x7f")),
        "other name in its own header": usual.replace(watched.encode(), b"watched-shoes.json", 1),
        "name that is no text": patch(
            make_zip({**make_members(), "höh.json": b"x"}), "höh.json", central=(46, b"\xff\xff\xff\xff")
        ),
        "unusual method": make_zip(make_members(), method=zipfile.ZIP_LZMA),
        "unknown method": patch(usual, watched, central=(10, b"\x63\0"), local=(8, b"\x63\0")),
        "zip in a zip": make_zip({"trakt-export-someone.zip": usual}),
        "thousands of files": pack([*make_members().items(), *((f"{each}.json", b"") for each in range(5001))]),
        "deep JSON": make_zip(make_members(watched_shows=deep)),
        "no JSON": make_zip(make_members(watched_shows=b"\xff\xfe\x00")),
        "wrong encoding": make_zip(make_members(watched_shows=b'[{"show": {"title": "\xe9"')),
        "cut JSON": make_zip(make_members(watched_shows=json.dumps(make_watched(SHOW)).encode()[:-9])),
        "no export": make_zip({"photo.jpg": b"\xff\xd8"}),
        "no files": make_zip({}),
    }
