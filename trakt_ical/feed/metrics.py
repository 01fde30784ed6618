"""`/metrics`: what Prometheus reads of the service, by prometheus-client (extra `trakt-ical[metrics]`).

It contains no secret, and no name of an account or a calendar unless the settings allow that: then these are known by
their place in the settings.
"""

from __future__ import annotations

import ipaddress
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

import trakt_ical
from trakt_ical.errors import SettingsError
from trakt_ical.feed.answers import Answer, make_answer

if TYPE_CHECKING:
    from prometheus_client.core import Metric

PATH = "/metrics"
FORWARDED = frozenset(
    (
        *(b"forwarded", b"via", b"x-real-ip", b"x-client-ip", b"x-cluster-client-ip", b"x-original-forwarded-for"),
        *(b"true-client-ip", b"cf-connecting-ip", b"cdn-loop", b"fastly-client-ip", b"fly-client-ip"),
        *(b"x-envoy-external-address", b"x-azure-clientip"),
    )
)
"""Header fields by which a proxy says that it asks for somebody else; so do all `x-forwarded-…`."""
RESULTS = {"well": "succeeded", "failing": "failed", "crashed": "crashed"}
"""What the conditions of a refresher are called as the result of a refresh."""
NO_LIBRARY = "metrics_from needs an extra. Run: pip install 'trakt-ical[metrics]'"


@dataclass(frozen=True, slots=True)
class CalendarMetrics:
    """The calendar *name*: when it was fetched last, its *events* and its *size* in octets; None: not known."""

    name: str
    last_success: datetime | None
    events: int | None
    size: int | None


@dataclass(frozen=True, slots=True)
class AccountMetrics:
    """The account *name*: how many refreshes came to which condition, the *condition* now, and the next refresh."""

    name: str
    refreshes: Mapping[str, int]
    condition: str
    next_refresh: datetime | None
    calendars: Sequence[CalendarMetrics]


@dataclass(frozen=True, slots=True)
class ServiceMetrics:
    """All *accounts*, *answers* by route and status, *requests* to sources by server and status."""

    accounts: Sequence[AccountMetrics]
    answers: Mapping[tuple[str, int], int]
    requests: Mapping[tuple[str, str], int]


class MetricsSource(Protocol):
    """Knows the service."""

    def read_metrics(self) -> ServiceMetrics:
        """Return how it is now."""
        ...


class MetricsPage:
    """Answers `/metrics` with what *source* says, to the addresses and networks *readers* alone.

    A request that a proxy passes on is not answered: behind one, everybody has the proxy's address. With *shows_names*,
    accounts and calendars have their names. Raises SettingsError where there are readers and no prometheus-client.
    """

    def __init__(self, source: MetricsSource, readers: Iterable[str], *, shows_names: bool) -> None:
        self._source = source
        self._readers = [ipaddress.ip_network(reader) for reader in readers]
        self._shows_names = shows_names
        if self._readers:
            try:
                import prometheus_client  # noqa: F401  takes a tenth of a second, and few want it
            except ImportError as error:
                raise SettingsError(NO_LIBRARY) from error

    def is_open_to(self, client: str, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Whether the request of *client* with *headers* is answered."""
        if not self._readers or any(_is_forwarded(name) for name, _ in headers):
            return False
        try:
            address = ipaddress.ip_address(client)
        except ValueError:
            return False
        return any(address in network for network in self._readers)

    def make_answer(self, accept: str) -> Answer:
        """Return the metrics in a format that an Accept of *accept* takes."""
        from prometheus_client import CollectorRegistry, ProcessCollector
        from prometheus_client.exposition import choose_encoder

        registry = CollectorRegistry()
        registry.register(_Collector(self._source.read_metrics(), shows_names=self._shows_names))
        ProcessCollector(registry=registry)
        encode, media_type = choose_encoder(accept)
        return make_answer(200, encode(registry), media_type.encode(), ((b"cache-control", b"no-store"),))


class _Collector:
    """Hands *metrics* to prometheus-client."""

    def __init__(self, metrics: ServiceMetrics, *, shows_names: bool) -> None:
        self._metrics = metrics
        self._shows_names = shows_names

    def collect(self) -> Iterator[Metric]:
        """Yield each series."""
        from prometheus_client.core import CounterMetricFamily

        build = _make_gauge("build_info", "The version that runs.", ["version", "python"])
        build.add_metric([trakt_ical.__version__, platform.python_version()], 1)
        yield build
        yield from self._collect_accounts()
        yield from self._collect_calendars()
        answers = CounterMetricFamily(
            "trakt_ical_answers", "Answers to requests, by what was asked for.", labels=["route", "status"]
        )
        for (route, status), count in sorted(self._metrics.answers.items()):
            answers.add_metric([route, str(status)], count)
        yield answers
        requests = CounterMetricFamily(
            "trakt_ical_source_requests",
            "Requests to the servers that are asked; status none is a request without an answer.",
            labels=["server", "status"],
        )
        for (server, name), count in sorted(self._metrics.requests.items()):
            requests.add_metric([server, name], count)
        yield requests

    def _collect_accounts(self) -> Iterator[Metric]:
        from prometheus_client.core import CounterMetricFamily

        refreshes = CounterMetricFamily(
            "trakt_ical_refreshes", "Refreshes of an account, by result.", labels=["account", "result"]
        )
        failing = _make_gauge("refresh_failing", "Whether the refreshes of an account fail or hang.", ["account"])
        due = _make_gauge("next_refresh_timestamp_seconds", "When an account is refreshed next.", ["account"])
        for label, account in self._name(self._metrics.accounts):
            for condition, result in RESULTS.items():
                refreshes.add_metric([label, result], account.refreshes.get(condition, 0))
            failing.add_metric([label], account.condition in ("failing", "hanging", "crashed"))
            if account.next_refresh:
                due.add_metric([label], account.next_refresh.timestamp())
        yield from (refreshes, failing, due)

    def _collect_calendars(self) -> Iterator[Metric]:
        labels = ["account", "calendar"]
        success = _make_gauge("last_success_timestamp_seconds", "When a calendar was fetched last.", labels)
        events = _make_gauge("events", "Events of a calendar, as of its last refresh.", labels)
        size = _make_gauge("calendar_bytes", "Size of a calendar.", labels)
        for account_label, account in self._name(self._metrics.accounts):
            for label, calendar in self._name(account.calendars):
                if calendar.last_success:
                    success.add_metric([account_label, label], calendar.last_success.timestamp())
                if calendar.events is not None:
                    events.add_metric([account_label, label], calendar.events)
                if calendar.size is not None:
                    size.add_metric([account_label, label], calendar.size)
        yield from (success, events, size)

    def _name(self, values: Sequence[Any]) -> Iterator[tuple[str, Any]]:
        """Yield each of *values* with its name, or its place from 1 on."""
        for number, value in enumerate(values, 1):
            yield value.name if self._shows_names else str(number), value


def _is_forwarded(name: bytes) -> bool:
    """Whether the header field *name*, in lower case, is one that proxies send and Prometheus does not."""
    return name in FORWARDED or name.startswith(b"x-forwarded-")


def _make_gauge(name: str, meaning: str, labels: Sequence[str]) -> Any:
    from prometheus_client.core import GaugeMetricFamily

    return GaugeMetricFamily(f"trakt_ical_{name}", meaning, labels=labels)
