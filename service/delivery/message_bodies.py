"""What a message says, whatever carries it: the bytes that a webhook has, for any channel to send.

The same at every attempt.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import orjson

from service.alerts.links import Links
from service.alerts.message import owes_receipt, with_receipt_url
from service.storage.queue import ChangePayload, OutgoingMessage


class MessageBodies:
    def __init__(self, links: Links, receipt_categories: Sequence[str]) -> None:
        self._links = links
        self._receipt_categories = tuple(receipt_categories)
        self._owes = lru_cache(256)(self._owes_receipt)

    def body_of(self, outgoing: OutgoingMessage) -> bytes:
        """JSON, with the address of its own receipt where a unit owes one."""
        told = outgoing.told
        if told is None:
            return outgoing.body
        if outgoing.unit_id is None or not self._owes(told):
            return told.payload
        url = self._links.receipt_url(told.post_id, told.revision, outgoing.unit_id)
        return with_receipt_url(told.payload, url)

    def _owes_receipt(self, told: ChangePayload) -> bool:
        return owes_receipt(
            orjson.loads(told.payload)["data"]["categories"], self._receipt_categories
        )
