"""Pure: what a post is, and what it is about. Knows no network, database, clock or environment."""
