"""Every rule that settings can switch on, for the built-in Trakt's shows and movies."""

from __future__ import annotations

RULES: dict[str, dict[str, str]] = {
    "released": {"DATES": "released"},
    "midnight-networks": {"MIDNIGHT_NETWORKS": "PBS"},
    "whole-day": {"HOURS": "whole-day"},
    "late-night": {"HOURS": "whole-day", "LATE_NIGHT": "12"},
    "midnight": {"UNKNOWN_HOUR": "midnight"},
    "unknown-hour": {"UNKNOWN_HOUR": "20:00", "SHOW_UNKNOWN_HOURS": "quiet-archive=08:30, village-hall=whole-day"},
    "a-day-later": {"OFFSET": "1440"},
    "a-day-earlier": {"OFFSET": "-1440"},
    "network-offset": {"NETWORK_OFFSETS": "AMC=1440, TV Tokyo=-1440"},
    "show-offset": {"SHOW_OFFSETS": "harbor-nine=-1440, first-light=1440"},
    "default-runtime": {"DEFAULT_RUNTIME": "200"},
    "no-specials": {"SPECIALS": "false", "SHOW_SPECIALS": "first-light=true"},
    "include-shows": {"INCLUDE_SHOWS": "harbor-nine, First Light"},
    "exclude-shows": {"EXCLUDE_SHOWS": "harbor-nine, 106"},
    "include-networks": {"INCLUDE_NETWORKS": "netflix"},
    "exclude-networks": {"EXCLUDE_NETWORKS": "BBC One, TV Tokyo"},
    "include-genres": {"INCLUDE_GENRES": "anime"},
    "exclude-genres": {"EXCLUDE_GENRES": "drama"},
    "include-countries": {"INCLUDE_COUNTRIES": "us"},
    "exclude-countries": {"EXCLUDE_COUNTRIES": "us"},
    "include-languages": {"INCLUDE_LANGUAGES": "ja"},
    "exclude-languages": {"EXCLUDE_LANGUAGES": "en"},
    "include-certifications": {"INCLUDE_CERTIFICATIONS": "TV-MA"},
    "exclude-certifications": {"EXCLUDE_CERTIFICATIONS": "TV-MA"},
    "min-rating": {"MIN_RATING": "7.5"},
    "nothing-watched": {"WATCHED": "false"},
    "watchlist": {"WATCHLIST_ONLY": "true"},
    "hidden": {"HIDDEN": "true"},
    "dropped": {"DROPPED": "true"},
    "by-country": {"COUNTRY": "de"},
    "by-day": {"GROUP": "day"},
    "by-drop": {"GROUP": "drop"},
    "titles": {"TITLE": "{code} {show}", "MOVIE_TITLE": "{title} ({year})", "DESCRIPTION": "{network} {link}"},
    "code": {"CODE": "S02E03"},
    "absolute": {"CODE": "absolute"},
    "marks": {"MARKS": "symbol"},
    "no-spoilers": {"SPOILERS": "false"},
    "alarms": {"ALARMS": "30 min before, 09:00 that day, movies: 20:00 the day before"},
}

MILD = {
    "EXCLUDE_SHOWS": "harbor-nine",
    "EXCLUDE_NETWORKS": "TV Tokyo",
    "EXCLUDE_GENRES": "talk-show",
    "EXCLUDE_COUNTRIES": "nz",
    "EXCLUDE_LANGUAGES": "ja",
    "EXCLUDE_CERTIFICATIONS": "TV-G",
    "MIN_RATING": "5",
    "CODE": "S02E03",
    "GROUP": "day",
}
EVERY = {
    name: value
    for rule in [*RULES.values(), MILD]
    for name, value in rule.items()
    if not name.startswith("INCLUDE_") and name != "WATCHLIST_ONLY"
}
"""Every rule at once, but for those that would leave next to nothing."""

EVERY_OF_V1 = {name: value for name, value in EVERY.items() if name not in ("COUNTRY", "EXCLUDE_LANGUAGES")}
