"""Which zone a network or a country keeps its wall clock in, for shows that do not say.

Countries have the English names of API v1 and the two-letter codes of v2. A country with several
zones counts as the one that its national schedules are printed in. Only networks with a name of
their own are listed: "ABC" is American, Australian and Japanese, so there the country decides.
"""

from __future__ import annotations

import functools
import logging
import re
import unicodedata
from zoneinfo import ZoneInfo

log = logging.getLogger(__name__)

EASTERN = "America/New_York"  # Trakt writes the hours of American networks in Eastern time

_COUNTRIES = {
    "America/Argentina/Buenos_Aires": "Argentina|ar",
    "America/Bogota": "Colombia|co",
    "America/Mexico_City": "Mexico|mx",
    EASTERN: "United States|us",
    "America/Santiago": "Chile|cl",
    "America/Sao_Paulo": "Brazil|br",
    "America/Toronto": "Canada|ca",
    "Asia/Bangkok": "Thailand|th",
    "Asia/Hong_Kong": "Hong Kong|hk",
    "Asia/Jerusalem": "Israel|il",
    "Asia/Kolkata": "India|in",
    "Asia/Manila": "Philippines|ph",
    "Asia/Seoul": "Korea|South Korea|Korea, Republic of|kr",
    "Asia/Shanghai": "China|cn",
    "Asia/Singapore": "Singapore|sg",
    "Asia/Taipei": "Taiwan|tw",
    "Asia/Tokyo": "Japan|jp",
    "Atlantic/Reykjavik": "Iceland|is",
    "Australia/Sydney": "Australia|au",
    "Europe/Amsterdam": "Netherlands|nl",
    "Europe/Athens": "Greece|gr",
    "Europe/Berlin": "Germany|de",
    "Europe/Brussels": "Belgium|be",
    "Europe/Bucharest": "Romania|ro",
    "Europe/Budapest": "Hungary|hu",
    "Europe/Copenhagen": "Denmark|dk",
    "Europe/Dublin": "Ireland|ie",
    "Europe/Helsinki": "Finland|fi",
    "Europe/Istanbul": "Turkey|tr",
    "Europe/Kyiv": "Ukraine|ua",
    "Europe/Lisbon": "Portugal|pt",
    "Europe/London": "United Kingdom|gb|uk",
    "Europe/Madrid": "Spain|es",
    "Europe/Moscow": "Russia|ru",
    "Europe/Oslo": "Norway|no",
    "Europe/Paris": "France|fr",
    "Europe/Prague": "Czech Republic|Czechia|cz",
    "Europe/Rome": "Italy|it",
    "Europe/Stockholm": "Sweden|se",
    "Europe/Vienna": "Austria|at",
    "Europe/Warsaw": "Poland|pl",
    "Europe/Zurich": "Switzerland|ch",
    "Africa/Johannesburg": "South Africa|za",
    "Pacific/Auckland": "New Zealand|nz",
}

_NETWORKS = {
    EASTERN: "A&E|ABC (US)|Adult Swim|AMC|BBC America|Bravo (US)|CBS|CNN|Comedy Central|Disney XD|ESPN"
    "|Food Network|Freeform"
    "|FX|FXX|GSN|HBO|HGTV|HISTORY|IFC|Lifetime|MSNBC|MTV2|NBC|Oxygen|PBS|Science Channel|Showtime|Spike|Spike TV"
    "|Starz|Starz!|Syfy|TBS|TBS (US)|The CW|The Hub|TLC|TNT|TNT (US)|USA Network|VH1",
    "America/Toronto": "CBC|CBC (CA)|Citytv|CTV|YTV",
    "Asia/Seoul": "JTBC|KBS|KBS2|MBC (KR)|Munhwa Broadcasting Corporation (MBC)|tvN",
    "Asia/Tokyo": "AT-X|BS11|Fuji TV|MBS|Nippon TV|NHK|NTV|TBS (JP)|Tokyo MX|TOKYO MX|TV Asahi|TV Tokyo",
    "Australia/Sydney": "ABC (AU)|ABC Australia|Network Ten|Nine Network|SBS (AU)|Seven Network",
    "Europe/Amsterdam": "KRO|NPO 1|NPO 2|NPO 3|RTL 4|RTL 5|RTL 7|RTL 8|SBS 6|VARA|VPRO",
    "Europe/Berlin": "ARD|Das Erste|ProSieben|RTL Television|Sat.1|VOX|ZDF",
    "Europe/Copenhagen": "DR1|TV 2 (DK)",
    "Europe/London": "BBC Four|BBC iPlayer|BBC News|BBC One|BBC Three|BBC Two|CBBC|Channel 4|Channel 5|E4"
    "|Five|ITV|ITV1|ITV2|ITVX"
    "|Sky Atlantic|Sky Atlantic (UK)|Sky1",
    "Europe/Moscow": "Первый канал|Россия 1",
    "Europe/Oslo": "NRK1|TV 2 (NO)",
    "Europe/Paris": "Arte|Canal+|France 2|France 3|France 5|M6|TF1",
    "Europe/Stockholm": "SVT1|SVT2|TV4",
}


def _index_by_name(table: dict[str, str]) -> dict[str, str]:
    return {name.casefold(): zone for zone, names in table.items() for name in names.split("|")}


_ZONE_OF_NETWORK = _index_by_name(_NETWORKS)
_ZONE_OF_COUNTRY = _index_by_name(_COUNTRIES)
_CODES = {
    name.casefold(): next(code for code in names.split("|") if len(code) == 2)
    for names in _COUNTRIES.values()
    for name in names.split("|")
}

_MIDNIGHTS = {
    "it puts whole seasons and weekly episodes online at 00:00 of its home in California": "Netflix|Disney+|Peacock",
    "it puts episodes online at 00:00, in New York or in California": "Hulu|HBO Max|Max|Paramount+"
    "|Paramount+ with Showtime|Apple TV|Apple TV+|Starz|Starz!",
    "it puts episodes online at 00:00, of UTC or of the country": "Amazon|Amazon Freevee|Amazon Prime"
    "|Amazon Prime Video|Freevee|Prime Video",
    "it puts episodes online at 00:00 in India": "Disney+ Hotstar|Hotstar|JioHotstar",
    # SeriesGuide#460 and #461: its shows begin at 00:00 Eastern and were listed a day off or without an hour.
    "its programme for the night has a slot at 00:00 sharp": "Adult Swim|Toonami",
    # Otaku#388: anime is announced for "24:00". TV Tokyo, Fuji TV and other broadcasters with a programme for the whole
    # day are not in here: Naruto (TV Tokyo) reads 00:00 as well, and there nobody knows the hour.
    "it is a station of Tokyo's region with slots for anime at 24:00": "Tokyo MX|Tokyo MX1|Tokyo MX2|Tokyo MX TV|東京MX"
    "|TOKYO MX テレビ|Chiba TV|TV Saitama|TV Kanagawa|tvk|Gunma TV|GTV Gunma|Tochigi TV",
    "it is a satellite channel with slots for anime at 24:00": "AT-X|BS11|BS11 Digital|BS Asahi|BS Fuji|BS-TBS|BS NTV"
    "|BS Nippon TV|BS Nittele|Animax|WOWOW|WOWOW Prime",
    "it is a station of western or central Japan with slots for anime at 24:00": "MBS|MBS TV"
    "|Mainichi Broadcasting System|Sun TV|Sun Television|KBS Kyoto|TV Aichi",
    "it streams anime at 24:00, when the stations begin": "ABEMA|AbemaTV|Abema TV",
}
"""Networks that really start things at midnight, each line with its reason: there 00:00 is an hour that somebody set,
and not a missing one. Others start nothing at midnight sharp but by chance. RTL+, Viaplay, SkyShowtime, ITVX and Stan
may do so too, but nobody has shown it; the setting `midnight_networks` adds them."""

_COUNTRY_IN_NAME = re.compile(r" ?\([A-Za-z]{2}\)$")


def _simplify(network: str) -> str:
    """Return the name of a *network* without what sources write in different ways: `BS 11`, `AT X`, `Netflix (JP)`."""
    name = _COUNTRY_IN_NAME.sub("", unicodedata.normalize("NFKC", network).strip())
    return "".join(letter for letter in name.casefold() if letter.isalnum() or letter == "+")


_REASON_OF_MIDNIGHT = {_simplify(name): reason for reason, names in _MIDNIGHTS.items() for name in names.split("|")}


@functools.cache
def load_zone(name: str, server: str) -> ZoneInfo | None:
    """Return the zone *name*; None where there is none, with a warning that *server* names it."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        log.warning("%s names a time zone that does not exist: %s.", server, name)
        return None


def find_network_zone(network: str | None) -> ZoneInfo | None:
    """Return the zone of *network*, None where its name does not say."""
    zone = _ZONE_OF_NETWORK.get((network or "").strip().casefold())
    return ZoneInfo(zone) if zone else None


def find_country_zone(country: str | None) -> ZoneInfo | None:
    """Return the zone of *country*, an English name (v1) or a two-letter code (v2); None where it is not known."""
    zone = _ZONE_OF_COUNTRY.get((country or "").strip().casefold())
    return ZoneInfo(zone) if zone else None


def find_country_code(country: str | None) -> str | None:
    """Return the two-letter code of *country*, a name or a code; what is neither known nor two letters stays."""
    text = (country or "").strip()
    return _CODES.get(text.casefold(), text.lower() if len(text) == 2 else text) or None


def find_zone(network: str | None, country: str | None) -> ZoneInfo:
    """Return the zone of *network*, else of *country*, else Eastern.

    The network comes first: where both are given and differ, the country is wrong more often.
    """
    return find_network_zone(network) or find_country_zone(country) or ZoneInfo(EASTERN)


@functools.lru_cache(maxsize=1024)  # a calendar has thousands of episodes, and few networks
def find_midnight_reason(network: str | None) -> str | None:
    """Return why 00:00 is a real hour for *network*, None where it means that nobody knows the hour."""
    return _REASON_OF_MIDNIGHT.get(_simplify(network)) if network else None
