"""A pull subscription over a Loa, and an office that asks for what it is owed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import text

from service.alerts.message import build_payload
from service.bootstrap import Loa
from service.channels import PULL
from service.services import subscription_acts as acts
from service.services.context import OPERATOR
from service.services.publish import write_change
from service.services.subscription_acts import AddResult
from service.services.subscription_checks import SubscriptionRequest
from service.types import ChangeType
from tests.fakes_ledger import a_post, store_post

STREAM = "/api/v1/stream?wait_s=0"


def add_pull(loa: Loa, **more: Any) -> AddResult:
    with loa.database.writing() as conn:
        return acts.add(conn, loa, SubscriptionRequest(PULL, "", **more), OPERATOR)


def publish(loa: Loa, post_id: str, *, is_urgent: bool = False) -> str:
    """Tells everybody of a post; returns the change's id."""
    post, now = a_post(post_id), loa.clock()
    with loa.database.writing() as conn:
        store_post(conn, post)
        payload = build_payload(ChangeType.PUBLISHED, now, post, loa.links)
        urgent = {post.understanding.urgency} if is_urgent else ()
        return write_change(
            conn, post=post, type=ChangeType.PUBLISHED, at=now, payload=payload, urgent=urgent
        )


class Office:
    """Asks by the API with one token."""

    def __init__(self, client: FlaskClient, token: str) -> None:
        self._client = client
        self.headers = {"Authorization": f"Bearer {token}"}

    def ask(self, query: str = "") -> list[dict[str, str]]:
        answer = self._client.get(STREAM + query, headers=self.headers)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_json()["messages"]

    def ask_status(self) -> int:
        return self._client.get(STREAM, headers=self.headers).status_code

    def ack(self, ids: Sequence[str]) -> dict[str, list[str]]:
        answer = self._client.post(
            "/api/v1/stream/ack", json={"ids": list(ids)}, headers=self.headers
        )
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_json()

    def statement(self, day: str) -> Any:
        return self._client.get(f"/api/v1/statement?day={day}", headers=self.headers)


def ids_of(messages: Sequence[dict[str, str]]) -> list[str]:
    return [one["webhook-id"] for one in messages]


def rows(loa: Loa, query: str) -> list[tuple[Any, ...]]:
    with loa.database.reading() as conn:
        return [tuple(row) for row in conn.execute(text(query))]
