"""The values that pass between packages: frozen dataclasses and enums, and nothing that acts.

Every instant is an aware `datetime` in UTC. Every id is the opaque string that leaves the machine.
A file for a kind of noun; others take all of them from here.
"""

from service.instants import Moment
from service.types.attempts import Result
from service.types.decisions import Decision, DecisionKind
from service.types.documents import (
    OCR,
    OVERRULED,
    Deadline,
    Document,
    DocumentLink,
    Link,
    Mention,
    Relation,
    Rescheduling,
    ScannedFacts,
    ScanReading,
)
from service.types.portal_pages import (
    LIKE_POSTS,
    UNCONDITIONAL,
    Article,
    AttachmentLink,
    ListedPost,
    Listing,
    Page,
    PageGlance,
    RejectedLink,
    Validators,
)
from service.types.post_facts import (
    Place,
    PortalName,
    Post,
    Reason,
    Understanding,
)
from service.types.subscribers import Filters, Subscription, Unit
from service.types.vocabulary import (
    EMAIL,
    WEBHOOK,
    ChangeType,
    Channel,
    Clock,
    Frequency,
    Outcome,
    State,
    SubscriptionStatus,
    Urgency,
)

__all__ = [
    "EMAIL",
    "LIKE_POSTS",
    "OCR",
    "OVERRULED",
    "UNCONDITIONAL",
    "WEBHOOK",
    "Article",
    "AttachmentLink",
    "ChangeType",
    "Channel",
    "Clock",
    "Deadline",
    "Decision",
    "DecisionKind",
    "Document",
    "DocumentLink",
    "Filters",
    "Frequency",
    "Link",
    "ListedPost",
    "Listing",
    "Mention",
    "Moment",
    "Outcome",
    "Page",
    "PageGlance",
    "Place",
    "PortalName",
    "Post",
    "Reason",
    "RejectedLink",
    "Relation",
    "Rescheduling",
    "Result",
    "ScanReading",
    "ScannedFacts",
    "State",
    "Subscription",
    "SubscriptionStatus",
    "Understanding",
    "Unit",
    "Urgency",
    "Validators",
]
