"""What every act is given: the parts of Loa that it may use, and who acts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from service.alerts.links import Links
from service.alerts.signing import SecretBox
from service.errors import NotFound
from service.posts.gazetteer import Gazetteer
from service.posts.rules import Rules
from service.settings import Settings
from service.types import Clock


class SharedParts(Protocol):
    """The parts of a Loa that acts and senders use; each is made when it is first asked for."""

    @property
    def settings(self) -> Settings: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def links(self) -> Links: ...
    @property
    def secret_box(self) -> SecretBox: ...
    @property
    def rules(self) -> Rules: ...


class Context(SharedParts, Protocol):
    """The parts of a Loa that acts use."""

    @property
    def gazetteer(self) -> Gazetteer: ...


class ActorKind(StrEnum):
    OPERATOR = "operator"
    VIEWER = "viewer"
    """Sees what an operator sees; the doors let nothing be changed."""
    UNIT = "unit"
    """A unit's own token: what is another's is not there for it."""
    OWNER = "owner"
    """Who has the link that was mailed to the address: the person themselves."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `reason` is kept beside what the act changed; None: nobody in particular, the
    command line.

    `unit_id`: of a unit's own token, else None.
    """

    kind: ActorKind
    reason: str | None = None
    unit_id: str | None = None

    @property
    def is_operator(self) -> bool:
        return self.kind is ActorKind.OPERATOR

    def sees(self, unit_id: str | None) -> bool:
        """Whether what is of that unit, or of nobody's, is there for whoever acts."""
        return self.kind is not ActorKind.UNIT or unit_id == self.unit_id

    def check_owns(self, unit_id: str | None, kind: str, name: str) -> None:
        """Raises NotFound where a unit acts on what is another's: that it exists is not said."""
        if not self.sees(unit_id):
            raise NotFound(kind, name)


OPERATOR = Actor(ActorKind.OPERATOR, "by.command")
"""Whoever has the command line."""
