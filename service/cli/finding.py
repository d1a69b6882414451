"""What one check of `loa check` found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    what: str
    verdict: Literal["ok", "warning", "bad"]
    detail: str
    remedy: str = ""
    """Empty where nothing is to be done."""
