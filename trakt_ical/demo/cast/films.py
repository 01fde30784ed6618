"""Movies: titles enough for more than a year, so that none comes twice in one."""

from trakt_ical.demo.cast import texts
from trakt_ical.demo.show import Film


def films() -> tuple[Film, ...]:
    """Give the movies that are released in turn."""
    titles = (
        "The Umbrella Mender", "Paper Harbor", "A Weekend, Twice", "North of the Kettle",
        "The Understudy's Map", "Blue Hour Diner", "Nobody's Lighthouse", "The Cellist; a Comedy",
        "Ten Past Never", "Ash & Ember", "The Last Typist", "Parallel Laundry", "Salt Moon",
        "Inventory of Storms",
    )  # fmt: skip
    overviews = ("A stranger, a town, a bill that has come due.", None, texts.HTML)
    return tuple(Film(each, overviews[at % 3]) for at, each in enumerate(titles))
