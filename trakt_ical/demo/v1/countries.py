"""What API v1 calls a country, and the zone it takes for all of it."""

ZONE_OF_NOWHERE = "America/New_York"  # a show without a country is counted as American
COUNTRIES = {
    "us": ("United States", "America/New_York"),
    "gb": ("United Kingdom", "Europe/London"),
    "jp": ("Japan", "Asia/Tokyo"),
    "au": ("Australia", "Australia/Sydney"),
    "nz": ("New Zealand", "Pacific/Auckland"),
    "de": ("Germany", "Europe/Berlin"),
    "ca": ("Canada", "America/Toronto"),
    "eg": ("Egypt", "Africa/Cairo"),
    "is": ("Iceland", "Atlantic/Reykjavik"),
    "no": ("Norway", "Europe/Oslo"),
    "fr": ("France", "Europe/Paris"),
    "se": ("Sweden", "Europe/Stockholm"),
}


def country_name(code: str | None) -> str | None:
    """The English name of a two-letter country."""
    return COUNTRIES[code][0] if code in COUNTRIES else None


def country_zone(code: str | None) -> str:
    """The zone API v1 reads the wall clocks of a country in, whatever the show's own is."""
    return COUNTRIES[code][1] if code in COUNTRIES else ZONE_OF_NOWHERE
