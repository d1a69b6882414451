"""What `loa check` says of subscriptions that ask for what is not configured any more, of portals
whose file is gone, and of mail that no relay takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from service.cli.finding import Finding

if TYPE_CHECKING:
    from service.bootstrap import Loa


def check_lost(loa: Loa) -> Iterator[Finding]:
    """Nothing where all is there."""
    from service.services.lost_names import find_lost_names, find_lost_portals
    from service.storage.losses import count_by_mail

    with loa.database.reading() as conn:
        names, portals = find_lost_names(conn, loa), find_lost_portals(conn, loa)
        unmailed = 0 if loa.settings.email.smtp_url else count_by_mail(conn)
    if unmailed:
        said = f"{unmailed} subscriptions by mail get nothing: there is no relay"
        yield Finding("mail", "bad", said, "set email.smtp_url")
    for portal_id in portals:
        said = "it was read lately, and no file configures it: nothing new of it reaches anybody"
        remedy = f"put its file back into {loa.settings.portals_dir}, unless it is meant"
        yield Finding(f"portal {portal_id}", "warning", said, remedy)
    for one in names:
        deaf = {sub.id for sub in one.deaf}
        for sub in one.subscriptions:
            whose = f" of {sub.unit!r}" if sub.unit else ""
            gets = "and gets nothing" if sub.id in deaf else "among others"
            said = (
                f"subscription {sub.id}{whose} asks for {one.value!r}, which is not there, {gets}"
            )
            remedy = f"loa subscription edit {sub.id}, or put back what is gone"
            yield Finding("filters", "warning", said, remedy)
