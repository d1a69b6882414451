"""All that the API answers, by the names that the table of routes gives: of these its answers are
made, and the schemas of the OpenAPI document."""

from __future__ import annotations

from typing import Any

from service.services.backfill_acts import BackfillShape
from service.services.post_shapes import PostShape, WholePostShape
from service.services.subscriber_shapes import (
    AddedSubscriptionShape,
    NewSecretShape,
    SentTestShape,
    SubscriptionShape,
    UnitShape,
)
from service.services.succession_shapes import SuccessionShape
from service.web.api.delivery_shapes import (
    AcknowledgedShape,
    DeliveryShape,
    ReceiptLineShape,
    RemindedShape,
    ReplayedShape,
    ShownDeliveryShape,
    StatementShape,
    StreamAckShape,
    StreamShape,
    WhyShape,
)
from service.web.api.portal_act_shapes import AddedPortalShape, PolledPortalShape, PortalLookShape
from service.web.api.portal_shapes import (
    AuditEntryShape,
    DiscardedShape,
    PortalShape,
    ReleasedShape,
    SilenceShape,
)
from service.web.api.token_shapes import CreatedTokenShape, TokenShape

SUFFIX = "Shape"
"""What our models end in, so that none is called like the value that it shows; the API leaves it
out."""

ANSWERS: dict[str, type[Any]] = {
    shape.__name__.removesuffix(SUFFIX): shape
    for shape in (
        BackfillShape,
        PostShape,
        WholePostShape,
        AddedSubscriptionShape,
        NewSecretShape,
        SentTestShape,
        SubscriptionShape,
        UnitShape,
        SuccessionShape,
        AcknowledgedShape,
        DeliveryShape,
        ReceiptLineShape,
        RemindedShape,
        ReplayedShape,
        ShownDeliveryShape,
        StatementShape,
        StreamAckShape,
        StreamShape,
        WhyShape,
        AddedPortalShape,
        PolledPortalShape,
        PortalLookShape,
        AuditEntryShape,
        DiscardedShape,
        PortalShape,
        ReleasedShape,
        SilenceShape,
        CreatedTokenShape,
        TokenShape,
    )
}
