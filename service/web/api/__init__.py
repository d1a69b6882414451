"""The API below /api: its routes, shapes and description."""
