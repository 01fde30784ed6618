"""Which zone a network or a country keeps its wall clock in, for shows that do not say.

Countries have the English names of API v1 and the two-letter codes of v2. A country with several
zones counts as the one that its national schedules are printed in. Only networks with a name of
their own are listed: "ABC" is American, Australian and Japanese, so there the country decides.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

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

MIDNIGHT_DROPS = frozenset(
    name.casefold()
    for name in (
        "Amazon",
        "Apple TV",
        "Apple TV+",
        "Disney+",
        "Freevee",
        "HBO Max",
        "Hulu",
        "Max",
        "Netflix",
        "Paramount+",
        "Peacock",
        "Prime Video",
    )
)
"""Streaming services that put episodes online at midnight of their home zone: there 00:00 is the real hour, and not a
missing one. Broadcasters hardly ever start anything at midnight sharp."""


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


def airs_at_midnight(network: str | None) -> bool:
    """Whether 00:00 is a real hour for *network*."""
    return (network or "").strip().casefold() in MIDNIGHT_DROPS
