"""The feed: calendars that programs subscribe to, and the page that shows them."""
