"""What a check of the doctor finds."""

from __future__ import annotations

import enum

import msgspec

from trakt_ical.errors import TraktIcalError


class Grade(enum.Enum):
    """How bad a finding is. A warning is something that works today."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What the check of *subject* found: *message* in a sentence, *remedy* says what to do about it.

    *exit_status* of what failed, 0 else. *account*: whose it is, "" where settings have only one.
    """

    subject: str
    message: str
    grade: Grade = Grade.OK
    remedy: str = ""
    exit_status: int = 0
    account: str = ""


def make_failure(subject: str, error: TraktIcalError, remedy: str = "") -> Finding:
    """Return the finding that *error* is."""
    message, mark, advice = str(error).partition(" Run: ")
    return Finding(
        subject=subject,
        message=message,
        grade=Grade.FAILED,
        remedy=remedy or "\n".join([*filter(None, [(mark + advice).strip()]), *error.excerpt]),
        exit_status=error.exit_code,
    )


def make_warning(subject: str, message: str, remedy: str) -> Finding:
    """Return the finding of something that works, though not as well as it should."""
    return Finding(subject=subject, message=message, grade=Grade.WARNING, remedy=remedy)
