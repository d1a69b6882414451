"""All that the API answers, found by the names that the table of routes gives: of these its answers
are made, and the schemas of the OpenAPI document."""

from __future__ import annotations

from service.services.backfill_acts import BackfillShape as BackfillShape
from service.services.coverage_shapes import StatusShape as StatusShape
from service.services.post_shapes import PostShape as PostShape
from service.services.post_shapes import WholePostShape as WholePostShape
from service.services.subscriber_shapes import AddedSubscriptionShape as AddedSubscriptionShape
from service.services.subscriber_shapes import NewSecretShape as NewSecretShape
from service.services.subscriber_shapes import SentTestShape as SentTestShape
from service.services.subscriber_shapes import SubscriptionShape as SubscriptionShape
from service.services.subscriber_shapes import UnitShape as UnitShape
from service.services.succession_shapes import SuccessionShape as SuccessionShape
from service.web.api.delivery_shapes import AcknowledgedShape as AcknowledgedShape
from service.web.api.delivery_shapes import DeliveryShape as DeliveryShape
from service.web.api.delivery_shapes import ReceiptLineShape as ReceiptLineShape
from service.web.api.delivery_shapes import RemindedShape as RemindedShape
from service.web.api.delivery_shapes import ReplayedShape as ReplayedShape
from service.web.api.delivery_shapes import ShownDeliveryShape as ShownDeliveryShape
from service.web.api.delivery_shapes import StatementShape as StatementShape
from service.web.api.delivery_shapes import StreamAckShape as StreamAckShape
from service.web.api.delivery_shapes import StreamShape as StreamShape
from service.web.api.delivery_shapes import WhyShape as WhyShape
from service.web.api.portal_act_shapes import AddedPortalShape as AddedPortalShape
from service.web.api.portal_act_shapes import PolledPortalShape as PolledPortalShape
from service.web.api.portal_act_shapes import PortalLookShape as PortalLookShape
from service.web.api.portal_shapes import AuditEntryShape as AuditEntryShape
from service.web.api.portal_shapes import DiscardedShape as DiscardedShape
from service.web.api.portal_shapes import PortalShape as PortalShape
from service.web.api.portal_shapes import ReleasedShape as ReleasedShape
from service.web.api.portal_shapes import SilenceShape as SilenceShape
from service.web.api.token_shapes import CreatedTokenShape as CreatedTokenShape
from service.web.api.token_shapes import TokenShape as TokenShape
