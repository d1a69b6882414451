"""What a chat service is told of a message: a line of title, a few lines, the link. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.alerts.headers import shorten, visible_line
from service.alerts.mail_item import headline
from service.words import labels_of

MAX_TITLE = 300
MAX_DUE = 3
"""Of a reminder that one message names."""


@dataclass(frozen=True, slots=True)
class ChatText:
    title: str
    body: str


def chat_text(message: Mapping[str, Any], language: str) -> ChatText:
    """What a message of a webhook comes to: a line of title, a few lines, the link."""
    says = labels_of("chat", language)
    kind, data = message["type"], message["data"]
    if "title" not in data:
        return ChatText(says["test"], says["test_body"])
    receipt = data["receipt_url"]
    if "portal" in data:
        title = headline(kind, data, language, owes=receipt is not None)
        lines = [_source(data), visible_line(data["archive_url"])]
    else:
        title = f"{says['reminder']}: {shorten(visible_line(data['title']), MAX_TITLE)}"
        lines = [*(visible_line(due["text"]) for due in data["due"][:MAX_DUE]), data["archive_url"]]
    if receipt is not None:
        lines.append(f"{says['receipt']}: {receipt}")
    return ChatText(title, "\n".join(line for line in lines if line))


def _source(data: Mapping[str, Any]) -> str:
    document = data["document"] or {}
    named = (data["portal"]["name"], document.get("number"))
    return " · ".join(visible_line(one) for one in named if one)
