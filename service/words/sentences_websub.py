"""Sentences about WebSub: what a subscriber is answered, and what became of what it was sent."""

from __future__ import annotations

WEBSUB_WORDS: dict[str, tuple[str, str]] = {
    "bad.channel_hub": (
        "chỉ phần mềm đọc tin tự đăng ký, tại /hub",
        "is asked for by a feed reader itself, at /hub",
    ),
    "allowed.hub": ("webhook, email hoặc pull", "webhook, email or pull"),
    "bad.hub_mode": ("không có cách này: {text!r}", "is none: {text!r}"),
    "bad.hub_topic": (
        "không phải là địa chỉ `self` của một nguồn tin ở đây",
        "is not the `self` address of a feed of this service",
    ),
    "allowed.hub_topic": ("địa chỉ như {names}", "an address as {names}"),
    "bad.hub_lease": ("phải là một số giây", "must be a number of seconds"),
    "bad.hub_secret": ("dài hơn {limit} byte", "is longer than {limit} bytes"),
    "refused.hub_full": (
        "đã có quá nhiều đăng ký tại hub này",
        "this hub has as many subscriptions as it can take",
    ),
    "refused.hub_host": (
        "máy {host} đã có {limit} đăng ký",
        "the host {host} has {limit} subscriptions already",
    ),
    "refused.hub_asked": (
        "đã hỏi quá nhiều lần trong một giờ",
        "asked too often within an hour",
    ),
    "refused.hub_waiting": (
        "đang chờ địa chỉ nhận trả lời những lần hỏi trước",
        "the callback has not answered what it was asked before",
    ),
    "websub.refused": (
        "địa chỉ nhận không xác nhận đăng ký (HTTP {status})",
        "the callback did not confirm the subscription (HTTP {status})",
    ),
    "websub.unneeded": (
        "nguồn tin này không có tin đó nữa",
        "the feed does not hold the post",
    ),
}
