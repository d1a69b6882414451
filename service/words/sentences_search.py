"""What is wrong with what somebody searches for, and what was found: (Vietnamese, English)."""

from __future__ import annotations

from collections.abc import Mapping

SEARCH: Mapping[str, tuple[str, str]] = {
    "allowed.day": (
        "một ngày từ năm 1900 đến 2199, viết như 2026-11-29",
        "a day from 1900 to 2199, as 2026-11-29",
    ),
    "allowed.place_name": (
        "tên xã, phường, có thể thêm huyện hoặc tỉnh, như xã Quảng Ninh, tỉnh Thanh Hóa",
        "the name of a commune, with its district or province behind it where that is needed",
    ),
    "bad.day_before": (
        "ngày {day} đứng trước ngày đầu {first}",
        "{day} is before the first day {first}",
    ),
    "allowed.day_after": ("một ngày sau {first}", "a day after {first}"),
}
