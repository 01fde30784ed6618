"""The settings of the demo's user, as `GET /users/settings` lists them."""

from typing import Any

LONG_AGO = "2024-01-01T00:00:00.000Z"  # when the user last did what the demo cannot do
ACCOUNT: dict[str, Any] = {
    "timezone": "Europe/Berlin",
    "date_format": "dmy",
    "time_24hr": True,
    "cover_image": None,
    "token": "demo-feed-token",  # opens Trakt's own feeds: a secret, though nobody asked for it
    "display_ads": False,
}
CONNECTIONS: dict[str, bool] = {
    "facebook": False,
    "twitter": True,
    "mastodon": True,
    "google": False,
    "tumblr": False,
    "medium": False,
    "slack": False,
    "apple": False,
    "dropbox": False,
    "microsoft": False,
}
LIMITS: dict[str, Any] = {
    "list": {"count": 2, "item_count": 100},
    "watchlist": {"item_count": 100},
    "favorites": {"item_count": 100},
}
_PROGRESS: dict[str, Any] = {
    "refresh": False,
    "simple_progress": False,
    "include_specials": False,
    "include_watchlisted": False,
    "include_collected": False,
    "sort": "activity",
    "sort_how": "desc",
    "use_last_activity": False,
    "grid_view": False,
}
BROWSING: dict[str, Any] = {
    "watch_popup_action": "now",
    "hide_watching_now": False,
    "list_popup_action": None,
    "week_start_day": "monday",
    "watch_after_rating": None,
    "watch_only_once": False,
    "show_rating_prompt": False,
    "locale": "en",
    "other_site_ratings": True,
    "release_date_ignore_runtime": False,
    "display_early_ratings": False,
    "hide_episode_type_tags": False,
    "hide_unsaved_filters_prompt": False,
    "spoilers": dict.fromkeys(("episodes", "shows", "movies", "comments", "ratings", "actors"), "show"),
    "calendar": {
        "period": "month",
        "start_day": "monday",
        "layout": "list",
        "image_type": "poster",
        "hide_specials": False,
        "autoscroll": True,
    },
    "progress": {
        "on_deck": {
            "sort": "activity",
            "sort_how": "desc",
            "refresh": False,
            "simple_progress": False,
            "only_favorites": False,
        },
        "watched": _PROGRESS,
        "collected": None,
    },
    "watchnow": {"country": "de", "favorites": [], "only_favorites": False},
    "dark_knight": None,
    "app_theme": None,
    "welcome": {"completed_at": None, "exit_step": None},
    "genres": {"favorites": [], "disliked": []},
    "comments": {"blocked_uids": []},
    "recommendations": {"ignore_collected": False, "ignore_watchlisted": False},
    "rewatching": {"adjust_percentage": False},
    "profile": {
        "favorites": {"sort_by": "rank", "sort_how": "asc"},
        "most_watched_shows": {"sort_by": "plays", "tab": "all"},
        "most_watched_movies": {"sort_by": "plays", "tab": "all"},
    },
    "search": None,
}
