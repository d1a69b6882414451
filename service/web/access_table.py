"""Who may ask for what: one decision for every route, `ACCESS`, and what a token must be for.

A route without a line in it is refused, and a test reads it against the routes.
"""

from __future__ import annotations

from enum import StrEnum


class Access(StrEnum):
    PUBLIC = "public"  # anybody; what needs a right carries it as a signed token in its path
    # whoever asks from this machine, or the bearer of server.metrics_token when that is set
    METRICS = "metrics"
    TOKEN = "token"  # noqa: S105  # names a rule; bearer of an API token of any role; a unit sees what is its own
    OPERATOR_TOKEN = "operator-token"  # noqa: S105  # names a rule; an operator's API token, or to look a viewer's
    STREAM_TOKEN = "stream-token"  # noqa: S105  # names a rule; bearer of a pull subscription's own token, or of a unit's
    UNIT_TOKEN = "unit-token"  # noqa: S105  # names a rule; bearer of a unit's API token
    SESSION = (
        "session"  # an operator, or to look a viewer, who signed in; every POST with a CSRF token
    )


ACCESS: dict[str, Access] = {
    "static": Access.PUBLIC,
    "public.*": Access.PUBLIC,
    "robots.*": Access.PUBLIC,
    "status.*": Access.PUBLIC,
    "help.*": Access.PUBLIC,
    "attachments.*": Access.PUBLIC,
    "feeds.*": Access.PUBLIC,
    "hub.*": Access.PUBLIC,
    "subscriptions.*": Access.PUBLIC,
    "receipts.*": Access.PUBLIC,
    "units.*": Access.PUBLIC,
    "health.healthz": Access.PUBLIC,
    "health.readyz": Access.PUBLIC,
    "health.scrape": Access.METRICS,
    "api.openapi": Access.PUBLIC,
    "api.docs": Access.PUBLIC,
    "api.list_posts": Access.TOKEN,
    "api.show_post": Access.TOKEN,
    "api.list_portals": Access.TOKEN,
    "api.show_portal": Access.TOKEN,
    "api.list_silences": Access.OPERATOR_TOKEN,
    "api.release_post": Access.OPERATOR_TOKEN,
    "api.decide_urgency": Access.OPERATOR_TOKEN,
    "api.add_post": Access.OPERATOR_TOKEN,
    "api.withdraw_post": Access.OPERATOR_TOKEN,
    "api.decide_task": Access.OPERATOR_TOKEN,
    "api.decide_relation": Access.OPERATOR_TOKEN,
    "api.decide_document": Access.OPERATOR_TOKEN,
    "api.undo_decision": Access.OPERATOR_TOKEN,
    "api.discard_post": Access.OPERATOR_TOKEN,
    "api.release_portal": Access.OPERATOR_TOKEN,
    "api.discard_portal": Access.OPERATOR_TOKEN,
    "api.backfill_portal": Access.OPERATOR_TOKEN,
    "api.add_portal": Access.OPERATOR_TOKEN,
    "api.remove_portal": Access.OPERATOR_TOKEN,
    "api.poll_portal": Access.OPERATOR_TOKEN,
    "api.check_portal": Access.OPERATOR_TOKEN,
    "api.probe_portal": Access.OPERATOR_TOKEN,
    "api.show_probe": Access.OPERATOR_TOKEN,
    "api.list_audit": Access.OPERATOR_TOKEN,
    "api.list_units": Access.TOKEN,
    "api.show_unit": Access.TOKEN,
    "api.add_unit": Access.OPERATOR_TOKEN,
    "api.edit_unit": Access.OPERATOR_TOKEN,
    "api.remove_unit": Access.OPERATOR_TOKEN,
    "api.merge_unit": Access.OPERATOR_TOKEN,
    "api.link_unit": Access.OPERATOR_TOKEN,
    "api.restore_unit": Access.OPERATOR_TOKEN,
    "api.succeed_units": Access.OPERATOR_TOKEN,
    "api.remind_units": Access.OPERATOR_TOKEN,
    "api.recategorise_post": Access.OPERATOR_TOKEN,
    "api.restore_subscription": Access.OPERATOR_TOKEN,
    "api.list_subscriptions": Access.TOKEN,
    "api.show_subscription": Access.TOKEN,
    "api.add_subscription": Access.TOKEN,
    "api.edit_subscription": Access.TOKEN,
    "api.remove_subscription": Access.TOKEN,
    "api.pause_subscription": Access.TOKEN,
    "api.resume_subscription": Access.TOKEN,
    "api.rotate_subscription": Access.TOKEN,
    "api.list_deliveries": Access.TOKEN,
    "api.show_delivery": Access.TOKEN,
    "api.replay_delivery": Access.TOKEN,
    "api.replay_subscription": Access.TOKEN,
    "api.check_subscription": Access.TOKEN,
    "api.explain": Access.TOKEN,
    "api.ask_stream": Access.STREAM_TOKEN,
    "api.acknowledge_stream": Access.STREAM_TOKEN,
    "api.show_statement": Access.STREAM_TOKEN,
    "webhook_key.*": Access.PUBLIC,
    "api.list_tokens": Access.OPERATOR_TOKEN,
    "api.create_token": Access.OPERATOR_TOKEN,
    "api.revoke_token": Access.OPERATOR_TOKEN,
    "api.list_receipts": Access.TOKEN,
    "api.add_receipt": Access.UNIT_TOKEN,
    "admin.sign_in": Access.PUBLIC,  # the form that asks for the token
    "admin.mail_sign_in": Access.PUBLIC,
    "admin.show_sign_in": Access.PUBLIC,
    "admin.use_sign_in": Access.PUBLIC,
    "admin.*": Access.SESSION,
}


OF_SUBSCRIPTIONS = frozenset(
    f"api.{name}"
    for name in (
        "add_subscription", "edit_subscription", "remove_subscription", "pause_subscription",
        "resume_subscription", "rotate_subscription", "check_subscription", "restore_subscription",
        "replay_subscription", "replay_delivery", "acknowledge_stream",
    )
)  # fmt: skip
"""Changes that a token of the scope `subscriptions` may ask for; all others are `operate`'s."""


def access_of(endpoint: str) -> Access | None:
    """The decision for a route: its own line, else the line of its whole blueprint; None when
    nobody decided."""
    return ACCESS.get(endpoint) or ACCESS.get(f"{endpoint.rpartition('.')[0]}.*")
