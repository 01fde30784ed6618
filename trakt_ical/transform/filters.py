"""Which airings a calendar leaves out: by show, network, genre and so on, by what the user watched, hid or listed."""

from __future__ import annotations

import enum
import unicodedata
from collections.abc import Collection, Mapping

import msgspec

from trakt_ical.model import Airing, Episode, Movie, Show, StepRecorder, ignore_step


class Trait(enum.Enum):
    """The traits that settings filter by; the values are the words of the settings."""

    SHOWS = "shows"
    NETWORKS = "networks"
    GENRES = "genres"
    COUNTRIES = "countries"
    LANGUAGES = "languages"
    CERTIFICATIONS = "certifications"


OF_EPISODES = (Trait.SHOWS, Trait.NETWORKS)
"""Traits that movies do not have: filters by them leave movies alone."""

ORIGINS = ("trakt", "tvdb", "imdb", "tvmaze")  # whose numbers the keys of shows are made of

Chosen = Mapping[Trait, frozenset[str]]
"""Folded values, see `fold_text`, by trait."""


class Filters(msgspec.Struct, frozen=True):
    """Which airings are shown. An airing must match every list of *include* and no list of *exclude*.

    *show_specials* overrules *specials* for single shows. What is not rated passes *min_rating* (0 to 10).
    *watched*, *hidden*, *dropped*: whether these are shown.
    """

    specials: bool = True
    show_specials: Mapping[str, bool] = msgspec.field(default_factory=dict)
    include: Chosen = msgspec.field(default_factory=dict)
    exclude: Chosen = msgspec.field(default_factory=dict)
    min_rating: float = 0
    watched: bool = True
    watchlist_only: bool = False
    hidden: bool = False
    dropped: bool = False

    def allows(self, airing: Airing, tell: StepRecorder = ignore_step) -> bool:
        """Whether *airing* is shown; *tell* hears the rule that leaves it out."""
        if isinstance(airing, Episode) and airing.season == 0 and not self._allows_special(airing.show, tell):
            return False
        return (
            self._allows_by_user(airing, tell)
            and self._allows_rating(airing, tell)
            and self._allows_traits(airing, tell)
        )

    def _allows_special(self, show: Show, tell: StepRecorder) -> bool:
        for name in list_names(show):
            if name in self.show_specials:
                shown = self.show_specials[name]
                tell("show_specials decides about %s: %s.", name, "shown" if shown else "left out")
                return shown
        if not self.specials:
            tell("It is a special, and specials = false leaves out specials.")
        return self.specials

    def _allows_by_user(self, airing: Airing, tell: StepRecorder) -> bool:
        if airing.watched and not self.watched:
            tell("You watched it, and watched = false leaves out what you watched.")
            return False
        if self.watchlist_only and not airing.watchlisted:
            tell("It is not on your watchlist, and watchlist_only = true leaves out what is not.")
            return False
        return True

    def _allows_rating(self, airing: Airing, tell: StepRecorder) -> bool:
        # An unrated airing passes: new shows have no votes yet, and would never appear.
        rating = airing.rating if isinstance(airing, Movie) else airing.show.rating
        if rating is None or rating >= self.min_rating:
            return True
        tell("It is rated %s, which is below min_rating = %g.", rating, self.min_rating)
        return False

    def _allows_traits(self, airing: Airing, tell: StepRecorder) -> bool:
        for trait, wanted in self.include.items():
            # A list of networks is meant for episodes. It must not empty a calendar of movies, which have none.
            if isinstance(airing, Movie) and trait in OF_EPISODES:
                continue
            if wanted.isdisjoint(read_values(airing, trait)):
                tell("include_%s leaves it out: the list has none of its %s.", trait.value, trait.value)
                return False
        for trait, unwanted in self.exclude.items():
            found = unwanted.intersection(read_values(airing, trait))
            if found:
                tell("exclude_%s leaves it out: %s.", trait.value, ", ".join(sorted(found)))
                return False
        return True


EVERYTHING = Filters()


def read_values(airing: Airing, trait: Trait) -> Collection[str]:
    """Return the folded values that *airing* has of *trait*, none where Trakt does not say."""
    work = airing if isinstance(airing, Movie) else airing.show
    match trait:
        case Trait.SHOWS:
            return list_names(airing.show) if isinstance(airing, Episode) else ()
        case Trait.NETWORKS:
            return _fold_one(airing.show.network) if isinstance(airing, Episode) else ()
        case Trait.GENRES:
            return tuple(map(fold_text, work.genres))
        case Trait.COUNTRIES:
            return _fold_one(work.country)
        case Trait.LANGUAGES:
            return _fold_one(work.language)
        case Trait.CERTIFICATIONS:
            return _fold_one(work.certification)


def list_names(show: Show) -> tuple[str, ...]:
    """Return what settings may call *show*, folded: its slug, its number at Trakt (v2) or TVDB (v1), its title."""
    origin, _, number = show.key.partition("-")
    number = number if origin in ORIGINS else ""
    return tuple(fold_text(name) for name in (show.slug, number, show.title) if name)


def fold_text(text: str) -> str:
    """Return *text* as it is compared: `Science Fiction` is `science-fiction`, in whatever form accents come."""
    # People type accents as one character or as two: `é` pasted from elsewhere may not equal that of the keyboard.
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.replace("-", " ").split()).casefold()


def _fold_one(text: str | None) -> tuple[str, ...]:
    return (fold_text(text),) if text else ()
