"""Connections to Trakt: a session of `requests` that keeps no cookies, and whose answers may not take too long."""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests

from trakt_ical.answer_limits import LimitedAdapter
from trakt_ical.http import is_loopback
from trakt_ical.trakt.cache import CachePolicy, CachingAdapter

if TYPE_CHECKING:
    from requests.adapters import HTTPAdapter

MAX_CONNECTIONS = 8  # requests at a time, and so connections that are kept open


def make_session(url: str, policy: CachePolicy | None) -> requests.Session:
    """Return a session for the server at *url* that keeps no cookies, and GET answers as *policy* says."""
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    if is_loopback(urlsplit(url).hostname or ""):
        session.trust_env = False  # a proxy of the environment would see what may not leave this computer
    if policy is None:
        adapter: HTTPAdapter = LimitedAdapter(pool_maxsize=MAX_CONNECTIONS)
    else:
        adapter = CachingAdapter(policy, pool_maxsize=MAX_CONNECTIONS)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
