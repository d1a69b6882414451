"""What is said of a unit's own page, on it and in the mail that leads to it: (Vietnamese,
English)."""

from __future__ import annotations

from collections.abc import Mapping

UNIT_PAGE: Mapping[str, tuple[str, str]] = {
    "letter.unit_subject": ("Trang riêng của {unit}", "The page of {unit}"),
    "letter.unit_body": (
        "Trang sau của {title} là của riêng {unit}: văn bản đang chờ xác nhận và thời hạn, những gì "
        "đã gửi, các kênh nhận tin, những gì đã xác nhận trong năm.",
        "The page below, of {title}, is for {unit} alone: what it has yet to acknowledge and by "
        "when, what it was sent, its channels, and what it acknowledged this year.",
    ),
    "letter.unit_ends": (
        "Liên kết dùng được trong {days} ngày và chỉ dành cho địa chỉ này; xin đừng chuyển tiếp: ai "
        "có liên kết đều xác nhận thay được cho đơn vị.",
        "The link is good for {days} days and meant for this address; do not forward it: whoever "
        "has it can acknowledge for the unit.",
    ),
    "letter.unit_button": ("Mở trang của đơn vị", "Open the unit's page"),
    "conflict.unit_no_contacts": (
        "không gửi được liên kết cho {name!r}: đơn vị không có địa chỉ liên hệ nào",
        "cannot mail {name!r} its link: the unit has no contact",
    ),
    "done.unit_link": (
        "Đã gửi liên kết đến trang của {unit} cho {n} người liên hệ.",
        "The link to the page of {unit} was mailed to {n} contacts.",
    ),
    "allowed.year": ("một năm như 2026", "a year such as 2026"),
    "unitpage.acknowledged": (
        "Đã xác nhận “{post}”. Cảm ơn.",
        "“{post}” is acknowledged. Thank you.",
    ),
    "unitpage.pause": ("Đã tạm dừng gửi đến {target}.", "Sending to {target} is paused."),
    "unitpage.resume": ("Đã gửi tiếp đến {target}.", "Sending to {target} goes on."),
    "unitpage.test": ("Đang gửi tin thử đến {target}.", "A test is on its way to {target}."),
    "unitpage.pause_sure": ("Tạm dừng gửi đến {target}?", "Pause sending to {target}?"),
    "unitpage.pause_stops": (
        "{unit} sẽ không nhận văn bản chỉ đạo qua kênh này nữa cho đến khi có người bấm gửi tiếp; "
        "quản trị viên và những người liên hệ khác của đơn vị được báo ngay.",
        "{unit} will get no directives by this channel until somebody resumes it; the operator and "
        "the unit's other contacts are told at once.",
    ),
}
