"""What went wrong, in one sentence each: what a server's statuses mean, and why no answer came.

Meanings: Trakt's guide to status codes for API v2; for v1 its page on errors. The sentences name the server, as people
know it, and not the request: the log of `-v` says which one it was, and its status.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProxyError, ReadTimeoutError

from trakt_ical.answer_limits import AnswerTooSlow
from trakt_ical.errors import (
    AppNeeded,
    BrokenAnswer,
    LoginNeeded,
    PageForPeople,
    Refused,
    SettingsError,
    TraktIcalError,
)

TRAKT = "Trakt"
WRONG_APP = " If the app has a Client Secret, client_secret must be that one."
DEAD_CLIENT = "Trakt does not accept the client_id: it is wrong, or the app was deleted."

SENTENCES = {
    400: "{server} could not read a request",
    404: "{server} found nothing for a request",
    405: "{server} does not offer what a request asks for",
    409: "{server} already has this",
    422: "{server} finds a request invalid",
    429: "{server} asks for fewer requests",
    500: "{server} has an internal error",
    502: "{server} is overloaded or down",
    503: "{server} is overloaded or down",
    504: "{server} is overloaded or down",
    520: "Cloudflare does not reach {server}",
    521: "Cloudflare does not reach {server}",
    522: "Cloudflare does not reach {server}",
}
SENTENCES_OF_TRAKT = {
    412: "The server at api_url misses a header, so it may not be Trakt",
    420: "The account's limit at Trakt is reached",
    423: "The account is locked or deactivated. Contact Trakt's support: https://support.trakt.tv",
    426: "Trakt offers this to VIP members only",
}
SHOWN_BY_LOG = (400, 404, 405, 422)  # the fault lies in the request, and only the log names it


def make_error(
    status: int, headers: Mapping[str, str], body: bytes | bytearray, *, server: str = TRAKT
) -> TraktIcalError | None:
    """Return the error that an answer of *server* means, None where it is one to read on."""
    if 200 <= status < 300:
        if status == 206:
            return BrokenAnswer(f"{server} sent only a part of an answer.")
        if is_page(headers, body):
            return PageForPeople(f"{server} sent an HTML page instead of data.")
        return _find_v1_failure(body) if server == TRAKT else None
    if status == 304:
        return BrokenAnswer(f"{server} says that an answer is unchanged, but there was none before.")
    if 300 <= status < 400:
        # Followed, a redirect could carry the login to another server, or a typo in api_url could go unseen.
        try:
            place = urlsplit(headers.get("Location", ""))
            there = f"{place.scheme}://{place.hostname}" if place.hostname else "another place"
        except ValueError:
            there = "another place"
        return Refused(
            f"The server redirects to {there}, and redirects are not followed. Check api_url.",
            status=status,
        )
    return _make_refusal(status, headers, body) if server == TRAKT else _make_plain_refusal(status, body, server)


def is_transient(status: int, headers: Mapping[str, str], body: bytes | bytearray) -> bool:
    """Whether the fault behind an answer may be over at the next try."""
    # Cloudflare, which sends a page with 200 or refuses with 403, wants to see a browser, and often no more at the next
    # try.
    return (
        status == 429
        or status >= 500
        or (status == 200 and is_page(headers, body))
        or (status == 403 and not is_from_trakt(headers))
    )


def is_from_trakt(headers: Mapping[str, str]) -> bool:
    """Whether Trakt itself answered, and not Cloudflare in front of it."""
    return "X-Request-Id" in headers


def is_page(headers: Mapping[str, str], body: bytes | bytearray) -> bool:
    """Whether an answer has a page of HTML for its body."""
    if not body:
        return False
    # Some servers call their pages JSON, so the first sign counts too, after a byte order mark perhaps.
    begins_as_page = body[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    return begins_as_page or "html" in headers.get("Content-Type", "").lower()


def _make_refusal(status: int, headers: Mapping[str, str], body: bytes | bytearray) -> TraktIcalError:
    page = is_page(headers, body)
    said = "" if page else _read_reason(body)
    match status:
        # The order matters: 401 means four different things, and a wrong client_id must not send anybody to `login`.
        case 400 | 401 if said.startswith("invalid_client"):
            return AppNeeded(DEAD_CLIENT + WRONG_APP)
        case 401 if "API" in said:  # v1's "invalid API key" and its kin
            return SettingsError(f"Trakt says “{said}”. Check api_key.")
        case 401 if "authentication" in said:
            return SettingsError("Trakt does not accept the username and password.")
        case 401:
            return LoginNeeded("Trakt no longer accepts the login.")
        # Trakt numbers each of its answers. One without a number comes from Cloudflare, as a page or as a line of text,
        # and says nothing about the client_id.
        case 403 if not is_from_trakt(headers):
            return Refused("Cloudflare, which guards Trakt, blocked the request.", status=status)
        case 403:
            return AppNeeded(DEAD_CLIENT)
        case 426:
            said = headers.get("X-Upgrade-URL", "https://app.trakt.tv/vip")
    return _describe_refusal(status, said, TRAKT)


def _make_plain_refusal(status: int, body: bytes | bytearray, server: str) -> Refused:
    """Return the refusal of a *server* that needs no login."""
    if status in (401, 403):
        return Refused(f"{server} blocked a request ({status}).", status=status)
    return _describe_refusal(status, "" if body[:64].lstrip().startswith(b"<") else _read_reason(body), server)


def _describe_refusal(status: int, said: str, server: str) -> Refused:
    sentences = SENTENCES | SENTENCES_OF_TRAKT if server == TRAKT else SENTENCES
    sentence = sentences.get(status, f"{server} answered with a status that it does not document ({status})")
    which = "; -v shows which request" if status in SHOWN_BY_LOG else ""
    reason = f" (“{said}”)" if said else ""
    return Refused(f"{sentence.replace('{server}', server)}{reason}{which}.", status=status)


def _find_v1_failure(body: bytes | bytearray) -> TraktIcalError | None:
    """Return the error in an answer of v1 that says no with status 200 and `{"status": "failure", "error": …}`.

    The answer that a check-in is running looks alike, but has `wait`: it is no error.
    """
    if b'"failure"' not in body[:40] or b'"wait"' in body:
        return None
    said = _read_reason(body)
    if "authentication" in said or "API" in said:
        return _make_refusal(401, {}, body)
    return Refused(f"Trakt says “{said}”.", status=200)


def _read_reason(body: bytes | bytearray) -> str:
    """Return the reason that an answer's JSON gives, "" where it gives none."""
    try:
        answer = json.loads(body[:65536])
    except (ValueError, RecursionError):
        return ""
    if not isinstance(answer, dict):
        return ""
    parts = [str(answer[key]) for key in ("error", "error_description", "message") if answer.get(key)]
    return ": ".join(parts)[:200]


def is_too_slow(error: BaseException | None) -> bool:
    """Whether *error* comes from the limit for a whole answer."""
    while error is not None and not isinstance(error, AnswerTooSlow):
        error = _find_inner_error(error)
    return error is not None


def is_permanent(error: Exception) -> bool:
    """Whether the next try would meet the same fault: it lies in an address, a header or a certificate."""
    kinds = (
        requests.exceptions.InvalidURL,
        requests.exceptions.InvalidHeader,
        requests.exceptions.InvalidSchema,
        requests.exceptions.MissingSchema,
        requests.exceptions.SSLError,
    )
    # What is not even an error of `requests` came up while the request was put together.
    return isinstance(error, kinds) or not isinstance(error, requests.exceptions.RequestException)


def was_never_sent(error: BaseException) -> bool:
    """Whether no connection came about, so that the request certainly had no effect."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    # `requests` calls a refused connection and a broken one alike; only the innermost cause tells them apart.
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else None
    if isinstance(reason, ProxyError):
        reason = reason.original_error
    return isinstance(reason, NewConnectionError)


def describe_fault(error: Exception, *, server: str = TRAKT) -> str:
    """Return a sentence about *error* of `requests` or below it, without an address or a header."""
    match error:
        case requests.exceptions.ConnectTimeout():
            return f"{server} cannot be reached: no connection in time."
        case requests.exceptions.Timeout():
            return f"{server} did not answer in time."
        case requests.exceptions.ProxyError():
            return f"The proxy does not answer ({_find_innermost_reason(error)})."
        case requests.exceptions.SSLError():
            return f"{server} cannot be reached: its certificate is not trusted ({_find_innermost_reason(error)})."
        case requests.exceptions.ChunkedEncodingError() | requests.exceptions.ContentDecodingError():
            return f"{server}'s answer was cut short."
        case requests.exceptions.ConnectionError() if error.args and isinstance(error.args[0], ReadTimeoutError):
            return f"{server} did not answer in time."
        case requests.exceptions.ConnectionError():
            return f"{server} cannot be reached: no connection ({_find_innermost_reason(error)})."
        case requests.exceptions.InvalidHeader() | UnicodeError():
            why = "a setting or an answer has characters that no header may have"
            return f"The request to {server} cannot be sent: {why}."
        case _:
            return f"The request to {server} cannot be sent ({_find_innermost_reason(error)})."


def _find_innermost_reason(error: BaseException) -> str:
    """Return what the innermost exception says: the outer ones repeat the address, query and all."""
    while (inner := _find_inner_error(error)) is not None:
        error = inner
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(said.split())[:200]  # it may quote the answer


def _find_inner_error(error: BaseException) -> BaseException | None:
    candidates = (getattr(error, "reason", None), error.__cause__, error.__context__, *error.args[:1])
    return next((each for each in candidates if isinstance(each, BaseException)), None)
