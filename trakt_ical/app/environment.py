"""What a run takes from the world around it: clock, time-outs, environment variables, folders."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec


def _has_terminal() -> bool:
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


class Environment(msgspec.Struct, frozen=True):
    """What a run takes from the world; tests give it another one.

    *environ*: the environment variables. *timeout*: seconds to connect to a source and between two reads, except for
    logins; None: the client's own. *has_terminal*: whether the user can be asked.
    """

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], object] | None = None
    environ: Mapping[str, str] = msgspec.field(default_factory=lambda: os.environ)
    timeout: tuple[float, float] | None = None
    has_terminal: Callable[[], bool] = _has_terminal


def use_newest_zones() -> None:
    """Take time zones from the newer of this computer's data and the `tzdata` package's.

    Python takes those of the computer where it has any, however old. Countries change their clocks at short notice:
    with data of 2025, Vancouver and Havana are an hour off from November 2026 on.
    """
    import zoneinfo

    import tzdata  # type: ignore[import-untyped]

    if "PYTHONTZPATH" in os.environ:  # somebody chose the data
        return
    if find_zones_version(zoneinfo.TZPATH) < tzdata.IANA_VERSION:
        zoneinfo.reset_tzpath(to=())  # without a folder, it is the package's


def find_zones_version(folders: Sequence[str]) -> str:
    """Return the version ("2026b") of the zones in the first of *folders* that exists, "" where it is not known."""
    for folder in filter(Path.is_dir, map(Path, folders)):
        for name in ("tzdata.zi", "+VERSION"):  # of Linux, of macOS and the BSDs
            with contextlib.suppress(OSError), (folder / name).open(encoding="utf-8", errors="replace") as file:
                if found := re.search(r"\b(19|20)\d\d[a-z]+", file.readline(100)):
                    return found[0]
        break
    return ""


class Folders(msgspec.Struct, frozen=True):
    """Where files are kept: the settings *file*, *data* (the login), *cache* (answers), *state* (of outputs)."""

    file: Path
    data: Path
    cache: Path
    state: Path

    @property
    def feed(self) -> Path:
        """Where the feed keeps its copies and secrets."""
        return self.state.parent / "feed"

    @classmethod
    def of_user(cls) -> Folders:
        """Return the folders that the platform provides for the user."""
        import platformdirs

        dirs = platformdirs.PlatformDirs("trakt-ical", appauthor=False)
        return cls(
            dirs.user_config_path / "config.toml",
            dirs.user_data_path,
            dirs.user_cache_path,
            dirs.user_state_path / "outputs",
        )

    @classmethod
    def of_demo(cls) -> Folders:
        """Return the folders of the built-in Trakt: all in one, so that nothing of the user's own is touched."""
        folder = cls.of_user().data / "demo"
        return cls(folder / "config.toml", folder, folder / "cache", folder / "outputs")
