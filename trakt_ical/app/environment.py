"""What a run takes from the world around it: clock, time-outs, environment variables, folders."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path


def _has_terminal() -> bool:
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


@dataclass(frozen=True)
class Environment:
    """What a run takes from the world; tests give it another one.

    *environ*: the environment variables. *timeout*: seconds to connect to a source and between two reads, except for
    logins; None: the client's own. *has_terminal*: whether the user can be asked.
    """

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], object] | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    timeout: tuple[float, float] | None = None
    has_terminal: Callable[[], bool] = _has_terminal


@dataclass(frozen=True)
class Folders:
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
