"""Writes every kind of mail in both languages to a folder, to be read and looked at:

python -m tests.mail_gallery FOLDER
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from service.alerts.mail import Letter, MailPart, compose, compose_letter
from service.alerts.mail_item import prepare
from service.values import Language
from service.words import coded, say
from service.words.say import SENTENCES
from tests.mail_table import HANOI, SENDER, TO, bodies, parse, payload

WHOLE = {
    "title": "Về việc tăng cường phòng, chống rét cho cây trồng, vật nuôi",
    "urgency": "normal",
    "document": {
        "kind": "cong-van", "number": "1687-CV/TU", "issued_on": "2026-11-20",
        "issuer": "Tỉnh ủy Thanh Hóa", "relation": "is",
    },
    "deadlines": [
        {"on": "2026-12-15", "text": "trước ngày 15/12/2026", "owner": "communes",
         "task": "báo cáo kết quả thực hiện"},
    ],
    "attachments": [
        {"url": "https://portal.example/a78e75d1.pdf", "name": "Công văn 1687-CV-TU.pdf",
         "bytes": 1_400_000},
    ],
}  # fmt: skip
LABELS = {"directives": {"vi": "Chỉ đạo điều hành", "en": "Directives"}}
RECEIPT = (("https://loa.example/receipts/r", "UBND xã Quảng Ninh"),)
FACTS: dict[str, Any] = {
    "unit": "UBND xã Quảng Ninh",
    "post": "Về việc phòng, chống rét",
    "title": "Bản tin chỉ đạo điều hành",
    "name": "Văn thư xã",
    "portal": "UBND huyện Quảng Xương",
    "target": "van-thu@xa.example",
    "words": "trước ngày 15/12/2026",
    "into": "UBND xã Quảng Long",
    "host": "portal.example",
    "reason": "by.owner_unsubscribed",
    "n": 3,
    "days": 2,
    "hours": 5,
}


def alerts(language: Language) -> Iterator[tuple[str, bytes]]:
    locale = HANOI.to(language)
    kinds: dict[str, tuple[dict[str, Any], tuple[str, ...], bool]] = {
        "published": ({}, (), False),
        "published-receipt": ({}, (), True),
        "urgent-receipt": ({"urgency": "hoa-toc"}, (), True),
        "updated": ({"type": "post.updated"}, ("text", "attachments"), True),
        "withdrawn": ({"type": "post.withdrawn"}, (), False),
        "late": ({"is_late": True}, (), False),
        "relayed": ({"document": {**WHOLE["document"], "relation": "relays"}}, (), False),  # type: ignore[dict-item]  # a literal of several kinds
    }
    parts = []
    for name, (more, what, is_owed) in kinds.items():
        built = payload(**{**WHOLE, **{key: of for key, of in more.items() if key != "type"}})
        built["type"] = more.get("type", "post.published")
        part = MailPart(
            prepare(built, locale, what=what, labels=LABELS),
            (say("match", language),),
            RECEIPT if is_owed else (),
        )
        parts.append(part)
        yield name, compose(SENDER, language, TO, [part])
    yield "several", compose(SENDER, language, TO, parts)


def letters(language: Language) -> Iterator[tuple[str, bytes]]:
    """One of each subject, with the body of the same name where there is one."""
    for code in sorted(one for one in SENTENCES if re.search(r"[._]subject$", one)):
        body = re.sub("subject$", "body", code)
        said = [_said(one, language) for one in (code, body) if one in SENTENCES]
        letter = Letter(said[0], said[-1], ("https://loa.example/x", say("letter.read", language)))
        yield code, compose_letter(SENDER, language, TO, letter)


def _said(code: str, language: Language) -> str:
    names = re.findall(r"{(\w+)", SENTENCES[code][0])
    facts = {
        name: "2026-11-29T01:00:00+00:00" if name.endswith("_at") else FACTS.get(name, "…")
        for name in names
    }
    return say(coded(code, **facts), language)


def write(folder: Path) -> list[Path]:
    """The files, two of each mail: as it is seen, and its text with the subject."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for language in get_args(Language.__value__ if hasattr(Language, "__value__") else Language):
        for name, raw in (*alerts(language), *letters(language)):
            mail = parse(raw)
            text, html = bodies(mail)
            for ending, content in (("html", html), ("txt", f"{mail['Subject']}\n\n{text}")):
                path = folder / f"{language}-{name}.{ending}"
                path.write_text(content, "utf-8")
                written.append(path)
    return written


if __name__ == "__main__":
    sys.stdout.write(f"{len(write(Path(sys.argv[1])))} files\n")
