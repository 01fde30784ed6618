"""What Trakt's statuses mean, one sentence and one exit status each.

Meanings: Trakt's guide to status codes for API v2; for v1 its page on errors.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

from trakt_ical.errors import BrokenAnswer, LoginNeeded, Refused, SettingsError, TraktIcalError

LOGIN = "Run: trakt-ical login"
DEAD_CLIENT = (
    "Trakt does not take the client_id (or api_key): it is wrong, or the app was deleted. See "
    "https://app.trakt.tv/settings/apps (since July 2026 apps need a VIP membership) and set it anew."
)

SENTENCES = {
    400: "Trakt could not read the request",
    404: "Trakt knows no such thing",
    405: "Trakt does not offer this",
    409: "Trakt already has this",
    412: "Trakt misses a header; the server at api_url may not be Trakt",
    420: "the account's limit at Trakt is reached",
    422: "Trakt finds the request invalid",
    423: "the account is locked or deactivated. Contact Trakt's support: https://support.trakt.tv",
    426: "Trakt keeps this for VIP members",
    429: "Trakt asks for fewer requests",
    500: "Trakt has a fault of its own",
    502: "Trakt is overloaded or down",
    503: "Trakt is overloaded or down",
    504: "Trakt is overloaded or down",
    520: "Cloudflare does not reach Trakt",
    521: "Cloudflare does not reach Trakt",
    522: "Cloudflare does not reach Trakt",
}


def make_error(request: str, status: int, headers: Mapping[str, str], body: bytes | bytearray) -> TraktIcalError | None:
    """The error that an answer means, or None where it is one to read on."""
    if 200 <= status < 300:
        if body and is_html(headers, body):
            return BrokenAnswer(f"{request}: a page of HTML came in place of data.")
        return _find_v1_failure(request, status, body)
    if 300 <= status < 400:
        place = urlsplit(headers.get("Location", ""))
        there = f"{place.scheme}://{place.hostname}" if place.hostname else "another place"
        return Refused(
            f"{request}: the server points to {there} ({status}); redirects are not followed. Check api_url.",
            status=status,
        )
    return _make_refusal(request, status, headers, body)


def is_transient(status: int, headers: Mapping[str, str], body: bytes | bytearray) -> bool:
    """Whether the fault behind an answer may be over at the next try."""
    return status == 429 or status >= 500 or bool(body and is_html(headers, body) and status in (200, 403))


def is_html(headers: Mapping[str, str], body: bytes | bytearray) -> bool:
    """Whether an answer is a page for people, whatever it claims to be."""
    return "html" in headers.get("Content-Type", "").lower() or body[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(
        b"<"
    )


def _make_refusal(request: str, status: int, headers: Mapping[str, str], body: bytes | bytearray) -> TraktIcalError:
    page = bool(body) and is_html(headers, body)
    said = "" if page else _read_reason(body)
    match status:
        case 400 | 401 if said.startswith("invalid_client"):
            return SettingsError(f"{request}: {DEAD_CLIENT}")
        case 401 if "API" in said:  # v1's "invalid API key" and its kin
            return SettingsError(f"{request}: Trakt says “{said}”. {DEAD_CLIENT}")
        case 401 if "authentication" in said:
            return SettingsError(f"{request}: Trakt does not take the username and password.")
        case 401:
            return LoginNeeded(f"Trakt no longer takes the login. {LOGIN}")
        case 403 if page:
            return Refused(f"{request}: Cloudflare, which guards Trakt, blocked the request (403).", status=status)
        case 403:
            return SettingsError(f"{request}: {DEAD_CLIENT}")
        case 426:
            said = headers.get("X-Upgrade-URL", "https://app.trakt.tv/vip")
    sentence = SENTENCES.get(status, "Trakt answers with a status that it does not document")
    return Refused(f"{request}: {sentence} ({status}{f', “{said}”' if said else ''}).", status=status)


def _find_v1_failure(request: str, status: int, body: bytes | bytearray) -> TraktIcalError | None:
    """v1 also says no with status 200 and `{"status": "failure", "error": …}`; a running check-in bears `wait`."""
    if b'"failure"' not in body[:40] or b'"wait"' in body:
        return None
    said = _read_reason(body)
    if "authentication" in said or "API" in said:
        return _make_refusal(request, 401, {}, body)
    return Refused(f"{request}: Trakt says “{said}”.", status=status)


def _read_reason(body: bytes | bytearray) -> str:
    """The reason that an answer's JSON gives, "" where it gives none."""
    try:
        answer = json.loads(body[:65536])
    except ValueError:
        return ""
    if not isinstance(answer, dict):
        return ""
    parts = [str(answer[key]) for key in ("error", "error_description", "message") if answer.get(key)]
    return ": ".join(parts)[:200]
