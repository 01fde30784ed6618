"""Tries a bucket with an object of its own: put, get, condition; and looks at it as subscribers and strangers do."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator

import requests

from trakt_ical.app.context import App
from trakt_ical.app.doctor.finding import Finding, make_failure, make_warning
from trakt_ical.errors import OutputError, TraktIcalError, WrittenMeanwhile
from trakt_ical.export.stores.address import find_listing_url, find_object_url, is_bucket_address
from trakt_ical.export.stores.bucket import BucketStore
from trakt_ical.export.stores.protocol import Snapshot
from trakt_ical.http import CALENDAR_TYPE, sign_nothing

PATIENCE = 10  # seconds
CONTENT = b"trakt-ical doctor put this here, and takes it away again.\r\n"
RIGHTS = "See docs/bucket.md for the keys and rights that it needs."


def check_buckets(app: App) -> Iterator[Finding]:
    """Check the bucket of each calendar of *app* that is in one."""
    for calendar in app.calendars:
        if is_bucket_address(calendar.settings.output):
            yield from _check_bucket(f"bucket of {calendar.title}", calendar.settings.output)


def _check_bucket(subject: str, output: str) -> Iterator[Finding]:
    # Beside the calendar, since rights may be given for its folder alone; the name is one that nobody guesses.
    probe = f"{output.rpartition('/')[0]}/doctor-{secrets.token_hex(8)}.ics"
    try:
        store = BucketStore(probe)
        store.save(CONTENT, None)
    except TraktIcalError as error:
        yield make_failure(subject, error, RIGHTS)
        return
    try:
        yield from _check_conditions(subject, probe, store)
        yield from _check_readers(subject, output, probe)
    finally:
        try:
            store.delete()
        except OutputError as error:
            yield make_warning(subject, str(error), "Delete it yourself; a calendar itself is never deleted.")


def _check_conditions(subject: str, probe: str, store: BucketStore) -> Iterator[Finding]:
    """Read the object back, and try to replace it by two writes that a bucket must refuse."""
    remedy = "Let only one job write there."
    try:
        first = store.load()
        if first is None or first.octets != CONTENT:
            yield make_failure(subject, OutputError("What is read there is not what was written."))
            return
        store.save(CONTENT * 2, first)
        refused = sum(_is_refused(probe, octets, expected) for octets, expected in ((b"3", first), (b"4", None)))
    except TraktIcalError as error:
        yield make_failure(subject, error, RIGHTS)
        return
    if refused < 2:
        yield make_warning(subject, "The bucket ignores conditions: two jobs at a time could lose an update.", remedy)
    elif not store.takes_conditions:
        yield make_warning(subject, "It can be written and read, but does not support conditions.", remedy)
    else:
        yield Finding(
            subject=subject, message="It can be written and read, and refuses a write that would undo another one."
        )


def _is_refused(probe: str, octets: bytes, expected: Snapshot | None) -> bool:
    """Whether the bucket refuses a write that expects another version. Raises OutputError where it fails otherwise."""
    try:
        BucketStore(probe).save(octets, expected)
    except WrittenMeanwhile:
        return True
    return False


def _open_as_stranger(url: str) -> requests.Response:
    """Ask for *url* without any login; what it holds is not read."""
    return requests.get(url, auth=sign_nothing, timeout=PATIENCE, stream=True)


def _check_readers(subject: str, output: str, probe: str) -> Iterator[Finding]:
    """Look at the object as somebody without keys."""
    try:
        with _open_as_stranger(find_listing_url(output, os.environ)) as listing:
            is_listed = listing.status_code == 200
        with _open_as_stranger(find_object_url(probe, os.environ)) as answer:
            status, kind, tag = answer.status_code, answer.headers.get("Content-Type", ""), answer.headers.get("ETag")
    except requests.RequestException as error:
        message = f"Its public address could not be tried ({type(error).__name__})."
        yield make_warning(subject, message, "Try the address that people subscribe to in a browser.")
        return
    if is_listed:
        fault = OutputError("Anybody can list the bucket, and so find the secret path of the calendar.")
        yield make_failure(subject, fault, "Take away the public's right to list it.")
    if status != 200:
        message = f"Without keys, it cannot be read at the store's own address (status {status})."
        remedy = "Let the public read (not list), unless people subscribe at another address, such as a CDN's."
        yield make_warning(subject, message, remedy)
    elif not kind.startswith(CALENDAR_TYPE.partition(";")[0]) or not tag:
        yield make_warning(subject, f"It is served as {kind or 'nothing'}.", "Calendar programs want text/calendar.")
    else:
        yield Finding(subject=subject, message="Anybody with the address can read it, as text/calendar with an ETag.")
