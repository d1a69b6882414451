"""What a person decided of a post where the program read something else. Values alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from service.types.documents import Deadline, DocumentLink


class DecisionKind(StrEnum):
    TASK = "task"
    RELATION = "relation"
    SAME = "same"
    """Two posts are of one document."""
    OTHER = "other"
    """Two posts are not of one document."""


@dataclass(frozen=True, slots=True)
class Decision:
    """`wrong`: what was read and is not so; None: nothing was. `right`: what is so; None: nothing
    is. Both are deadlines of a task, relations of a relation, and None of documents."""

    id: str
    post_id: str
    kind: DecisionKind
    other_id: str | None
    """The other post; None of a task, and of a relation that is only dropped."""
    wrong: Deadline | DocumentLink | None
    right: Deadline | DocumentLink | None
    by: str | None
    """Who decided, as a code of `by.*`; None: it is not known."""
    at: datetime
