"""Append-only migrations, run by `service.storage.engine`."""
