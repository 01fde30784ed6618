"""The conversation with Trakt: client, login and token, signing, cache."""
