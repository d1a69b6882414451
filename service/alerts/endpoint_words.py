"""What is told of a webhook endpoint that fails: to whoever is behind it, and to the operator.

Owns the sentences, Vietnamese first; refuses to know who is written to and how.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo


class Trouble(StrEnum):
    FAILING = "failing"  # for so long that it will soon be disabled
    DISABLED = "disabled"  # by time and count
    GONE = "gone"  # it said so itself: 410


@dataclass(frozen=True, slots=True)
class Said:
    subject: str
    paragraphs: tuple[str, ...]


_VI: Mapping[str, str] = {
    "failing": "Đầu nhận {where} không nhận được tin từ {since}",
    "failing.body": "Nếu đến {until} vẫn chưa nhận, Loa sẽ ngừng gửi đến đầu nhận này.",
    "disabled": "Đã ngừng gửi đến {where}",
    "disabled.body": "Đầu nhận hỏng từ {since}, sau nhiều lần thử. Loa vẫn thử lại vài giờ một lần; khi đầu nhận trả"
    " lời, mọi tin còn thiếu tự được gửi.",
    "gone": "Đã ngừng gửi đến {where}: đầu nhận trả lời 410",
    "gone.body": "410 nghĩa là không còn nhận nữa. Tin còn thiếu được giữ lại; đăng ký được mở lại bằng lệnh"
    " `loa subscription resume`.",
    "which": "Đăng ký: {names}",
    "told": "Chủ đầu nhận đã được báo: {addresses}",
    "untold": "Không có địa chỉ thư nào của chủ đầu nhận để báo.",
}
_EN: Mapping[str, str] = {
    "failing": "The endpoint {where} has accepted nothing since {since}",
    "failing.body": "If it still accepts nothing by {until}, Loa will stop sending to it.",
    "disabled": "Nothing is sent to {where} any more",
    "disabled.body": "The endpoint has failed since {since}, after many attempts. Loa tries it again every few hours;"
    " once it answers, all that it missed is sent by itself.",
    "gone": "Nothing is sent to {where} any more: it answered 410",
    "gone.body": "410 means that it takes no more. What it misses is kept; `loa subscription resume` opens the"
    " subscription again.",
    "which": "Subscriptions: {names}",
    "told": "Its owner was told: {addresses}",
    "untold": "No mail address of its owner is known.",
}


def say_trouble(
    trouble: Trouble,
    *,
    where: str,
    names: Sequence[str],
    language: str,
    zone: ZoneInfo,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Said:
    """To the owner. `where` is the endpoint; `names` those of the subscriptions behind it, or their ids."""
    says = _EN if language == "en" else _VI
    words = {"where": where, "since": _shown(since, zone), "until": _shown(until, zone)}
    return Said(
        says[trouble.value].format(**words),
        (says[f"{trouble.value}.body"].format(**words), says["which"].format(names=", ".join(names))),
    )


def say_to_operator(said: Said, addresses: Sequence[str], language: str) -> Said:
    """The same to the operator, with who was told."""
    says = _EN if language == "en" else _VI
    who = says["told"].format(addresses=", ".join(addresses)) if addresses else says["untold"]
    return Said(said.subject, (*said.paragraphs, who))


def _shown(at: datetime | None, zone: ZoneInfo) -> str:
    return "?" if at is None else f"{at.astimezone(zone):%H:%M %d/%m/%Y}"
