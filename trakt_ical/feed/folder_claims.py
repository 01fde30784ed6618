"""One server for each folder of feeds: a lock that the system releases when the process ends, however it ends."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec

from trakt_ical import files
from trakt_ical.config.accounts import describe_account
from trakt_ical.errors import OutputError
from trakt_ical.files import JsonFile, LockHeld


class Server(msgspec.Struct, frozen=True):
    """The process that serves a folder, and the addresses it listens at."""

    process: int
    urls: tuple[str, ...] = ()


class FolderInUse(OutputError):
    """Another server has the folder, or, where it *is_shared_login*, another account of this one."""

    def __init__(self, message: str, *, is_shared_login: bool) -> None:
        super().__init__(message)
        self.is_shared_login = is_shared_login


class FolderClaims:
    """The folders that this process serves. Two servers of one folder would fetch everything twice for nothing.

    Each of them would also keep its own idea of when a calendar last changed. Safe to use from several threads.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[Path, contextlib.ExitStack] = {}
        self._owners: dict[Path, str] = {}
        self._urls: tuple[str, ...] = ()

    def claim(self, folder: Path, account: str) -> None:
        """Keep *folder* for *account*. Raises FolderInUse where another server or account has it."""
        with self._guard:
            if folder in self._locks:
                raise FolderInUse(_describe_shared_login(self._owners[folder], account), is_shared_login=True)
            stack, file = contextlib.ExitStack(), _open_file(folder)
            try:
                stack.enter_context(files.lock(file.path, wait=0))
            except LockHeld as error:
                server = file.load_if_readable()
                raise FolderInUse(_describe_server(account, server), is_shared_login=False) from error
            self._locks[folder], self._owners[folder] = stack, account
            self._note(folder)

    def release(self, folder: Path) -> None:
        """Let others have *folder*."""
        with self._guard:
            self._owners.pop(folder, None)
            if stack := self._locks.pop(folder, None):
                stack.close()

    def note_addresses(self, urls: Sequence[str]) -> None:
        """Note where this process listens, for a second server to report."""
        with self._guard:
            self._urls = tuple(urls)
            for folder in self._locks:
                self._note(folder)

    def close(self) -> None:
        """Let others have all folders."""
        for folder in list(self._locks):
            self.release(folder)

    def _note(self, folder: Path) -> None:
        # Not synced like other files: 500 accounts would take seconds, and after a power cut nobody serves anyway.
        with contextlib.suppress(OSError):
            _open_file(folder).path.write_bytes(msgspec.json.encode(Server(os.getpid(), self._urls)))


def _open_file(folder: Path) -> JsonFile[Server]:
    return JsonFile(folder / "server.json", Server, "note of the running server")


def _describe_server(account: str, server: Server | None) -> str:
    whose = f"The feeds of the account {account} are" if account else "These feeds are"
    where = ""
    if server:
        at = f" at {' and '.join(server.urls)}" if server.urls else ""
        where = f"{at} (process {server.process})"
    return f"{whose} already served by another trakt-ical{where}. Stop that one first, or use it."


def _describe_shared_login(first: str, second: str) -> str:
    names = f"{describe_account(first)} and {describe_account(second)}"
    again = f" --account {second}" if second else ""
    return (
        f"{names[0].upper()}{names[1:]} are logged in as the same user, so the calendars of the second one are not "
        f"served. Log in as somebody else (trakt-ical login{again}), or let all calendars belong to one account."
    )
