"""Whom Loa believes on TLS: the public roots, and beside them what the operator adds for the whole
service."""

from __future__ import annotations

import atexit
import ssl
import tempfile
from functools import lru_cache
from pathlib import Path

import certifi

from service.errors import ConfigurationError


@lru_cache(maxsize=4)
def authorities(ca_file: str) -> Path:
    """A PEM file with the public roots and those of `ca_file` (`network.ca_file`; empty: the public
    ones alone).

    One file for portals, webhooks and mail: libcurl takes no other form that is not parsed for each
    connection. Raises ConfigurationError for a file that cannot be read.
    """
    roots = Path(certifi.where())
    if not ca_file:
        return roots
    try:
        added = Path(ca_file).read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"network.ca_file: cannot read '{ca_file}': {error.strerror}"
        ) from error
    folder = tempfile.TemporaryDirectory(prefix="loa-ca-")
    atexit.register(folder.cleanup)
    bundle = Path(folder.name) / "authorities.pem"
    bundle.write_bytes(roots.read_bytes() + b"\n" + added)
    return bundle


def relay_context(ca_file: str) -> ssl.SSLContext:
    """How a mail relay is believed: by the system's store, which knows an office's own CA, and by
    `authorities`."""
    context = ssl.create_default_context()
    context.load_verify_locations(cafile=authorities(ca_file))
    return context
