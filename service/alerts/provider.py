"""Who runs the mailboxes of an address, as far as its name tells. Pure."""

from __future__ import annotations

_SECOND_LEVELS = frozenset(
    {
        "ac",
        "biz",
        "co",
        "com",
        "edu",
        "gov",
        "health",
        "info",
        "int",
        "io",
        "name",
        "net",
        "org",
        "pro",
    }
)
"""Labels under a country's own, below which names are given out: `thanhhoa.gov.vn` is one
holder."""


def provider_of(address_key: str) -> str:
    """The domain that one holder has: the last two labels, three below `gov.vn` and the like.

    All communes of a province share one, as their mail servers do; all mailboxes of `gmail.com`
    too.
    """
    labels = address_key.rpartition("@")[2].lower().rstrip(".").split(".")
    is_deep = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVELS
    return ".".join(labels[-3 if is_deep else -2 :])
