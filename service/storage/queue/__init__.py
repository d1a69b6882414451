"""The ledger, which is also the queue: what is owed, who has it in hand, and what became of it.

This is its face: whoever is outside takes from here, and never from a module within. Owns the order
of locks (host groups first, by key), places, leases and their tokens, health of endpoints, and the
restore fence. Refuses to hold a transaction open while something is sent.
"""

from service.storage.queue.capacity import (
    add_endpoint,
    apply_caps,
    heal,
    hold_back,
    is_off,
    refresh,
    space_endpoint,
)
from service.storage.queue.claim import claim_due, has_urgent, is_paused, next_due_at
from service.storage.queue.driver import statements_on
from service.storage.queue.endpoint_health import (
    FAILED_LONG,
    GONE,
    abandon,
    disable_failing,
    has_news,
    probe_disabled,
    queue_own,
    reopen,
    warn_failing,
)
from service.storage.queue.fanout import CHUNK as FANOUT_CHUNK
from service.storage.queue.fanout import continue_fanouts, fan_out
from service.storage.queue.fence import (
    BEFORE_RESTORE,
    FENCED_WORDS,
    RESTORED,
    Fence,
    is_fenced,
    keep_owed,
    release_fence,
    was_alerted_before_restore,
)
from service.storage.queue.leases import free_all_leases, free_expired, has_expired
from service.storage.queue.ledger_rows import ClaimedMessage
from service.storage.queue.notices import listen
from service.storage.queue.outgoing import ChangePayload, OutgoingMessage, OutgoingReader
from service.storage.queue.parking import (
    drop_questions,
    park,
    redirect,
    release_parked,
    retry_failed,
    unpark,
)
from service.storage.queue.pull_leases import (
    AcknowledgeResult,
    due_among,
    due_endpoints,
    end_pulled,
    hand_out,
)
from service.storage.queue.record import record_results
from service.storage.queue.urgent import hasten, mark_urgent, urgency_before

__all__ = [
    "BEFORE_RESTORE",
    "FAILED_LONG",
    "FANOUT_CHUNK",
    "FENCED_WORDS",
    "GONE",
    "RESTORED",
    "AcknowledgeResult",
    "ChangePayload",
    "ClaimedMessage",
    "Fence",
    "OutgoingMessage",
    "OutgoingReader",
    "abandon",
    "add_endpoint",
    "apply_caps",
    "claim_due",
    "continue_fanouts",
    "disable_failing",
    "drop_questions",
    "due_among",
    "due_endpoints",
    "end_pulled",
    "fan_out",
    "free_all_leases",
    "free_expired",
    "hand_out",
    "has_expired",
    "has_news",
    "has_urgent",
    "hasten",
    "heal",
    "hold_back",
    "is_fenced",
    "is_off",
    "is_paused",
    "keep_owed",
    "listen",
    "mark_urgent",
    "next_due_at",
    "park",
    "probe_disabled",
    "queue_own",
    "record_results",
    "redirect",
    "refresh",
    "release_fence",
    "release_parked",
    "reopen",
    "retry_failed",
    "space_endpoint",
    "statements_on",
    "unpark",
    "urgency_before",
    "warn_failing",
    "was_alerted_before_restore",
]
