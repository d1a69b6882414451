"""How subscriptions are shown by commands: as JSON, as a table, and what they want in a line."""

from __future__ import annotations

from collections.abc import Sequence

from service.channels import kind_of
from service.cli.common import as_plain, echo_table
from service.services.subscriber_shapes import show_subscription
from service.types import Subscription


def shown_target(item: Subscription) -> str | None:
    """None where a channel has none: who is owed asks for it."""
    return None if kind_of(item.channel).is_asked else item.target


def subscription_json(item: Subscription) -> dict[str, object]:
    """A subscription as `--json` shows it: as the API does."""
    shown: dict[str, object] = as_plain(show_subscription(item))
    return shown


def filters_text(item: Subscription) -> str:
    parts = [
        ("category", item.filters.categories),
        ("portal", item.filters.portals),
        ("place", item.filters.places),
        ("keyword", item.filters.keywords),
        ("urgency", item.filters.urgencies),
        ("kind", item.filters.kinds),
    ]
    return (
        "; ".join(f"{name} {' or '.join(values)}" for name, values in parts if values)
        or "everything"
    )


def echo_subscriptions(items: Sequence[Subscription]) -> None:
    rows = [
        (
            item.id,
            item.channel,
            shown_target(item) or "",
            item.status,
            filters_text(item),
            item.name,
        )
        for item in items
    ]
    empty = "no subscriptions: loa subscription add --help"
    echo_table(["id", "channel", "target", "status", "wants", "name"], rows, empty=empty)
