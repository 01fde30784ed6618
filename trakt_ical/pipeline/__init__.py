"""The stages in their order: fetch, transform, export. Only this package says who follows whom."""

from trakt_ical.pipeline.calendars import Progress, Recipe, Source, listed, needs, revision, settled, visible

__all__ = ["Progress", "Recipe", "Source", "listed", "needs", "revision", "settled", "visible"]
