"""What a form of the desk was refused for, at its field."""

from __future__ import annotations

from service.errors import Conflict, InvalidInput
from service.web.problem import Fault, fault_of

_FIELDS = {"url": "target", "address": "target"}
"""What a target is called by whoever refuses it."""


def desk_fault(error: InvalidInput | Conflict, otherwise: str) -> Fault:
    """`otherwise`: the field that a conflict is about."""
    fault = fault_of(error, otherwise)
    return Fault(_FIELDS.get(fault.field, fault.field), fault.text)
