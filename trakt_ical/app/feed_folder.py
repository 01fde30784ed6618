"""Which folder keeps an account's feeds. Two accounts share none: an address must never show another one's calendar."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from urllib.parse import quote

import msgspec

from trakt_ical import files
from trakt_ical.app.context import App
from trakt_ical.errors import OutputError, TraktIcalError
from trakt_ical.export.ics import parse_owner
from trakt_ical.export.stored_calendar import read_calendar_id
from trakt_ical.feed.feed_store import FeedFolder
from trakt_ical.fetch.sources import LoginMethod
from trakt_ical.files import JsonFile

log = logging.getLogger(__name__)

LOCK_WAIT = 10  # seconds


class FolderOwners(msgspec.Struct, frozen=True):
    """The account that has the *top* folder, by its key; of each login the account, of each account the user.

    *folders*: the name of an account's folder, where that is not its key: it had the folder under another one.
    """

    top: str = ""
    logins: dict[str, str] = {}
    users: dict[str, str] = {}
    folders: dict[str, str] = {}

    def find_folder(self, feed: Path, account: str) -> Path:
        """Return the folder of *account* in the folder *feed*."""
        return feed if self.top == account else feed / self.folders.get(account, account)


def make_feed_folder(app: App) -> FeedFolder:
    """Return where the feeds of the account of *app* are kept.

    The first account has the top folder, where versions before this one kept the feeds of all; each other account has
    a folder below it, named by the hash of server and user.
    """
    top = app.folders.feed
    login, owner = _hash_parts(*_list_login_parts(app)), find_user(app)
    owners_file = JsonFile(top / "accounts.json", FolderOwners, "file of accounts")
    known = owners_file.load_if_readable() or FolderOwners()
    # Without a login, or with one whose user is not known yet, the login's last account goes on being served.
    account = _hash_account(app, owner) if owner else known.logins.get(login, login)
    if known.logins.get(login) != account or (known.top in ("", login) and account != known.top):
        known = _note_account(app, owners_file, login, account, owner)
    user = owner or known.users.get(account, "")
    return FeedFolder(known.find_folder(top, account), app.folders.state, app.calendar_api, user)


def _note_account(app: App, owners_file: JsonFile[FolderOwners], login: str, account: str, owner: str) -> FolderOwners:
    """Remember that *login* is *account*'s, which gets the top folder where nobody else has it."""
    try:
        with files.lock(owners_file.path, wait=LOCK_WAIT):
            known = owners_file.load_if_readable() or FolderOwners()
            is_free = known.top in ("", login) and _may_belong_to(app.folders.feed, app.calendar_api, owner)
            users = known.users | ({account: owner} if owner else {})
            folders = known.folders
            # Until somebody logged in, the account's key was the login itself.
            earlier = login if owner and known.logins.get(login) == login else ""
            if earlier and account not in known.users:
                # Its subscribers keep their addresses, and its events their past.
                is_free = is_free or known.top == earlier
                folders = folders | {account: folders.get(earlier, earlier)}
            known = FolderOwners(account if is_free else known.top, known.logins | {login: account}, users, folders)
            owners_file.save_if_possible(known)
            return known
    except OutputError as error:
        log.warning("%s", error)
        return FolderOwners(account)


def _may_belong_to(folder: Path, api: str, owner: str) -> bool:
    """Whether the stored copies in *folder* are of *owner*, or nobody's. Each says itself whose it is."""
    owners = {parse_owner(read_calendar_id(path)) for path in folder.glob("*.ics")}
    users = {(copy_api, user) for copy_api, user in owners if user}  # the world's calendar has no owner
    return not users or (api, owner) in users


def find_user(app: App) -> str:
    """Return the user whose calendars are fetched, "" where nobody is logged in. Asks nobody."""
    if app.capabilities.login is LoginMethod.DEVICE_CODE:
        try:
            return app.token_file.load().username
        except TraktIcalError:
            return ""
    if app.capabilities.needs_list:
        imported = app.imported_list_file.load_if_readable()
        return app.settings.owner or (imported.owner if imported else "") or app.account
    return app.settings.owner or app.settings.username


def _hash_account(app: App, owner: str) -> str:
    # With a password one may ask for the calendar of another user, and what was watched depends on who asks.
    by_password = app.capabilities.login is LoginMethod.PASSWORD
    asking = app.settings.username if by_password else ""
    return _hash_parts(app.calendar_api, app.server, owner, asking)


def _list_login_parts(app: App) -> tuple[str, ...]:
    if app.capabilities.login is LoginMethod.DEVICE_CODE:
        return app.settings.api, app.server, str(app.token_file.path.resolve())
    if app.capabilities.needs_list:
        return app.calendar_api, app.server, str(app.imported_list_file.path.resolve())
    # Without a login nothing else may tell two accounts apart.
    name = (app.account,) if app.account else ()
    return (app.settings.api, app.server, app.settings.username, app.settings.owner, *name)


def _hash_parts(*parts: str) -> str:
    return hashlib.blake2b("/".join(quote(part, safe="") for part in parts).encode(), digest_size=12).hexdigest()
