"""`/metrics`: what Prometheus reads, who may read it, and that it contains no secret and no name."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import Line
from tests.feeds import RunningFeed, run_feed
from trakt_ical.app.context import open_accounts
from trakt_ical.app.doctor.feed_checks import check_public_feed
from trakt_ical.app.environment import Environment
from trakt_ical.demo import Fault
from trakt_ical.errors import SettingsError
from trakt_ical.feed.metrics import AccountMetrics, CalendarMetrics, MetricsPage, ServiceMetrics

HERE = "127.0.0.1"
THEN = datetime(2026, 4, 18, 12, tzinfo=UTC)


class FixedSource:
    """A service of two accounts, the second of which was never fetched."""

    def read_metrics(self) -> ServiceMetrics:
        well = AccountMetrics("anna", {"well": 3, "failing": 1}, "well", THEN, [CalendarMetrics("TV", THEN, 7, 900)])
        bad = AccountMetrics("ben", {"crashed": 1}, "crashed", None, [CalendarMetrics('a"b\n', None, None, None)])
        return ServiceMetrics([well, bad], {("calendar", 304): 5}, {("Trakt", "none"): 2})


def read_samples(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    """Return each sample by its name and the values of its labels."""
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def list_readable(addresses: Iterable[str], *, readers: Iterable[str], headers: Iterable[bytes] = ()) -> list[str]:
    page = MetricsPage(FixedSource(), readers, shows_names=False)
    return [each for each in addresses if page.is_open_to(each, [(name, b"x") for name in headers])]


@pytest.fixture
def measured(line: Line) -> Iterator[RunningFeed]:
    """A running feed whose metrics this computer may read, fetched once and failed once."""
    with run_feed(line, metrics_from=HERE) as running:
        running.refresh()
        line.demo.misbehave(Fault(path="/calendars/", status=404, times=0))
        line.clock.pass_by(hours=2)
        running.refresh()
        yield running


def test_each_series_has_its_value() -> None:
    """Names are places in the settings unless they are wanted; what is not known is left out."""
    text = MetricsPage(FixedSource(), (), shows_names=False).make_answer("").body.decode()
    samples = read_samples(text)
    assert samples["trakt_ical_refreshes_total", ("1", "succeeded")] == 3
    assert samples["trakt_ical_refreshes_total", ("1", "failed")] == 1
    assert samples["trakt_ical_refreshes_total", ("2", "crashed")] == 1
    assert [samples["trakt_ical_refresh_failing", (account,)] for account in "12"] == [0, 1]
    assert samples["trakt_ical_last_success_timestamp_seconds", ("1", "1")] == THEN.timestamp()
    assert samples["trakt_ical_next_refresh_timestamp_seconds", ("1",)] == THEN.timestamp()
    assert samples["trakt_ical_events", ("1", "1")] == 7
    assert samples["trakt_ical_calendar_bytes", ("1", "1")] == 900
    assert samples["trakt_ical_answers_total", ("calendar", "304")] == 5
    assert samples["trakt_ical_source_requests_total", ("Trakt", "none")] == 2
    assert ("trakt_ical_events", ("2", "1")) not in samples
    assert "anna" not in text
    named = read_samples(MetricsPage(FixedSource(), (), shows_names=True).make_answer("").body.decode())
    assert named["trakt_ical_events", ("anna", "TV")] == 7


def test_openmetrics_is_answered_where_it_is_asked_for() -> None:
    """Prometheus asks for it first."""
    answer = MetricsPage(FixedSource(), (), shows_names=True).make_answer("application/openmetrics-text; version=1.0.0")
    assert dict(answer.headers)[b"content-type"].startswith(b"application/openmetrics-text")
    assert list(parse_openmetrics(answer.body.decode()))


def test_only_those_named_may_read_it() -> None:
    """By default nobody; never what a proxy says it passes on, since behind it is all the world."""
    asking = ["127.0.0.1", "::1", "10.1.2.3", "192.0.2.1", "", "x"]
    assert list_readable(asking, readers=()) == []
    assert list_readable(asking, readers=["127.0.0.1"]) == ["127.0.0.1"]
    assert list_readable(asking, readers=["10.0.0.0/8", "::1"]) == ["::1", "10.1.2.3"]
    for name in b"x-forwarded-for x-forwarded-proto x-forwarded-host forwarded x-real-ip via cf-connecting-ip".split():
        assert list_readable(asking, readers=["127.0.0.1"], headers=[name]) == []
    assert list_readable(asking, readers=["127.0.0.1"], headers=[b"accept", b"user-agent"]) == ["127.0.0.1"]


def test_a_missing_library_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who wants metrics hears which extra has them; others do not need it."""
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    assert MetricsPage(FixedSource(), (), shows_names=False)
    with pytest.raises(SettingsError, match=r"trakt-ical\[metrics\]"):
        MetricsPage(FixedSource(), ["127.0.0.1"], shows_names=False)


def test_nobody_reads_it_by_default(running: RunningFeed) -> None:
    """The answer is that of any unknown path."""
    answer, unknown = running.get(running.base + "/metrics"), running.get(running.base + "/x")
    assert (answer.status_code, answer.content) == (404, unknown.content)


def test_the_service_is_measured(measured: RunningFeed) -> None:
    """Over HTTP: what subscribers were answered, what Trakt was asked, how the refreshes went; and no secret."""
    tag = measured.get().headers["ETag"]
    measured.get(headers={"If-None-Match": tag})
    for url in (measured.page, f"{measured.base}/healthz", f"{measured.base}/x"):
        measured.get(url)
    answer = measured.get(f"{measured.base}/metrics")
    samples = read_samples(answer.text)
    for route, status in (("calendar", "200"), ("calendar", "304"), ("page", "200"), ("health", "200")):
        assert samples["trakt_ical_answers_total", (route, status)] == 1
    assert samples["trakt_ical_answers_total", ("unknown", "404")] == 1
    assert samples["trakt_ical_source_requests_total", ("Trakt", "404")] >= 1
    assert samples["trakt_ical_source_requests_total", ("Trakt", "200")] >= 1
    assert samples["trakt_ical_refreshes_total", ("1", "succeeded")] == 1
    assert samples["trakt_ical_refreshes_total", ("1", "failed")] == 1
    assert samples["trakt_ical_refresh_failing", ("1",)] == 1
    assert samples["trakt_ical_events", ("1", "1")] > 20
    assert measured.service.store.secrets.all
    assert not any(secret in answer.text for secret in measured.service.store.secrets.all)
    assert '="Trakt"' not in answer.text.replace('server="Trakt"', "")
    forwarded = measured.get(f"{measured.base}/metrics", {"X-Forwarded-For": "127.0.0.1"})
    assert forwarded.status_code == 404
    assert measured.get(f"{measured.base}/metrics", method="POST").status_code == 405
    assert measured.get(f"{measured.base}/metrics", method="HEAD").content == b""


def test_doctor_warns_of_metrics_that_all_can_read(measured: RunningFeed, line: Line) -> None:
    """What is served at public_url without a word of the proxy is found there, as the world would find it."""
    environ = line.environ | {"TRAKT_ICAL_METRICS_FROM": HERE, "TRAKT_ICAL_PUBLIC_URL": measured.base}
    with open_accounts({}, demo=False, environment=Environment(line.clock, environ=environ)) as accounts:
        app = accounts.open_chosen()
        found = list(check_public_feed(app))
        assert [finding.message for finding in found if "metrics" in finding.message]
        measured.accounts.application.metrics = None
        assert not [finding.message for finding in check_public_feed(app) if "metrics" in finding.message]
