"""One post as a mail shows it: prepared once per change and language, as encoded text and HTML.

Owns what is said of a post; knows nothing of who reads it. Takes the payload that webhooks carry,
so that both channels tell the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from service.alerts import mail_html
from service.alerts.headers import many_lines, one_line, shorten
from service.alerts.quoted import encode_open
from service.values import Locale
from service.words import labels_of

MAX_TITLE = 400
MAX_SUMMARY = 2000
MAX_FILES = 20
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


@dataclass(frozen=True, slots=True)
class Item:
    """`subject` is plain text; `text` and `html` are quoted-printable lines."""

    title: str
    subject: str
    text: bytes = field(repr=False)
    html: bytes = field(repr=False)


def prepare(
    payload: Mapping[str, Any],
    locale: Locale,
    *,
    what: Sequence[str] = (),
    labels: Mapping[str, Mapping[str, str]] | None = None,
) -> Item:
    """Builds the item of a change from its webhook payload.

    `what` names what changed (title, number, text, attachments); `labels` maps a category id to its
    names by language.
    """
    says = labels_of("mail", locale.language)
    kind, data = payload["type"], payload["data"]
    title = shorten(one_line(data["title"]), MAX_TITLE) or "-"
    top = _kicker(data, locale.language, labels or {})
    note = _note(kind, what, says) or (says["late_note"] if data.get("is_late") else "")
    summary = shorten(many_lines(data.get("summary") or ""), MAX_SUMMARY)
    pairs = [(says[key], value) for key, value in _facts(data, locale)]
    attached = data.get("attachments") or ()
    files = [(one_line(one["url"]), _file_name(one)) for one in attached[:MAX_FILES]]
    count = len(attached) + (data.get("cut") or {}).get("attachments", 0)
    files_head = says["attachments"] + (f" ({len(files)}/{count})" if count > len(files) else "")
    links = [(data.get("archive_url") or "", says["read"]), (data["url"], says["original"])]
    links = [(one_line(url), label) for url, label in links if mail_html.is_web(url)]

    text = "\n".join([top.upper(), title, "", *([note, ""] if note else ())]) + "\n"
    text += "".join(f"{label}: {value}\n" for label, value in pairs) + "\n"
    text += f"{summary}\n\n" if summary else ""
    text += (
        f"{files_head}:\n" + "".join(f"- {n}\n  {u}\n" for u, n in files) + "\n" if files else ""
    )
    text += "".join(f"{label}:\n{url}\n\n" for url, label in links)

    html = mail_html.kicker(top) + mail_html.heading(title) + (mail_html.note(note) if note else "")
    html += mail_html.facts(pairs) + mail_html.paragraphs(summary)
    html += mail_html.files(files_head, files)
    html += mail_html.button(*links[0]) if links else ""
    html += "".join(mail_html.small(mail_html.link(*one)) for one in links[1:])
    return Item(title, _subject(kind, data, title, says), encode_open(text), encode_open(html))


def _subject(kind: str, data: Mapping[str, Any], title: str, says: Mapping[str, str]) -> str:
    urgency = _urgency(data, says)
    changed = f"{says[kind]}: " if kind != "post.published" else ""
    return changed + (f"[{urgency.upper()}] " if urgency else "") + title


def _kicker(data: Mapping[str, Any], language: str, labels: Mapping[str, Mapping[str, str]]) -> str:
    ids = list(data.get("categories") or ())[:1]
    names = [
        labels.get(one, {}).get(language) or labels.get(one, {}).get("vi") or one for one in ids
    ]
    urgency = _urgency(data, labels_of("mail", language))
    return one_line(" · ".join([*([urgency] if urgency else ()), *names, data["portal"]["name"]]))


def _urgency(data: Mapping[str, Any], says: Mapping[str, str]) -> str:
    """Empty where nothing says that it is urgent."""
    level = data.get("urgency") or "normal"
    return "" if level == "normal" else says.get(level, "")


def _note(kind: str, what: Sequence[str], says: Mapping[str, str]) -> str:
    if kind == "post.withdrawn":
        return says["withdrawn_note"]
    if kind == "post.updated" and what:
        return says["updated_note"].format(
            what=", ".join(says.get(f"what.{one}", one) for one in what)
        )
    return ""


def _facts(data: Mapping[str, Any], locale: Locale) -> Iterator[tuple[str, str]]:
    document = data.get("document") or {}
    if document.get("number"):
        yield "number", one_line(document["number"])
    if document.get("issued_on"):
        yield "issued_on", show_date(date.fromisoformat(document["issued_on"]))
    if document.get("issuer"):
        yield "issuer", one_line(document["issuer"])
    if data.get("published_at"):
        yield (
            "published_at",
            show_instant(
                datetime.fromisoformat(data["published_at"]), locale.zone, locale.language
            ),
        )
    if data.get("begins_at"):
        yield (
            "begins_at",
            show_instant(datetime.fromisoformat(data["begins_at"]), locale.zone, locale.language),
        )
    if data.get("venue"):
        yield "venue", one_line(data["venue"])
    for deadline in data.get("deadlines") or ():
        yield (
            "deadline",
            f"{show_date(date.fromisoformat(deadline['on']))} ({one_line(deadline['text'])})",
        )
    if data.get("places"):
        yield "places", one_line(", ".join(place["name"] for place in data["places"]))


def show_date(on: date) -> str:
    return f"{on.day:02}/{on.month:02}/{on.year}"


def show_instant(at: datetime, zone: ZoneInfo = ZONE, language: str = "vi") -> str:
    local = at.astimezone(zone)
    joiner = " ngày " if language == "vi" else " on "
    return f"{local:%H:%M}{joiner}{show_date(local.date())}"


def _file_name(attachment: Mapping[str, Any]) -> str:
    name = (
        one_line(
            attachment.get("name") or unquote(attachment["url"].rstrip("/").rpartition("/")[2])
        )
        or "-"
    )
    size = attachment.get("bytes")
    return f"{shorten(name, 120)} ({max(1, size // 1000)} kB)" if size else shorten(name, 120)
