"""The API of what an operator does with posts: posts by hand, withdrawal, and what the program read
wrongly."""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING, Annotated

from flask import Blueprint, Response
from pydantic import Field
from sqlalchemy import Connection

from service.errors import InvalidInput
from service.services import by_hand, decision_acts
from service.services.decision_parts import MAX_TASK, TypedRelation, TypedTask
from service.services.post_shapes import WholePostShape, show_whole_post
from service.types import AttachmentLink, Link
from service.web.api.answer import answer, write
from service.web.api.api_subscriptions import by_api
from service.web.api.request_body import (
    EmptyBody,
    Id,
    Line,
    ShortLine,
    StrictBody,
    read_json_body,
)

if TYPE_CHECKING:
    from service.bootstrap import Loa

MAX_POST_BYTES = 1_000_000
"""Of the body of a post by hand, its files included: the web server lets 1 MiB through."""
_MAX_FILES = 20

Text = Annotated[str, Field(max_length=by_hand.MAX_TEXT)]


class PostFileBody(StrictBody):
    name: ShortLine = Field(min_length=1)
    content: str = Field(json_schema_extra={"contentEncoding": "base64"})


class PostBody(StrictBody):
    """`category`: the primary one. All files together with the rest at most 1 MB."""

    title: Line = Field(min_length=1, max_length=by_hand.MAX_TITLE)
    text: Text = Field("", description="plain, an empty line between paragraphs")
    category: Id = "directives"
    files: tuple[PostFileBody, ...] = Field((), max_length=_MAX_FILES)


class TaskBody(StrictBody):
    """With `wrong` alone that reading is dropped; with the others it is replaced; without `wrong` a
    task is added."""

    wrong: Id | None = Field(None, description="the `key` of one of the post's `readings`")
    task: Line | None = Field(None, max_length=MAX_TASK)
    day: ShortLine = Field("", description="as 2026-12-05; empty: of what comes again, as read")
    hour: ShortLine = Field("", description="as 17:00; empty: the day's end")
    owner: ShortLine = Field("", description="communes, anyone, other, or a place")
    who: ShortLine = Field("", description="the words for the owner")


class RelationBody(StrictBody):
    """As `TaskBody`. `other`: the post, by the number of its document, its address or its id."""

    wrong: Id | None = Field(None, description="the `key` of one of the post's `readings`")
    relation: Link | None = None
    other: Line = Field("", max_length=2000)


class SameDocumentBody(StrictBody):
    """`other`: the post, by the number of its document, its address or its id."""

    other: Line = Field(min_length=1, max_length=2000)
    same: bool = Field(description="whether the two are of one document")


def add_routes(blueprint: Blueprint, loa: Loa) -> None:
    _add_by_hand(blueprint, loa)
    _add_decisions(blueprint, loa)


def _add_by_hand(blueprint: Blueprint, loa: Loa) -> None:
    @blueprint.post("/v1/posts")
    def add_post() -> Response:
        body = read_json_body(PostBody, MAX_POST_BYTES)

        def publish(conn: Connection) -> tuple[WholePostShape, int]:
            found = by_hand.publish_by_hand(conn, loa, typed)
            return show_whole_post(conn, found, loa.links), 201

        files = tuple(_keep(loa, one) for one in body.files)
        typed = by_hand.TypedPost(body.title, body.text, body.category, files)
        return write(publish)

    @blueprint.post("/v1/posts/<post_id>/withdraw")
    def withdraw_post(post_id: str) -> Response:
        read_json_body(EmptyBody)

        def withdraw(conn: Connection) -> tuple[WholePostShape, int]:
            found = by_hand.withdraw_by_hand(conn, loa, post_id)
            return show_whole_post(conn, found, loa.links), 200

        return write(withdraw)


def _add_decisions(blueprint: Blueprint, loa: Loa) -> None:
    @blueprint.post("/v1/posts/<post_id>/tasks")
    def decide_task(post_id: str) -> Response:
        body = read_json_body(TaskBody)
        right = _task_of(body)

        def decide(conn: Connection) -> tuple[WholePostShape, int]:
            found = decision_acts.decide_task(conn, loa, post_id, body.wrong, right, by_api())
            return show_whole_post(conn, found, loa.links), 200

        return write(decide)

    @blueprint.post("/v1/posts/<post_id>/relations")
    def decide_relation(post_id: str) -> Response:
        body = read_json_body(RelationBody)
        said = body.relation is not None or body.other
        right = TypedRelation(body.relation or "", body.other) if said else None

        def decide(conn: Connection) -> tuple[WholePostShape, int]:
            found = decision_acts.decide_relation(conn, loa, post_id, body.wrong, right, by_api())
            return show_whole_post(conn, found, loa.links), 200

        return write(decide)

    @blueprint.post("/v1/posts/<post_id>/document")
    def decide_document(post_id: str) -> Response:
        body = read_json_body(SameDocumentBody)

        def decide(conn: Connection) -> tuple[WholePostShape, int]:
            found = decision_acts.decide_document(
                conn, loa, post_id, body.other, body.same, by_api()
            )
            return show_whole_post(conn, found, loa.links), 200

        return write(decide)

    @blueprint.delete("/v1/posts/<post_id>/decisions/<decision>")
    def undo_decision(post_id: str, decision: str) -> Response:
        with loa.database.writing() as conn:
            found = decision_acts.undo_decision(conn, loa, post_id, decision)
            return answer(show_whole_post(conn, found, loa.links))


def _task_of(body: TaskBody) -> TypedTask | None:
    """None where nothing is said of it: then it is dropped."""
    if body.task is None and not (body.day or body.hour or body.owner or body.who):
        return None
    return TypedTask(body.task or "", body.day, body.hour, body.owner, body.who)


def _keep(loa: Loa, file: PostFileBody) -> AttachmentLink:
    """Raises InvalidInput for what is no base64, and as `by_hand.keep_file` does."""
    try:
        content = b64decode(file.content, validate=True)
    except ValueError as error:
        raise InvalidInput("files", "bad.base64", "allowed.base64") from error
    return by_hand.keep_file(loa, loa.archive, file.name, content)
