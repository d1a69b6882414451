"""What was read of a post and by which rule, and what people decided of it: as the API and `--json`
show it, the desk too. Each reading has the key by which it is overruled. Who decided is for
operators alone, in the log and on the desk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from service.alerts.post_fields import (
    DeadlineFields,
    RelationFields,
    deadline_fields,
    relation_fields,
)
from service.posts.overruled import key_of
from service.storage.post_decisions import decisions_about
from service.storage.same_document import Companion
from service.types import (
    OVERRULED,
    Deadline,
    Decision,
    DecisionKind,
    DocumentLink,
    Post,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingShape:
    key: str = field(
        metadata={"description": "by what it is overruled; of a document the post's id"}
    )
    kind: DecisionKind = field(metadata={"description": "task, relation or same"})
    rule: str = field(metadata={"description": "what decided; operator: a person"})
    words: str = field(metadata={"description": "the words that it was read from"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionShape:
    id: str
    kind: DecisionKind = field(
        metadata={"description": "same, other: the two posts are, or are not, of one document"}
    )
    post_id: str
    other_id: str | None
    wrong: DeadlineFields | RelationFields | None = field(
        metadata={"description": "what was read and is not so; null: something was added"}
    )
    right: DeadlineFields | RelationFields | None = field(
        metadata={"description": "what is so; null: something was dropped, or it is of documents"}
    )
    at: datetime


def readings_of(post: Post, others: list[Companion]) -> list[ReadingShape]:
    """What is believed of the post now: its tasks, its relations, the other posts of its
    document."""
    return [*_read(post), *(_read_companion(post, one) for one in others)]


def _read(post: Post) -> Iterator[ReadingShape]:
    for due in post.understanding.deadlines:
        yield ReadingShape(
            key=key_of(due), kind=DecisionKind.TASK, rule=rule_of_task(due), words=due.text
        )
    for link in post.understanding.relations:
        yield ReadingShape(
            key=key_of(link), kind=DecisionKind.RELATION, rule=rule_of_relation(link),
            words=link.words,
        )  # fmt: skip


def rule_of_task(one: Deadline) -> str:
    if one.source == OVERRULED:
        return OVERRULED
    if one.is_scanned:
        return "task_scan"
    if one.recurs is not None:
        return "task_again"
    return "task_unsure" if one.is_unsure or one.owner is None else "task"


def rule_of_relation(one: DocumentLink) -> str:
    if one.source == OVERRULED:
        return OVERRULED
    return "relation" if one.post_id is None else "relation_post"


def _read_companion(post: Post, other: Companion) -> ReadingShape:
    rule, words = rule_of_companion(post, other)
    return ReadingShape(key=other.id, kind=DecisionKind.SAME, rule=rule, words=words)


def rule_of_companion(post: Post, other: Companion) -> tuple[str, str]:
    """The rule, and the words by which it decided."""
    if other.is_decided:
        return OVERRULED, ""
    document = post.understanding.document
    if document is not None and document.number is not None and other.has_number:
        return "same_number", document.number
    return "same_title", other.title


def decisions_shown(conn: Connection, post_id: str) -> list[DecisionShape]:
    """The last one first."""
    return [_show(one) for one in reversed(decisions_about(conn, post_id))]


def _show(one: Decision) -> DecisionShape:
    return DecisionShape(
        id=one.id,
        kind=one.kind,
        post_id=one.post_id,
        other_id=one.other_id,
        wrong=_value(one.wrong),
        right=_value(one.right),
        at=one.at,
    )


def _value(one: Deadline | DocumentLink | None) -> DeadlineFields | RelationFields | None:
    if one is None:
        return None
    return deadline_fields(one) if isinstance(one, Deadline) else relation_fields(one)
