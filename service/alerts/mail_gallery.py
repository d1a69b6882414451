"""Every kind of mail, made by what makes the real ones, with sample data: for an operator who wants
to read what people will get. Pure; always the same bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from service.alerts.mail import Letter, MailPart, Recipient, Sender, compose_letter, compose_mail
from service.alerts.mail_changes import AttachedFile, PostState, find_edit
from service.alerts.mail_item import Item, prepare
from service.values import Locale
from service.words import coded, labels_of, say
from service.words.say import SENTENCES

_SITE = "https://loa.example"
TO = Recipient(
    "01900000-0000-7000-8000-000000000001",
    "van-thu@xa.example",
    datetime(2026, 11, 23, 3, tzinfo=UTC),
    f"{_SITE}/manage/x",
    f"{_SITE}/unsubscribe/x",
)
RECEIPT = ((f"{_SITE}/receipts/r", "UBND xã Quảng Ninh"),)
SAMPLE: Mapping[str, Any] = {
    "title": "Về việc tăng cường phòng, chống rét cho cây trồng, vật nuôi",
    "url": "https://portal.example/1687.aspx",
    "summary": "Tỉnh ủy yêu cầu các xã, phường:\nChủ động phòng, chống rét cho cây trồng.",
    "portal": {"id": "quangxuong", "name": "UBND huyện Quảng Xương"},
    "categories": ["directives"],
    "places": [{"id": "quang-ninh-16540", "name": "Quảng Ninh"}],
    "urgency": "normal",
    "document": {
        "kind": "cong-van",
        "number": "1687-CV/TU",
        "issued_on": "2026-11-20",
        "issuer": "Tỉnh ủy Thanh Hóa",
        "relation": "is",
    },
    "deadlines": [
        {
            "on": "2026-12-15",
            "text": "trước ngày 15/12/2026",
            "owner": "communes",
            "task": "báo cáo kết quả thực hiện",
        },
    ],
    "published_at": "2026-11-20T02:16:00Z",
    "attachments": [
        {
            "url": "https://portal.example/a78e75d1702156dd_scan0012.pdf",
            "name": "scan0012.pdf",
            "bytes": 1_400_000,
        },
    ],
    "archive_url": f"{_SITE}/posts/p1",
}
_OTHERS_TASK = {
    "at": "2026-12-01T17:00:00+07:00",
    "text": "trước 17 giờ 00 ngày 01/12/2026",
    "owner": "other",
    "owner_words": "Sở Nông nghiệp và Môi trường",
    "task": "hướng dẫn kỹ thuật",
}
_BEFORE = PostState(
    str(SAMPLE["title"]),
    "Báo cáo kết quả trước ngày 10/12/2026 về Văn phòng Tỉnh ủy.",
    (AttachedFile("https://portal.example/1.pdf", "Phụ lục 1.pdf", "a"),),
)
_AFTER = PostState(
    _BEFORE.title,
    "Báo cáo kết quả trước ngày 15/12/2026 về Văn phòng Tỉnh ủy và Sở Nông nghiệp.",
    (AttachedFile("https://portal.example/1.pdf", "Phụ lục 1.pdf", "b"),),
)
_FACTS: Mapping[str, Any] = {
    "unit": "UBND xã Quảng Ninh",
    "post": "Về việc phòng, chống rét",
    "title": "Bản tin chỉ đạo điều hành",
    "name": "Văn thư xã",
    "portal": "UBND huyện Quảng Xương",
    "target": "van-thu@xa.example",
    "address": "van-thu@xa.example",
    "words": "trước ngày 15/12/2026",
    "into": "UBND xã Quảng Long",
    "host": "portal.example",
    "reason": "by.owner_unsubscribed",
    "n": 3,
    "days": 2,
    "hours": 5,
}


def sample_payload(**data: Any) -> dict[str, Any]:
    return {"type": "post.published", "data": {**SAMPLE, **data}}


def draw_mails(
    sender: Sender,
    locale: Locale,
    labels: Mapping[str, Mapping[str, str]],
    newest: Mapping[str, Any] | None = None,
) -> Iterator[tuple[str, bytes]]:
    """(name, mail) of each kind in the language of `locale`. `newest`: the payload of a post that
    is there, told as new and with a receipt."""
    yield from _alerts(sender, locale, labels)
    if newest is not None:
        part = _part(prepare(newest, locale, labels=labels), locale, is_owed=True)
        yield "newest-post", compose_mail(sender, locale.language, TO, [part])
    yield from _letters(sender, locale)


_KINDS: Mapping[str, tuple[Mapping[str, Any], tuple[str, ...], bool]] = {
    "published": ({}, (), False),
    "published-receipt": ({}, (), True),
    "published-own-tasks": ({"deadlines": [_OTHERS_TASK, *SAMPLE["deadlines"]]}, (), True),
    "urgent-receipt": ({"urgency": "hoa-toc"}, (), True),
    "updated": ({"type": "post.updated"}, ("text", "attachments"), True),
    "withdrawn": ({"type": "post.withdrawn"}, (), False),
    "late": ({"is_late": True}, (), False),
    "relayed": ({"document": {**SAMPLE["document"], "relation": "relays"}}, (), False),
    "scanned": (
        {"scanned": {"number": "1687-CV/TU", "issued_on": "2026-11-20", "words": "Số 1687-CV/TU"}},
        (),
        False,
    ),
}
"""By name: how it differs from the sample, what changed, and whether a receipt is owed."""


def _alerts(
    sender: Sender, locale: Locale, labels: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, bytes]]:
    language, parts = locale.language, []
    for name, (more, what, is_owed) in _KINDS.items():
        built = sample_payload(**{key: of for key, of in more.items() if key != "type"})
        built["type"] = more.get("type", built["type"])
        own = None
        if is_owed:
            asked = built["data"]["deadlines"]
            own = frozenset(at for at, one in enumerate(asked) if one["owner"] == "communes")
        edits = [find_edit(_BEFORE, _AFTER)] if what else ()
        item = prepare(built, locale, what=what, labels=labels, own=own, edits=edits)
        parts.append(_part(item, locale, is_owed=is_owed))
        yield name, compose_mail(sender, language, TO, parts[-1:])
    yield "several", compose_mail(sender, language, TO, parts[:3])
    says = labels_of("mail", language)
    for frequency in ("daily", "weekly"):
        subject = says[f"digest.{frequency}"].format(on="23/11/2026", n=len(parts))
        yield f"digest-{frequency}", compose_mail(sender, language, TO, parts, subject)


def _part(item: Item, locale: Locale, *, is_owed: bool) -> MailPart:
    return MailPart(item, (say("match", locale.language),), RECEIPT if is_owed else ())


def _letters(sender: Sender, locale: Locale) -> Iterator[tuple[str, bytes]]:
    """One of each subject, with the body of the same name where there is one."""
    language = locale.language
    for code in sorted(one for one in SENTENCES if re.search(r"[._]subject$", one)):
        body = re.sub("subject$", "body", code)
        said = [_said(one, locale) for one in (code, body) if one in SENTENCES]
        letter = Letter(said[0], said[-1], (f"{_SITE}/x", say("letter.read", language)))
        yield code, compose_letter(sender, language, TO, letter)


def _said(code: str, locale: Locale) -> str:
    names = re.findall(r"{(\w+)", SENTENCES[code][0])
    facts = {
        name: "2026-11-29T01:00:00+00:00" if name.endswith("_at") else _FACTS.get(name, "…")
        for name in names
    }
    return say(coded(code, **facts), locale.language, locale.zone)
