"""The routes of the API as its description tells them: what each takes, what it gives, the status
of success."""

from __future__ import annotations

from service.web.api.post_routes import POST_ROUTES
from service.web.api.route_shape import NOTHING, PAGE, Route


def _api(name: str) -> str:
    return f"service.web.api.api_routes:{name}"


def _subs(name: str) -> str:
    return f"service.web.api.api_subscriptions:{name}"


def _portals(name: str) -> str:
    return f"service.web.api.api_portal_acts:{name}"


def _dels(name: str) -> str:
    return f"service.web.api.api_deliveries:{name}"


def _unit_acts(name: str) -> str:
    return f"service.web.api.api_unit_acts:{name}"


def _stream(name: str) -> str:
    return f"service.web.api.api_stream:{name}"


ROUTES: tuple[Route, ...] = (
    *POST_ROUTES,
    Route("get", "/portals", "list_portals", "Portals and how their listings are", PAGE, "Portal"),
    Route("get", "/portals/{id}", "show_portal", "A portal", None, "Portal"),
    Route(
        "get",
        "/silences",
        "list_silences",
        "Posts told to nobody although somebody asked, newest first",
        "service.web.api.api_silences:SilencesQuery",
        "Silence",
    ),
    Route(
        "get",
        "/audit",
        "list_audit",
        "Who did what, the last first",
        "service.web.api.api_audit:AuditQuery",
        "AuditEntry",
    ),
    Route(
        "post",
        "/portals/{id}/release",
        "release_portal",
        "Let the alerts go that a flood held back",
        NOTHING,
        "Released",
    ),
    Route(
        "post",
        "/portals/{id}/discard",
        "discard_portal",
        "Keep silent what a portal has to be decided",
        NOTHING,
        "Discarded",
    ),
    Route(
        "post",
        "/portals/{id}/backfill",
        "backfill_portal",
        "Have a worker look for all that a portal published since a day; "
        "the portal shows what it came to",
        "service.web.api.api_portals:BackfillBody",
        "Backfill",
        202,
    ),
    Route(
        "post",
        "/portals",
        "add_portal",
        "Add a portal: its file is written where the configuration is read",
        _portals("PortalBody"),
        "AddedPortal",
        201,
    ),
    Route(
        "delete",
        "/portals/{id}",
        "remove_portal",
        "Read a portal no more; its posts stay, its file is kept as .removed",
        None,
        None,
        204,
    ),
    Route(
        "post", "/portals/{id}/poll", "poll_portal", "Poll it at once", NOTHING, "PolledPortal", 202
    ),
    Route(
        "post",
        "/portals/{id}/check",
        "check_portal",
        "Have a worker read it as a poll would, storing nothing",
        NOTHING,
        "PortalLook",
        202,
    ),
    Route(
        "post",
        "/probes",
        "probe_portal",
        "Have a worker look at a portal that nobody described",
        _portals("ProbeBody"),
        "PortalLook",
        202,
    ),
    Route("get", "/probes/{id}", "show_probe", "What a look came to", None, "PortalLook"),
    Route("get", "/tokens", "list_tokens", "API tokens, by age", PAGE, "Token"),
    Route(
        "post",
        "/tokens",
        "create_token",
        "Make an API token that may no more, and lasts no longer, than the one that asks; "
        "its words are shown once",
        "service.web.api.api_tokens:TokenBody",
        "CreatedToken",
        201,
    ),
    Route("delete", "/tokens/{id}", "revoke_token", "End an API token", None, None, 204),
    Route("get", "/units", "list_units", "Units by name; a unit sees itself", PAGE, "Unit"),
    Route("post", "/units", "add_unit", "Add a unit", _api("UnitBody"), "Unit", 201),
    Route("get", "/units/{id}", "show_unit", "A unit", None, "Unit"),
    Route(
        "patch",
        "/units/{id}",
        "edit_unit",
        "Change name, place or contacts; its contacts are told",
        _api("UnitPatch"),
        "Unit",
    ),
    Route(
        "delete",
        "/units/{id}",
        "remove_unit",
        "Remove a unit and its subscriptions",
        None,
        None,
        204,
    ),
    Route(
        "post",
        "/units/{id}/merge",
        "merge_unit",
        "End a unit that became part of another one, which has what it had",
        _unit_acts("MergeBody"),
        "Unit",
    ),
    Route(
        "post",
        "/units/{id}/link",
        "link_unit",
        "Mail each contact of a unit the link to the unit's own page",
        NOTHING,
        "Unit",
        202,
    ),
    Route(
        "post",
        "/units/{id}/restore",
        "restore_unit",
        "Undo a removal within seven days, with the subscriptions that ended by it",
        NOTHING,
        "Unit",
    ),
    Route(
        "post",
        "/successions",
        "succeed_units",
        "Move the offices of communes that are no more to what these became",
        _unit_acts("SucceedBody"),
        "Succession",
    ),
    Route(
        "get",
        "/subscriptions",
        "list_subscriptions",
        "Subscriptions, by age",
        _subs("SubscriptionsQuery"),
        "Subscription",
    ),
    Route(
        "post",
        "/subscriptions",
        "add_subscription",
        "Subscribe; the answer shows the secret, once. "
        "Pending until the endpoint or the mailbox confirms",
        _subs("SubscriptionBody"),
        "AddedSubscription",
        201,
    ),
    Route(
        "get", "/subscriptions/{id}", "show_subscription", "A subscription", None, "Subscription"
    ),
    Route(
        "patch",
        "/subscriptions/{id}",
        "edit_subscription",
        "Change filters, frequency, headers",
        _subs("SubscriptionPatch"),
        "Subscription",
    ),
    Route(
        "delete",
        "/subscriptions/{id}",
        "remove_subscription",
        "Remove a subscription",
        None,
        None,
        204,
    ),
    Route(
        "post",
        "/subscriptions/{id}/pause",
        "pause_subscription",
        "Pause: deliveries wait",
        NOTHING,
        "Subscription",
    ),
    Route(
        "post",
        "/subscriptions/{id}/resume",
        "resume_subscription",
        "Resume: what waited is sent",
        NOTHING,
        "Subscription",
    ),
    Route(
        "post",
        "/subscriptions/{id}/restore",
        "restore_subscription",
        "Undo a removal within seven days: it is what it was before",
        NOTHING,
        "Subscription",
    ),
    Route(
        "post",
        "/subscriptions/{id}/rotate",
        "rotate_subscription",
        "A new secret, shown once; the old one signs too for 24 h",
        NOTHING,
        "NewSecret",
    ),
    Route(
        "post",
        "/subscriptions/{id}/test",
        "check_subscription",
        "Send a webhook a `subscription.test`",
        NOTHING,
        "SentTest",
        202,
    ),
    Route(
        "post",
        "/subscriptions/{id}/replay",
        "replay_subscription",
        "Send again what is done",
        _dels("ReplayBody"),
        "Replayed",
        202,
    ),
    Route(
        "get",
        "/deliveries",
        "list_deliveries",
        "Deliveries, newest first",
        _dels("DeliveriesQuery"),
        "Delivery",
    ),
    Route(
        "get",
        "/deliveries/{id}",
        "show_delivery",
        "A delivery with its attempts",
        None,
        "ShownDelivery",
    ),
    Route(
        "post",
        "/deliveries/{id}/replay",
        "replay_delivery",
        "Send a delivery again, under the same message id",
        NOTHING,
        "Replayed",
        202,
    ),
    Route(
        "get",
        "/why",
        "explain",
        "Why a subscription did or did not get a post",
        _dels("WhyQuery"),
        "Why",
    ),
    Route(
        "get",
        "/receipts",
        "list_receipts",
        "Who is owed, was sent and has acknowledged a post",
        _dels("ReceiptsQuery"),
        "ReceiptLine",
    ),
    Route(
        "post",
        "/receipts",
        "add_receipt",
        "Acknowledge the latest revision of a post (a unit's token)",
        _dels("ReceiptBody"),
        "Acknowledged",
        201,
    ),
    Route(
        "post",
        "/receipts/remind",
        "remind_units",
        "Ask those who have yet to acknowledge posts again, at once",
        _unit_acts("RemindBody"),
        "Reminded",
    ),
    Route(
        "get",
        "/stream",
        "ask_stream",
        "The oldest messages that are owed and not acknowledged, urgent ones first, leased to who "
        "asks; waits where there are none. With a pull subscription's token, or a unit's",
        _stream("StreamQuery"),
        "Stream",
    ),
    Route(
        "post",
        "/stream/ack",
        "acknowledge_stream",
        "End messages: what is not acknowledged in time is handed out again, under its id",
        _stream("AckBody"),
        "StreamAck",
    ),
    Route(
        "get",
        "/statement",
        "show_statement",
        "The ids of all that was owed on a day in Vietnam, signed as a webhook is",
        _stream("StatementQuery"),
        "Statement",
    ),
)
