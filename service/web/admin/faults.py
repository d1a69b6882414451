"""What a form of the desk was refused for, at its field."""

from __future__ import annotations

from dataclasses import replace

from service.errors import Conflict, InvalidInput
from service.web.problem import Fault, fault_of

_FIELDS = {"url": "target", "address": "target"}
"""What a target is called by whoever refuses it."""


def desk_fault(error: InvalidInput | Conflict, otherwise: str) -> Fault:
    """`otherwise`: the field that a conflict is about."""
    first, *others = (
        Fault(_FIELDS.get(one.field, one.field), one.text) for one in fault_of(error, otherwise).all
    )
    return replace(first, others=tuple(others))
