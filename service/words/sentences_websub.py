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
    "lease.ended_lapsed_subject": (
        "Loa: phần mềm tại {host} không gia hạn nguồn tin",
        "Loa: the software at {host} has not renewed its feed",
    ),
    "lease.ended_lapsed": (
        "Phần mềm tại {host} được gửi nguồn tin {topic} qua WebSub nhưng không gia hạn, nên từ "
        "{since_at} Loa không gửi nguồn này đến đó nữa.",
        "The software at {host} was sent the feed {topic} by WebSub and has not renewed it: since "
        "{since_at} Loa sends it no more.",
    ),
    "lease.ended_failed_subject": (
        "Loa: không gửi được nguồn tin đến {host}",
        "Loa: a feed cannot be sent to {host}",
    ),
    "lease.ended_failed": (
        "Phần mềm tại {host} được gửi nguồn tin {topic} qua WebSub nhưng nhiều lần không nhận, nên "
        "từ {since_at} Loa không gửi nguồn này đến đó nữa.",
        "The software at {host} was sent the feed {topic} by WebSub and has refused it time and "
        "again: since {since_at} Loa sends it no more.",
    ),
    "lease.back_subject": (
        "Loa: lại gửi nguồn tin đến {host}",
        "Loa: a feed is sent to {host} again",
    ),
    "lease.back": (
        "Phần mềm tại {host} đã đăng ký lại; nguồn tin {topic} lại được gửi từ {since_at}. Tin đăng "
        "trong thời gian gián đoạn có trong nguồn tin.",
        "The software at {host} has subscribed again: the feed {topic} is sent since {since_at}. "
        "What was published meanwhile is in the feed.",
    ),
    "lease.way_back": (
        "Muốn nhận lại, hãy cho phần mềm đăng ký lại tại {where}.",
        "To have it again, let the software subscribe once more at {where}.",
    ),
    "websub.refused": (
        "địa chỉ nhận không xác nhận đăng ký (HTTP {status})",
        "the callback did not confirm the subscription (HTTP {status})",
    ),
    "websub.topic_gone": (
        "nguồn tin này không còn nữa",
        "this feed is no more",
    ),
    "websub.ended": (
        "quản trị viên của hub đã ngừng đăng ký này",
        "the operator of the hub has ended this subscription",
    ),
    "websub.unneeded": (
        "nguồn tin này không có tin đó nữa",
        "the feed does not hold the post",
    ),
}
