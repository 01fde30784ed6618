"""Shows that air nothing: a user's hidden lists are longer than what is on."""

from trakt_ical.demo.show import Show

_TITLES = (
    "Cabin Pressure Point", "Dune Patrol", "Eleven Spoons", "Fogbound", "Gavel & Gown",
    "Hedge Fund Hotel", "Island Bakery", "Juniper Lane", "Kiln", "Lost Property", "Mudlark",
)  # fmt: skip


def _bystander(index: int, title: str) -> Show:
    words = title.replace(" & ", " ").lower().split()
    return Show(
        trakt=201 + index,
        slug="-".join(words),
        title=title,
        year=2012 + index,
        network="Hulu",
        country="us",
        tvdb=400201 + index,
        imdb=f"tt{90_100_201 + index}",
        tmdb=300201 + index,
        hidden_in=("calendar", "dropped"),
        mine=False,
    )


def bystanders() -> tuple[Show, ...]:
    """Eleven of them: with one of the cast, more than a page of ten."""
    return tuple(_bystander(index, title) for index, title in enumerate(_TITLES))
