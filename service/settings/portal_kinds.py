"""The table of portal kinds: what each is like, for the portal files, reading, probe and check to
ask.

A kind is one entry here and one file in `service/portals/`, which its entry names. Nothing else
asks a portal for the name of its kind: a difference between two kinds is a property in this table.
Nothing of a reader is imported before it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

from service.settings.checked_values import allowed


@dataclass(frozen=True, slots=True)
class PortalKind:
    name: str
    reader: str
    """`module:function` of (ListingPage, PortalConfig), which returns its Listing; raises
    UnreadableError where it finds nothing."""
    told_by: str = ""
    """`module:function` of (ListingPage), which returns whether a page nobody described is of this
    kind; empty: it must be configured."""
    is_page: bool = True
    """Whether its listings are pages of a site, where detection may stand in; else they are data
    for programs, told by their first bytes (`told_by`)."""
    needs_selectors: bool = False
    """Whether its portal file must have a table [listing]."""


AUTO = "auto"
"""Of a portal that nobody described: read as data where it is such, else by detection alone."""

KINDS: dict[str, PortalKind] = {
    kind.name: kind
    for kind in (
        PortalKind(
            "td-portal",
            reader="service.portals.td_portal:read_td_portal",
            told_by="service.portals.td_portal:is_td_portal",
        ),
        PortalKind(
            "feed",
            reader="service.portals.feed:read_feed_portal",
            told_by="service.portals.feed:is_feed_portal",
            is_page=False,
        ),
        PortalKind("html", reader="service.portals.html:read_html_portal", needs_selectors=True),
        PortalKind(AUTO, reader="service.portals.auto:read_any_portal"),
    )
}


def _check(name: str) -> str:
    if name not in KINDS:
        raise allowed("one of " + ", ".join(f'"{kind}"' for kind in KINDS))
    return name


Kind = Annotated[str, AfterValidator(_check)]
"""The name of a kind, as portal files write it."""
