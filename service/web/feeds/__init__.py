"""Feeds over HTTP: made, kept in memory, answered."""
