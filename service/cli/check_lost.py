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
    from service.services.mail_state import operator_unread_since, why_no_mail
    from service.storage.losses import count_by_mail
    from service.words import say

    with loa.database.reading() as conn:
        names, portals = find_lost_names(conn, loa), find_lost_portals(conn, loa)
        unread = operator_unread_since(conn, loa)
        no_mail, by_mail = why_no_mail(conn, loa), count_by_mail(conn)
    if unread is not None:
        said = (
            f"mail to operator.email comes back since {unread:%Y-%m-%d %H:%M} UTC: nobody reads it"
        )
        yield Finding("operator", "bad", said, "set operator.email to an address that is read")
    if no_mail is not None and by_mail:
        why = say(no_mail, "en", loa.settings.service.locale.zone)
        said = f"{by_mail} subscriptions by mail get nothing: {why}"
        yield Finding("mail", "bad", said, "start the relay, or correct email.smtp_url")
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
