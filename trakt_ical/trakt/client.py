"""The client: sends requests, reads statuses, tries again where that is safe. It has never seen a token."""

from __future__ import annotations

import contextlib
import functools
import logging
import random
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec
import requests
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError

import trakt_ical
from trakt_ical.answer_limits import limit_answer
from trakt_ical.errors import BrokenAnswer, NoConnection, NotKept, TraktError, Unreachable, WrongClock
from trakt_ical.files import decode, decode_repaired
from trakt_ical.http import parse_http_date, parse_retry_after, sign_nothing
from trakt_ical.trakt import statuses
from trakt_ical.trakt.cache import AnswerFiles, CachePolicy
from trakt_ical.trakt.reach import JOB, KeptOnly, Patience
from trakt_ical.trakt.request_counts import request_counts
from trakt_ical.trakt.transport import make_session

if TYPE_CHECKING:
    from requests import Response
    from requests.auth import AuthBase

    from trakt_ical.trakt.pacing import Pacer

log = logging.getLogger(__name__)
tries = logging.getLogger("trakt_ical.trakt.tries")
"""Says that a request failed and is sent again. `serve` shows it with -v only, since it reports outages itself."""

T = TypeVar("T")

USER_AGENT = f"trakt-ical/{trakt_ical.__version__}"
MAX_BODY = 64 * 2**20  # octets after decompression
# Octets that are unpacked at a time. With 2**16, eight threads take a third longer: after each part, they wait for each
# other.
PART = 2**20
BEGINNING = 2**12  # octets that tell a refusal or a page from data
TIMEOUT = (10, 60)  # seconds to connect, and between two reads
ANSWER_LIMIT = 180  # seconds for a whole answer; a large calendar over a slow line takes 30
LONGEST_WAIT = 300  # seconds; the most that Cloudflare's Retry-After asks for, and that somebody waits for
NOT_MODIFIED = 304  # what the server said of a kept answer
SHORTEST_MASKED = 6  # characters; masking a shorter secret wherever it occurs would spell it out
# What the libraries raise for an answer that they take for impossible, such as a chunk of a negative size.
UNREADABLE = (ValueError, LookupError, ArithmeticError, AssertionError, RecursionError)
SKEW_WARNED = timedelta(minutes=10)
SKEW_REFUSED = timedelta(days=1)


class Answer(msgspec.Struct, frozen=True, dict=True):
    """A whole answer: *request* names it in the log, secrets cut out; *headers* ignore case.

    *octets* are its body, which in an answer *from_cache* is packed as it was sent. *server*: who answered, for people.
    """

    request: str
    status: int
    headers: Mapping[str, str]
    octets: bytes | bytearray
    from_cache: bool = False
    server: str = statuses.TRAKT

    @functools.cached_property
    def body(self) -> bytes | bytearray:
        """The body, unpacked. Raises BrokenAnswer where that fails."""
        # A run in which nothing changed never comes here: to unpack a year of answers takes as long as to ask for them.
        return _join_parts(_unpack(self), self.server) if self.from_cache else self.octets

    @property
    def beginning(self) -> bytes | bytearray:
        """What the body begins with: enough to see whether it is data, a refusal or a page for people."""
        return next(_unpack(self, BEGINNING), b"") if self.from_cache else self.octets

    def decode(self, form: type[T]) -> T:
        """Return the body as *form*. Raises BrokenAnswer with the path inside the answer."""
        if not self.body:
            raise BrokenAnswer(f"{self.server}'s answer is empty.")
        try:
            return self._decode(form)
        except RecursionError as error:
            raise BrokenAnswer(
                f"{self.server}'s answer is not what {self.server} documents: it is nested too deep."
            ) from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            log.debug("%s: %s", self.request, error)
            raise BrokenAnswer(f"{self.server}'s answer is not what {self.server} documents: {error}.") from error

    def _decode(self, form: type[T]) -> T:
        try:
            return decode(self.body, form)
        except msgspec.ValidationError:
            raise
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            with contextlib.suppress(ValueError):  # what is cut short is broken as msgspec says
                repaired = decode_repaired(self.body, form)
                log.debug("%s: read all the same: %s", self.request, error)
                return repaired
            raise


class Client:
    """A connection to one server, safe to share between threads.

    *headers* go with every request, *auth* signs it. *secrets* never appear in an error or the
    log. With *cache_folder* GET answers are kept there and asked for with their ETag, but not
    while they are younger than *max_age*. *timeout* is in seconds, to connect and between two reads; *answer_limit* is
    for a whole answer, *run_limit* for all requests together (0: none). *server*: who answers, as people know it.
    *pacer* says when the next request may be sent. *patience*: how often one is sent again. With *kept_only* none is
    sent at all, and answers are those in *cache_folder*.
    """

    def __init__(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        auth: AuthBase | None = None,
        cache_folder: Path | None = None,
        max_age: timedelta = timedelta(0),
        secrets: Collection[str] = (),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], object] | None = None,
        timeout: tuple[float, float] | None = None,
        answer_limit: float = ANSWER_LIMIT,
        run_limit: float = 0,
        server: str = statuses.TRAKT,
        pacer: Pacer | None = None,
        patience: Patience = JOB,
        kept_only: KeptOnly | None = None,
    ) -> None:
        self._server = server
        self._pacer = pacer
        self._patience = patience
        self._kept_only = kept_only
        self._cache_folder = cache_folder
        self._url = url.rstrip("/")
        self._secrets = sorted(filter(None, secrets), key=len, reverse=True)
        self.now = now
        self._closed = threading.Event()
        self._sleep = sleep or self._closed.wait
        self._warned_of_clock = False
        self._timeout = timeout or TIMEOUT
        self._answer_limit = answer_limit
        self._run_limit = run_limit
        self._run_end = time.monotonic() + run_limit if run_limit else float("inf")
        self._max_age = max_age
        self._outage = _Outage()
        policy = CachePolicy(cache_folder, max_age, now) if cache_folder and not kept_only else None
        self._session = make_session(self._url, policy)
        self._session.auth = auth or sign_nothing
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "gzip", **(headers or {})})

    @property
    def sends_nothing(self) -> bool:
        """Whether answers are kept ones only."""
        return self._kept_only is not None

    def close(self) -> None:
        """End the connections. Whoever waits to try again stops waiting."""
        self._closed.set()
        self._session.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(self, path: str, query: Mapping[str, str] | None = None, *, expected: Collection[int] = ()) -> Answer:
        """Return the answer to a GET, revalidated unless it is young; tried again after faults that pass.

        Statuses in *expected* are returned, not raised. Raises the TraktIcalError of the last try.
        """
        url = self._url + path + ("?" + urlencode(query) if query else "")
        # To ask anew (`--fresh`, a refresh of the feed) is to ask Trakt: no cache on the way may answer in its place.
        return self._repeat("GET", url, headers={"Cache-Control": "no-cache"}, expected=expected)

    def delete(self, path: str) -> Answer:
        """Return the answer to a DELETE; tried again as a GET is, since what is gone stays gone."""
        return self._repeat("DELETE", self._url + path)

    def post(self, path: str, body: Mapping[str, Any], *, expected: Collection[int] = ()) -> Answer:
        """Return the answer to a POST of JSON. Statuses in *expected* are returned, not raised.

        It is sent again only where the first one certainly had no effect: no connection came
        about, or the answer was 429.
        """
        return self._repeat("POST", self._url + path, once=True, json=dict(body), expected=expected)

    def _repeat(self, method: str, url: str, *, once: bool = False, **kwargs: Any) -> Answer:
        """Return the answer of the first try that has one; with *once* no try follows one that may have had an effect.

        A second POST could check in twice, or spend a refresh token that the first one has already spent.
        """
        if self._kept_only is not None:
            return self._load_kept(method, url, self._kept_only)
        waits, answered, start = 0, False, time.monotonic()
        try:
            for wait in (*self._patience.waits, None):
                try:
                    with self._pacer.take_turn(self._sleep) if self._pacer else contextlib.nullcontext():
                        answer = self._send(method, url, **kwargs)
                except _TransientFault as fault:
                    is_final = (once and not fault.without_effect) or self._closed.is_set()
                    if wait is None or is_final or self._is_too_late(fault, time.monotonic() - start + wait):
                        raise fault.error from fault.error.__cause__
                    waits += 1
                    self._wait(fault, waits, wait)
                else:
                    answered = True
                    return answer
        finally:
            self._outage.end_request(waits, answered=answered)
        raise AssertionError("the last try returns or raises")

    def _is_too_late(self, fault: _TransientFault, seconds: float) -> bool:
        """Whether a try *seconds* after the first one comes too late for who waits, as there is no connection."""
        return isinstance(fault.error, Unreachable) and seconds > self._patience.limit

    def _load_kept(self, method: str, url: str, kept_only: KeptOnly) -> Answer:
        """Return the kept answer to a request. Raises NotKept."""
        prepared = requests.Request(method, url).prepare().url or ""
        found = AnswerFiles(self._cache_folder).load(prepared) if self._cache_folder and method == "GET" else None
        if found is None:
            kept_only.lacks = True
            raise NotKept
        kept, date = found
        kept_only.note(date)
        headers = requests.structures.CaseInsensitiveDict(kept.headers)
        return Answer(self._name_request(method, url), 200, headers, kept.body, from_cache=True, server=self._server)

    def _wait(self, fault: _TransientFault, waits: int, wait: float) -> None:
        if fault.retry_after is not None and fault.retry_after > LONGEST_WAIT:
            raise self._make_later_error(fault.error, fault.retry_after) from fault.error
        # Requests that failed together would come back together, and overload Trakt again: each waits a different part
        # of the time.
        seconds = wait * random.uniform(0.5, 1) if fault.retry_after is None else fault.retry_after  # noqa: S311
        is_new = self._outage.begin_wait(waits)
        # A person is told why it takes longer. In the mail of a job, the error at the end says all.
        level = logging.DEBUG if not is_new else logging.INFO if self._patience is JOB else logging.WARNING
        tries.log(level, "%s; trying again in %.0f s.", str(fault.error).rstrip("."), seconds)
        if time.monotonic() + seconds > self._run_end:
            raise self._make_run_error() from fault.error
        self._sleep(seconds)

    def _make_later_error(self, error: TraktError, seconds: float) -> TraktError:
        """Return *error* with when to try again, where that is too far away to wait for."""
        try:
            when = f"{(self.now() + timedelta(seconds=seconds)).astimezone():%Y-%m-%d %H:%M %Z}"
        except (OverflowError, ValueError):
            when = "some other year"
        error.args = (f"{str(error).rstrip('.')}. Try again after {when}.",)
        return error

    def _make_run_error(self) -> Unreachable:
        return Unreachable(
            f"{self._server}'s answers took longer than {self._run_limit / 60:.0f} minutes together (run_limit)."
        )

    def _send(self, method: str, url: str, *, expected: Collection[int] = (), **kwargs: Any) -> Answer:
        name = self._name_request(method, url)
        end = time.monotonic() + self._answer_limit
        if time.monotonic() > self._run_end:
            raise self._make_run_error()
        try:
            with limit_answer(min(end, self._run_end)):
                answer = self._exchange(method, url, name, kwargs)
        except (requests.exceptions.RequestException, HTTPError, OSError, UnicodeError) as error:
            if statuses.is_too_slow(error):
                fault = self._make_run_error() if end > self._run_end else self._make_slow_error()
                raise fault from error
            kind = NoConnection if statuses.was_never_sent(error) else Unreachable
            fault = kind(self._mask(statuses.describe_fault(error, server=self._server)))
            fault.__cause__ = error
            log.debug("%s: %s", name, fault)
            if statuses.is_permanent(error):
                raise fault from error
            raise _TransientFault(fault, without_effect=statuses.was_never_sent(error)) from error
        except UNREADABLE as error:
            log.debug("%s: %s", name, self._mask(repr(error)))
            raise BrokenAnswer(f"{self._server}'s answer cannot be read: it is not HTTP as documented.") from error
        log.debug("%s: %d, %d octets%s", name, answer.status, len(answer.octets), ", kept copy" * answer.from_cache)
        # An answer that was not asked for again has the Date of an earlier run.
        if not (answer.from_cache and self._max_age):
            # What a POST has changed is so, whatever the clock says: a renewed token must not be thrown away.
            self._check_clock(answer, refuses=method == "GET")
        if answer.status not in expected:
            self._check_status(answer)
        return answer

    def _exchange(self, method: str, url: str, name: str, attributes: Mapping[str, Any]) -> Answer:
        try:
            answer = self._request(method, url, name, attributes)
        except Exception:
            request_counts.note(self._server, None)
            raise
        if not (answer.from_cache and self._max_age):  # else it was kept and young, and nobody was asked
            request_counts.note(self._server, NOT_MODIFIED if answer.from_cache else answer.status)
        return answer

    def _request(self, method: str, url: str, name: str, attributes: Mapping[str, Any]) -> Answer:
        with self._session.request(
            method, url, timeout=self._timeout, stream=True, allow_redirects=False, **attributes
        ) as response:
            from_cache = getattr(response, "from_cache", False)
            octets = response.raw.read(decode_content=False) if from_cache else _read_body(response, self._server)
            return Answer(name, response.status_code, response.headers, octets, from_cache, self._server)

    def _make_slow_error(self) -> Unreachable:
        return Unreachable(f"{self._server}'s answer was not complete after {self._answer_limit:.0f} seconds.")

    def _check_status(self, answer: Answer) -> None:
        error = statuses.make_error(answer.status, answer.headers, answer.beginning, server=self._server)
        if error is None:
            return
        error.args = (self._mask(str(error)),)
        if isinstance(error, TraktError) and statuses.is_transient(answer.status, answer.headers, answer.beginning):
            raise _TransientFault(
                error,
                without_effect=answer.status == 429,
                retry_after=parse_retry_after(answer.headers.get("Retry-After"), self.now()),
            )
        raise error

    def _check_clock(self, answer: Answer, *, refuses: bool) -> None:
        """Compare Trakt's `Date` with the local clock: with a wrong one, past and future would be mixed up."""
        there = parse_http_date(answer.headers.get("Date"))
        if there is None:
            return
        here = self.now()
        skew = abs(there - here)
        if skew > SKEW_REFUSED and refuses:
            raise WrongClock(
                f"{self._server}'s clock says {there:%Y-%m-%d %H:%M} UTC, this computer's {here:%Y-%m-%d %H:%M}. "
                "Set the clock."
            )
        if SKEW_WARNED < skew <= SKEW_REFUSED and not self._warned_of_clock:
            self._warned_of_clock = True
            log.warning(
                "This computer's clock and %s's differ by %d minutes.", self._server, skew.total_seconds() // 60
            )

    def _name_request(self, method: str, url: str) -> str:
        """Return *method* and *url* for the log: no host, no query, no secret."""
        # API v1 has its key as a part of the path. A short one is cut out too, but only as a whole part.
        secrets = {quote(secret, safe="") for secret in self._secrets}
        segments = urlsplit(url).path.split("/")
        return f"{method} {'/'.join('…' if segment in secrets else segment for segment in segments)}"

    def _mask(self, text: str) -> str:
        # A signer that has a token knows it only once it was loaded, and another one after a renewal.
        for secret in (*self._secrets, *getattr(self._session.auth, "secrets", ())):
            if len(secret) >= SHORTEST_MASKED:
                text = text.replace(quote(secret, safe=""), "…").replace(secret, "…")
        return text


class _TransientFault(Exception):
    """A fault that may have passed at the next try."""

    def __init__(self, error: TraktError, *, without_effect: bool, retry_after: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.without_effect = without_effect
        self.retry_after = retry_after


class _Outage:
    """Decides which wait the user hears about: of one outage the first, whatever request it is of.

    A calendar of a year takes fourteen requests, eight at a time, and each may wait three times. All of them would tell
    of the same outage; what the last of them met is the error at the end.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._was_told = False
        self._failing = 0

    def begin_wait(self, waits: int) -> bool:
        """Note the wait number *waits* (1 is the first) of a request; return whether the outage has not been told."""
        with self._lock:
            self._failing += waits == 1
            is_new = not self._was_told
            self._was_told = True
            return is_new

    def end_request(self, waits: int, *, answered: bool) -> None:
        """Note the end of a request after that many *waits*.

        The outage is over when a request was answered and no other one still waits.
        """
        with self._lock:
            self._failing -= waits > 0
            if answered and not self._failing:
                self._was_told = False


def _read_body(response: Response, server: str) -> bytearray:
    """Return the octets of *response* of *server*, unpacked. Raises BrokenAnswer where they are too many."""
    return _join_parts(response.iter_content(PART), server)


def _unpack(kept: Answer, part: int = PART) -> Iterator[bytes]:
    """Return the body of a *kept* answer, unpacked in parts of *part* octets. Raises BrokenAnswer."""
    try:
        yield from HTTPResponse(BytesIO(kept.octets), headers=kept.headers, preload_content=False).stream(part)
    except HTTPError as error:
        raise BrokenAnswer(f"A kept answer is damaged: {error}.") from error


def _join_parts(parts: Iterable[bytes], server: str) -> bytearray:
    """Return *parts* as one. Raises BrokenAnswer where they are too many.

    A small gzip body can unpack into more than the memory holds, so its size is checked while it is unpacked.
    """
    body = bytearray()  # grows in place; joining parts would take their size twice
    for part in parts:
        body += part
        if len(body) > MAX_BODY:
            raise BrokenAnswer(f"{server}'s answer is larger than {MAX_BODY // 2**20} MB.")
    return body
