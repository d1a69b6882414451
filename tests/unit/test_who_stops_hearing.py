"""Promise 6: whoever makes a unit stop hearing, or hear again, stands here with how that is told. One
that is new and told by nothing is found."""

from __future__ import annotations

import ast
import re
from pathlib import Path

SERVICE = Path(__file__).parents[2] / "service"
_LOOKED_FOR = "by looking: loss_acts.tell_losses, hearing_again.tell_returns"
_TROUBLES = "by looking: owners.tell_troubles, which tells that it is over too"
_UNIT = "loss_acts.tell_unit_gone, tell_unit_back"
_CONTACTS = "loss_acts.tell_unit_changed"

TOLD = {
    # of subscriptions
    "storage/subscriptions.py:set_status": _LOOKED_FOR,
    "storage/subscriptions.py:set_target": "loss_acts.tell_subscription_changed; back by looking",
    "storage/handshakes.py:confirm_endpoint": _LOOKED_FOR,
    "storage/bounces.py:resume_suspended": _LOOKED_FOR,
    "storage/undo.py:bring_subscription_back": _LOOKED_FOR,
    "services/bounce_acts.py:apply_bounce": _LOOKED_FOR,
    "services/bounce_acts.py:_is_about_us": _LOOKED_FOR,
    "services/address_acts.py:tell_unmailable": _LOOKED_FOR,
    "services/optin.py:_say_yes": _LOOKED_FOR,
    "services/optin.py:unsubscribe": _LOOKED_FOR,
    "services/subscription_acts.py:pause": _LOOKED_FOR,
    "services/subscription_acts.py:resume": _LOOKED_FOR,
    "services/subscription_acts.py:confirm": _LOOKED_FOR,
    "services/subscription_acts.py:remove": _LOOKED_FOR,
    "services/subscription_acts.py:_move": "loss_acts.tell_subscription_changed; back by looking",
    "storage/units.py:remove_unit": _UNIT,
    "storage/unit_merging.py:_join": "merge_acts: the contacts of both are told",
    "services/hub_acts.py:deny": "hub_losses.tell_lease_ended, tell_leases_back",
    "storage/hub.py:grant_lease": "hub_losses.tell_leases_back",
    "storage/hub.py:end_lease": "hub_losses.tell_lease_ended",
    "storage/erasure.py:forget_address": "loss_acts.tell_erased; what ends is optin.unsubscribe's",
    # of units and their contacts
    "storage/units.py:set_contacts": _CONTACTS,
    "services/unit_acts.py:_keep": _CONTACTS,
    "storage/units.py:retire": _UNIT,
    "storage/undo.py:bring_unit_back": _UNIT,
    "storage/unit_merging.py:merge_unit": "merge_acts: the contacts of both are told",
    # of endpoints
    "storage/queue/endpoint_health.py:revive": _TROUBLES,
    "storage/queue/endpoint_health.py:disable_failing": _TROUBLES,
    "storage/queue/endpoint_health.py:_disable_behind": _TROUBLES,
    "storage/queue/endpoint_health.py:warn_failing": _TROUBLES,
    "storage/queue/endpoint_health.py:_gone": _TROUBLES,
    "storage/queue/endpoint_health.py:_close_again": "a probe failed: as disabled as before",
    "storage/queue/endpoint_health.py:probe_disabled": "a probe is let through: as disabled",
    "storage/pull_streams.py:mark_unasked": _TROUBLES,
    "storage/pull_streams.py:note_asked": _TROUBLES,
    "storage/queue/endpoint_health.py:reopen": _TROUBLES,
}
"""By function; the words say where it is told."""

_WRITES = (
    re.compile(r"\bset_status\("),
    re.compile(r"UPDATE subscription SET[^;]*?\bstatus\b"),
    re.compile(r"update\((?:schema\.subscription|table)\)[^;]*?\bstatus="),
    re.compile(
        r"UPDATE (?:endpoint|unit) SET(?:(?!WHERE)[^;])*?\b(?:status|warned_at|contacts|removed_at) ="
    ),
    re.compile(r"\bset_contacts\("),
    re.compile(r"(?:probe_at = :next, |\")(?:status = '(?:ok|slow|disabled)'|warned_at = :at)"),
    re.compile(r"update\((?:schema\.unit|table)\)[^;]*?\b(?:contacts|removed_at)="),
)


def writers() -> dict[str, str]:
    """Functions of the service that write what a unit hears by, and the first line that says so."""
    found = {}
    for path in sorted(SERVICE.rglob("*.py")):
        if "migrations" in path.parts or "bench" in path.parts or "demo" in path.parts:
            continue
        source = path.read_text("utf-8")
        lines = source.splitlines()
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef):
                own = "\n".join(lines[node.lineno - 1 : node.end_lineno])
                hits = [one.group() for one in (pattern.search(own) for pattern in _WRITES) if one]
                if hits:
                    found[f"{path.relative_to(SERVICE)}:{node.name}"] = hits[0]
    return found


def test_promise_6_whatever_makes_a_unit_stop_or_hear_again_is_told() -> None:
    found = writers()
    assert {key: said for key, said in found.items() if key not in TOLD} == {}
    assert TOLD.keys() - found.keys() == set()
