"""What is said of each channel: what it is called, what a target is refused for, and what became of
a message: (Vietnamese, English)."""

from __future__ import annotations

CHANNEL_LABELS: dict[str, tuple[str, str]] = {
    # `channel.NAME`: what pages and mails call it
    "channel.webhook": ("webhook", "webhook"),
    "channel.email": ("thư điện tử", "email"),
    "channel.pull": ("đơn vị tự hỏi lấy", "pull"),
    "channel.websub": ("WebSub", "WebSub"),
    "channel.chat": ("nhắn tin", "chat"),
    # what a message of chat is headed with
    "chat.reminder": ("Nhắc xác nhận đã nhận", "Reminder to acknowledge"),
    "chat.receipt": ("Xác nhận đã nhận", "Acknowledge receipt"),
    "chat.test": ("Loa: tin thử", "Loa: a test"),
    "chat.test_body": (
        "Tin này chỉ để thử: kênh nhắn tin đã nối với Loa.",
        "This is only a test: Loa can write here.",
    ),
}
CHANNEL_WORDS: dict[str, tuple[str, str]] = {
    # what goes with some channels only
    "bad.extra_missing": (
        "kênh {channel} cần phần cài thêm, chưa có trên máy này",
        "is {channel}, which needs an extra that is not installed",
    ),
    "allowed.extra": (
        "cài thêm: pip install 'loa[{extra}]'",
        "install it: pip install 'loa[{extra}]'",
    ),
    "bad.channel_operator": (
        "chỉ quản trị viên thêm được đăng ký qua {channel}",
        "is {channel}, which only an operator may add",
    ),
    "bad.target_none": ("không dùng cho kênh {channel}", "goes with no {channel}"),
    "bad.cloudevents": ("chỉ dùng cho webhook", "goes with a webhook only"),
    # chat
    "bad.chat_address": (
        "không phải là địa chỉ của một dịch vụ nhắn tin",
        "is no address of a chat service",
    ),
    "allowed.chat_address": (
        "địa chỉ như ntfys://ntfy.coquan.example/kenh hoặc tgram://token/nhom, không có khoảng trắng",
        "an address as ntfys://ntfy.office.example/topic or tgram://token/group, without spaces",
    ),
    "bad.chat_service": (
        "không gửi được tới dịch vụ {text!r}",
        "has a service that is not sent to: {text!r}",
    ),
    "bad.chat_parameter": (
        "có tham số không dùng được: {text!r}",
        "has a parameter that is not taken: {text!r}",
    ),
    "chat.no_extra": (
        "chưa cài phần 'loa[chat]' trên máy gửi",
        "'loa[chat]' is not installed where messages are sent",
    ),
    "chat.fell": (
        "chương trình gửi tin nhắn đã dừng giữa chừng",
        "the program that sends to chat services ended by itself",
    ),
    "chat.accepted": ("dịch vụ đã nhận", "the service accepted it"),
    "chat.refused": ("dịch vụ không nhận", "the service did not accept it"),
    "chat.unreadable": (
        "dịch vụ không hiểu địa chỉ này: hãy thêm lại đăng ký với địa chỉ đúng",
        "the service does not understand the address: add the subscription anew with the right one",
    ),
}
