"""The communes of the demo that one looks at: three that acknowledge, one that does not, and one
whose endpoint is dead, so that the operator's board fills while one watches."""

from __future__ import annotations

import urllib.parse
import urllib.request
from dataclasses import dataclass
from enum import StrEnum


class CommuneBehaviour(StrEnum):
    ACKNOWLEDGES = "acknowledges"
    IS_LATE = "is late"
    IS_DEAD = "is dead"


@dataclass(frozen=True, slots=True)
class Commune:
    """`path`: of its endpoint at the inbox. `after_s`: seconds after which it acknowledges."""

    name: str
    place: str
    path: str
    conduct: CommuneBehaviour = CommuneBehaviour.ACKNOWLEDGES
    after_s: float = 0.0
    clerk: str = ""


FIRST = Commune(
    "UBND xã Quảng Ninh (đơn vị mẫu)", "quang-ninh-16540", "/webhook", after_s=4, clerk="Nguyễn Lan"
)
COMMUNES = (
    FIRST,
    Commune(
        "UBND xã Lưu Vệ (đơn vị mẫu)", "luu-ve-16438", "/luu-ve", after_s=9, clerk="Trần Minh"
    ),
    Commune(
        "UBND xã Quảng Bình (đơn vị mẫu)", "quang-binh-16543", "/quang-binh", after_s=16,
        clerk="Lê Thị Hoa",
    ),
    Commune("UBND xã Quảng Ngọc (đơn vị mẫu)", "quang-ngoc-16498", "/quang-ngoc",
            CommuneBehaviour.IS_LATE),
    Commune("UBND xã Quảng Chính (đơn vị mẫu)", "quang-chinh-16489", "/dead",
            CommuneBehaviour.IS_DEAD),
)  # fmt: skip


def press_receipt_button(receipt_url: str, clerk: str) -> None:
    """Presses the button, as a clerk does."""
    form = urllib.parse.urlencode({"by": clerk}).encode()
    with urllib.request.urlopen(receipt_url, data=form, timeout=10) as answer:  # noqa: S310  # ours
        answer.read()
