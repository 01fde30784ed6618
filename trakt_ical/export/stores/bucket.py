"""A calendar as an object in a bucket: read by one GET, replaced by one PUT that the bucket refuses if it lost a race.

The condition of that PUT is the lock between computers. What must outlive a computer without a memory, above all since
when an update is held back, lies beside the calendar as `NAME.state`.
"""

from __future__ import annotations

import logging
import os
import re
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import msgspec

from trakt_ical import files, http
from trakt_ical.errors import OutputError, SettingsError, WrittenMeanwhile
from trakt_ical.export.stores.address import ENDPOINTS, PREFIXES, hide_path, split_address
from trakt_ical.export.stores.protocol import LARGEST, OutputState, Snapshot, Version

if TYPE_CHECKING:
    from obstore import PutMode, UpdateVersion
    from obstore.store import ObjectStore

log = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=5)  # to connect, and between two reads
UPLOAD_RATE = 50_000  # octets in a second that the slowest line sends
RETRIES = 3
SUCCESS_STEP = timedelta(hours=1)  # by which the time of the last success in the bucket may lag behind
_KEYS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "gs": "GOOGLE_SERVICE_ACCOUNT, the name of a file with a service account's key",
    "az": "AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
}
_NO_BUCKET = ("NoSuchBucket", "ContainerNotFound", "specified bucket does not exist")
_METADATA_SERVERS = ("169.254.169.254", "metadata.google.internal", "169.254.170.2")


class BucketStore:
    """The calendar at *address*, with what several computers must know of it beside it.

    Keys come from the environment or from the cloud itself. Raises SettingsError where the extra is not installed.
    """

    def __init__(self, address: str) -> None:
        try:
            import obstore  # noqa: F401  an extra, and 7 ms
        except ImportError as error:
            raise SettingsError(
                "An output in a bucket needs an extra. Run: pip install 'trakt-ical[bucket]'"
            ) from error
        self._address = address
        self._scheme, self._bucket, self._path = split_address(address)
        self._known: OutputState | None = None  # the state as this run found it
        self._shared: Snapshot | None = None  # what lies beside the calendar, once it was read
        self._was_shared_read = False
        self.takes_conditions = True  # until it refuses one

    @property
    def name(self) -> str:
        """The address."""
        return self._address

    @property
    def label(self) -> str:
        """The address without its secret path."""
        return hide_path(self._address)

    def describe(self) -> str:
        """Return the address without its secret path."""
        return self.label

    def load(self) -> Snapshot | None:
        """Return what the object holds and its version, by one GET."""
        try:
            return self._get(self._path)
        except _BucketError as error:
            raise OutputError(f"{self.label} cannot be read: {error}") from error

    def save(self, octets: bytes, expected: Snapshot | None) -> bool:
        """Put *octets* if the object still is the *expected* one. An unchanged calendar costs no request."""
        if expected is not None and expected.octets == octets:
            return False
        try:
            self._put(self._path, octets, expected.version if expected else None)
        except _BucketError as error:
            # The answer may be what got lost, not the calendar. A second attempt then meets the first.
            if not error.may_be_written or not self._holds(octets):
                kind = WrittenMeanwhile if isinstance(error, _LostRace) else OutputError
                raise kind(f"{self.label} was not written: {error}") from error
        return True

    def _holds(self, octets: bytes) -> bool:
        try:
            found = self._get(self._path)
        except _BucketError:
            return False
        return found is not None and found.octets == octets

    def sweep(self) -> None:
        """Do nothing: a PUT is taken whole or not at all, and leaves nothing behind."""

    def keep_aside(self, octets: bytes) -> str:
        """Put *octets* beside the object as `NAME.old`, or `NAME.old.1` and so on where that is taken."""
        for number in count():
            ending = ".old" + (f".{number}" if number else "")
            try:
                found = self._get(self._path + ending)
                if found is None:
                    self._put(self._path + ending, octets, None)
                if found is None or found.octets == octets:
                    return self.label + ending
            except _BucketError as error:
                raise OutputError(f"The copy {self.label}{ending} was not written: {error}") from error
        raise AssertionError("count() does not end")

    def load_state(self) -> OutputState | None:
        """Return what lies beside the calendar, by one GET, None where nothing does. Raises OutputError."""
        try:
            found = self._get(_name_state(self._path))
            return files.decode(found.octets, OutputState) if found else None
        except (UnicodeDecodeError, msgspec.DecodeError) as error:
            raise OutputError(f"The state beside {self.label} is damaged: {error}.") from error
        except _BucketError as error:
            raise OutputError(f"The state beside {self.label} cannot be read: {error}") from error

    def delete(self) -> None:
        """Delete the object, and not what lies beside it. Raises OutputError."""
        try:
            self._delete(self._path)
        except _BucketError as error:
            raise OutputError(f"{self.label} was not deleted: {error}") from error

    def complete_state(self, kept: OutputState, snapshot: Snapshot | None) -> OutputState:
        """Return *kept* with what other computers noted; without a request where this one saw *snapshot* last."""
        if snapshot and not (kept.last_run and kept.last_run.version == snapshot.version):
            shared = self._load_shared()
            if shared:
                newest = max(filter(None, (kept.last_success, shared.last_success)), default=None)
                kept = msgspec.structs.replace(
                    kept, **{name: getattr(shared, name) for name in _SHARED}, last_success=newest
                )
        self._known = msgspec.structs.replace(kept)
        return kept

    def share_state(self, state: OutputState) -> None:
        """Put what others must know of *state* beside the calendar if it changed. A failure costs a warning only."""
        known = self._known
        if known is None or not self._must_share(state, known):
            return
        try:
            shared = self._load_shared()
            if shared and shared.guard_since and state.guard_since and state.guard_missing <= shared.guard_missing:
                # Another computer held this update back before.
                state.guard_since = min(state.guard_since, shared.guard_since)
            # What only this computer can use stays here, and so does the path of somebody's home.
            shown = msgspec.structs.replace(state, last_run=None, failure=None, settings_file="")
            octets = msgspec.json.encode(shown)
            self._put(_name_state(self._path), octets, self._shared.version if self._shared else None)
        except _BucketError as error:
            log.warning("The state beside %s was not written: %s", self.label, error)

    def _must_share(self, state: OutputState, known: OutputState) -> bool:
        if any(getattr(state, name) != getattr(known, name) for name in _SHARED):
            return True
        # Where this computer remembers, nobody needs each success; where none does, it is read from there.
        if not self._was_shared_read or state.last_success is None:
            return False
        return known.last_success is None or state.last_success - known.last_success >= SUCCESS_STEP

    def _load_shared(self) -> OutputState | None:
        """Return what lies beside the calendar, None where nothing readable does."""
        try:
            if not self._was_shared_read:
                self._shared = self._get(_name_state(self._path))
                self._was_shared_read = True
            return files.decode(self._shared.octets, OutputState) if self._shared else None
        except (UnicodeDecodeError, msgspec.DecodeError) as error:
            log.warning("The state beside %s is damaged: %s. A new one is made.", self.label, error)
        except _BucketError as error:
            log.warning("The state beside %s cannot be read: %s", self.label, error)
        return None

    def _get(self, path: str) -> Snapshot | None:
        import obstore

        try:
            found = obstore.get(self._open(PATIENCE), path)
            if found.meta["size"] > LARGEST:
                raise _BucketError(f"it is larger than {LARGEST // 2**20} MB and was not made by trakt-ical.")
            return Snapshot(bytes(found.bytes()), _make_version(found.meta["e_tag"], found.meta["version"]))
        except FileNotFoundError as error:
            if any(word in str(error) for word in _NO_BUCKET):
                raise self._translate(error) from None
            return None
        except (obstore.exceptions.BaseError, OSError, ValueError) as error:
            raise self._translate(error) from None  # its text holds the secret path

    def _put(self, path: str, octets: bytes, expected: Version | None) -> None:
        """Put *octets* at *path* if that still is the version *expected*; None: nothing."""
        import obstore

        mode: PutMode = _read_version(expected) if expected else "create"
        client = self._open(PATIENCE + timedelta(seconds=len(octets) / UPLOAD_RATE))
        try:
            try:
                obstore.put(client, path, octets, mode=mode, attributes=_make_attributes(path), use_multipart=False)
            except (obstore.exceptions.BaseError, NotImplementedError) as error:
                if not _knows_no_condition(error):
                    raise
                self.takes_conditions = False
                # Backblaze B2 knows no conditions. To look first leaves a moment for a race, but nothing is better.
                found = self._get(path)
                if (found.version if found else None) != expected:
                    raise _LostRace from None
                obstore.put(client, path, octets, attributes=_make_attributes(path), use_multipart=False)
        except (obstore.exceptions.BaseError, OSError, ValueError, NotImplementedError) as error:
            raise self._translate(error) from None  # its text holds the secret path

    def _delete(self, path: str) -> None:
        """Delete what is at *path*, if anything is."""
        import obstore

        try:
            obstore.delete(self._open(PATIENCE), path)
        except FileNotFoundError:
            pass
        except (obstore.exceptions.BaseError, OSError, ValueError) as error:
            raise self._translate(error) from None  # its text holds the secret path

    def _open(self, patience: timedelta) -> ObjectStore:
        import obstore.store

        for name in ENDPOINTS:
            if (url := os.environ.get(name)) and not http.is_server_url(url):
                raise _BucketError(f"{name} in the environment is not an address. Write it like https://HOST.")
        # The library reads the environment by itself, but forgets this variable where it is given other options.
        plain_http = os.environ.get(f"{PREFIXES[self._scheme]}_ALLOW_HTTP", "").lower() in ("true", "1")
        times = {"connect_timeout": PATIENCE, "read_timeout": patience, "timeout": 12 * patience}
        options: dict[str, Any] = {
            "client_options": {"allow_http": plain_http, **times},
            "retry_config": {"max_retries": RETRIES, "retry_timeout": 12 * patience},
        }
        try:
            match self._scheme:
                case "gs":
                    return obstore.store.GCSStore(self._bucket, **options)
                case "az":
                    return obstore.store.AzureStore(self._bucket, **options)
                case _:
                    return obstore.store.S3Store(self._bucket, **options)
        except (obstore.exceptions.BaseError, OSError, ValueError) as error:
            log.info("The bucket %s: %s", self._bucket, str(error).partition("\n")[0])
            raise _BucketError(f"the keys in the environment cannot be used. Set {_KEYS[self._scheme]}.") from None

    def _translate(self, error: Exception) -> _BucketError:
        """Return what *error* of the library says, without the address in it."""
        from obstore import exceptions

        text = str(error)
        found = re.search(r"status code: (\d{3})[^:]*", text)
        code = re.search(r"<Code>(\w+)</Code>", text)
        status = f"{found[1]}{f' ({code[1]})' if code else ''}" if found else ""
        log.info("The bucket %s: %s %s", self._bucket, type(error).__name__, status or "without an answer")
        match error:
            case exceptions.AlreadyExistsError() | exceptions.PreconditionError():
                # Only a second attempt can meet the first one. Else it is another run that wrote meanwhile.
                is_retried = re.search(r"after \d+ retr", text) is not None
                return _LostRace(may_be_written=is_retried)
            case exceptions.PermissionDeniedError() | exceptions.UnauthenticatedError():
                return _BucketError(
                    f"the bucket refused the keys ({status or 'no status'}). Are they right, and may they read, write "
                    "and list there?"
                )
            case FileNotFoundError():
                return _BucketError(f"there is no bucket {self._bucket}.")
        if any(server in text for server in _METADATA_SERVERS):
            return _BucketError(f"no keys were found. Set {_KEYS[self._scheme]} in the environment.")
        if "builder error" in text:
            return _BucketError(
                f"it is reached by plain http, which {PREFIXES[self._scheme]}_ALLOW_HTTP=true would allow."
            )
        if status.startswith("3"):
            return _BucketError("the bucket is in another region. Set AWS_REGION to it.")
        if status:
            return _BucketError(f"the bucket answered {status}. Try again later.", may_be_written=status[0] == "5")
        if "Generic" in type(error).__name__:
            return _BucketError("the bucket cannot be reached, or did not answer in time.", may_be_written=True)
        return _BucketError("the settings of the bucket in the environment are not valid.")


class _BucketError(Exception):
    """Why a request failed, as the end of a sentence. *may_be_written*: a PUT may have been taken all the same."""

    def __init__(self, reason: str, *, may_be_written: bool = False) -> None:
        super().__init__(reason)
        self.may_be_written = may_be_written


class _LostRace(_BucketError):
    """Another run wrote there after this one had read."""

    def __init__(self, *, may_be_written: bool = False) -> None:
        super().__init__("it was changed during this run. Run this again.", may_be_written=may_be_written)


_SHARED = ("guard_since", "guard_missing", "last_change", "filters")


def _name_state(path: str) -> str:
    return f"{path}.state"


def _knows_no_condition(error: Exception) -> bool:
    from obstore import exceptions

    is_refused = isinstance(error, exceptions.NotSupportedError | NotImplementedError)
    return is_refused or "NotImplemented" in str(error) or "status code: 501" in str(error)


def _make_version(e_tag: str | None, version: str | None) -> Version:
    return msgspec.json.encode({name: each for name, each in (("e_tag", e_tag), ("version", version)) if each}).decode()


def _read_version(version: Version) -> UpdateVersion:
    return msgspec.json.decode(version)  # type: ignore[no-any-return]  # as `_make_version` wrote it


def _make_attributes(path: str) -> dict[str, str]:
    """Return the header fields with which the bucket answers those who read the object at *path*."""
    name = path.rpartition("/")[2]
    is_state = name.endswith(".state")
    return {
        "Content-Type": "application/json" if is_state else http.CALENDAR_TYPE,
        "Cache-Control": http.CACHE_CONTROL,
        "Content-Disposition": http.make_disposition(name),
    }
