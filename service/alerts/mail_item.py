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
from service.alerts.headers import many_lines, shorten, visible_line
from service.alerts.mail_changes import Edit, say_edits
from service.alerts.quoted import encode_open
from service.posts.filename import say_file_name
from service.types import OCR
from service.values import Locale
from service.words import kind_name, label, labels_of, say_at, say_day, say_rhythm

MAX_TITLE = 400
MAX_SUMMARY = 2000
MAX_FILES = 20
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


@dataclass(frozen=True, slots=True)
class Item:
    """`subject` is plain text, `owed_subject` for whom a receipt is asked of; `head_text` with
    `text`, and `head_html` with `html`, are quoted-printable lines."""

    title: str
    subject: str
    owed_subject: str
    head_text: bytes = field(repr=False)
    head_html: bytes = field(repr=False)
    text: bytes = field(repr=False)
    html: bytes = field(repr=False)


def prepare(
    payload: Mapping[str, Any],
    locale: Locale,
    *,
    what: Sequence[str] = (),
    labels: Mapping[str, Mapping[str, str]] | None = None,
    own: frozenset[int] | None = None,
    edits: Sequence[Edit] = (),
) -> Item:
    """Builds the item of a change from its webhook payload.

    `what` names what changed (title, number, text, attachments); `labels` maps a category id to its
    names by language. `own`: which deadlines, by their places in the list, are those of the
    reader's unit; None: the reader is no unit. `edits`: what changed, by words.
    """
    says = labels_of("mail", locale.language)
    kind, data = payload["type"], payload["data"]
    title = shorten(visible_line(data["title"]), MAX_TITLE) or "-"
    top = _kicker(data, locale.language, labels or {})
    note = _note(kind, what, says) or (says["late_note"] if data.get("is_late") else "")
    summary = shorten(many_lines(data.get("summary") or ""), MAX_SUMMARY)
    pairs = [(says[key], value) for key, value in _facts(data, locale, own)]
    attached = data.get("attachments") or ()
    named = _document_name(data) if len(attached) == 1 else ""
    files = [(visible_line(one["url"]), _file_name(one, named)) for one in attached[:MAX_FILES]]
    count = len(attached) + (data.get("cut") or {}).get("attachments", 0)
    files_head = says["attachments"] + (f" ({len(files)}/{count})" if count > len(files) else "")
    links = [(data.get("archive_url") or "", says["read"]), (data["url"], says["original"])]
    links = [(visible_line(url), label) for url, label in links if mail_html.is_web(url)]

    head = "\n".join([top.upper(), title, "", *([note, ""] if note else ())]) + "\n"
    changed_text, changed_html = say_edits(edits, says)
    text = changed_text + "".join(f"{label}: {value}\n" for label, value in pairs) + "\n"
    text += f"{summary}\n\n" if summary else ""
    text += (
        f"{files_head}:\n" + "".join(f"- {n}\n  {u}\n" for u, n in files) + "\n" if files else ""
    )
    text += "".join(f"{label}:\n{url}\n\n" for url, label in links)

    head_html = mail_html.kicker(top) + mail_html.heading(title)
    head_html += mail_html.note(note) if note else ""
    html = mail_html.changes(changed_html) + mail_html.facts(pairs) + mail_html.paragraphs(summary)
    html += mail_html.files(files_head, files)
    html += mail_html.button(*links[0]) if links else ""
    html += "".join(mail_html.small(mail_html.link(*one)) for one in links[1:])
    return Item(
        title,
        _subject(kind, data, title, locale.language, own, owes=False),
        _subject(kind, data, title, locale.language, own, owes=True),
        encode_open(head),
        encode_open(head_html),
        encode_open(text),
        encode_open(html),
    )


def headline(kind: str, data: Mapping[str, Any], language: str, *, owes: bool) -> str:
    """A change in a line, as the subject of its mail has it."""
    title = shorten(visible_line(data["title"]), MAX_TITLE) or "-"
    return _subject(kind, data, title, language, None, owes=owes)


def _subject(
    kind: str,
    data: Mapping[str, Any],
    title: str,
    language: str,
    own: frozenset[int] | None,
    *,
    owes: bool,
) -> str:
    """`[KHẨN, cần xác nhận, hạn 15/12] Công văn 1687-CV/TU: …`: what matters stands where a list
    of mails is not cut."""
    says = labels_of("mail", language)
    changed = f"{says[kind]}: " if kind != "post.published" else ""
    due = _first_day(data, own) if kind != "post.withdrawn" else None
    marks = [
        _urgency(data, says).upper(),
        says["to_acknowledge"] if owes else "",
        says["due"].format(on=_short_day(due, language)) if due else "",
    ]
    marked = ", ".join(mark for mark in marks if mark)
    name = _document_name(data)
    named = f"{name}: " if name and data["document"]["number"].lower() not in title.lower() else ""
    return (f"[{marked[0].upper()}{marked[1:]}] " if marked else "") + changed + named + title


def _short_day(day: date, language: str) -> str:
    """`15/12`; `15 Dec` in English."""
    return f"{day.day} {day:%b}" if language == "en" else f"{day.day:02}/{day.month:02}"


def _first_day(data: Mapping[str, Any], own: frozenset[int] | None) -> date | None:
    """The first day until which something is asked for, of a unit by itself; None for none."""
    days = [
        datetime.fromisoformat(one["at"]).astimezone(ZONE).date()
        if one.get("at")
        else date.fromisoformat(one["on"])
        for at, one in enumerate(data.get("deadlines") or ())
        if (one.get("at") or one.get("on")) and (own is None or at in own)
    ]
    return min(days, default=None)


def _document_name(data: Mapping[str, Any]) -> str:
    """`Công văn 1687-CV/TU`, where the post is the document; empty where it only tells of one."""
    document = data.get("document") or {}
    if document.get("relation") != "is" or not document.get("number"):
        return ""
    kind = kind_name(document.get("kind") or "")
    return visible_line(f"{kind[:1].upper()}{kind[1:]} {document['number']}").strip()


def _kicker(data: Mapping[str, Any], language: str, labels: Mapping[str, Mapping[str, str]]) -> str:
    ids = list(data.get("categories") or ())[:1]
    names = [
        labels.get(one, {}).get(language) or labels.get(one, {}).get("vi") or one for one in ids
    ]
    urgency = _urgency(data, labels_of("mail", language))
    return visible_line(
        " · ".join([*([urgency] if urgency else ()), *names, data["portal"]["name"]])
    )


def _urgency(data: Mapping[str, Any], says: Mapping[str, str]) -> str:
    """Empty where nothing says that it is urgent."""
    level = data.get("urgency") or "normal"
    if level == "normal":
        return ""
    by_scan = (data.get("scanned") or {}).get("urgency") == level
    return says.get(level, "") + (f" ({says['by_scan']})" if by_scan else "")


def _note(kind: str, what: Sequence[str], says: Mapping[str, str]) -> str:
    if kind == "post.withdrawn":
        return says["withdrawn_note"]
    if kind == "post.updated" and list(what) == ["scan"]:
        return says["scan_note"]
    if kind == "post.updated" and what:
        return says["updated_note"].format(
            what=", ".join(says.get(f"what.{one}", one) for one in what)
        )
    return ""


def _facts(
    data: Mapping[str, Any], locale: Locale, own: frozenset[int] | None
) -> Iterator[tuple[str, str]]:
    """What is asked for first, of the reader's unit before all, then what the document says of
    itself."""
    asked = [_deadline(one, locale) for one in data.get("deadlines") or ()]
    if own is None or len(own) == len(asked):
        yield from (("deadline" if own is None else "own_deadline", one) for one in asked)
    else:
        yield from (("own_deadline", one) for at, one in enumerate(asked) if at in own)
        yield from (("other_deadline", one) for at, one in enumerate(asked) if at not in own)
    document = data.get("document") or {}
    if document.get("number"):
        yield "number", visible_line(document["number"])
    if document.get("issued_on"):
        yield "issued_on", say_day(date.fromisoformat(document["issued_on"]), locale.language)
    if document.get("issuer"):
        yield "issuer", visible_line(document["issuer"])
    yield from _scanned(data, locale)
    if data.get("published_at"):
        yield (
            "published_at",
            say_at(datetime.fromisoformat(data["published_at"]), locale.language, locale.zone),
        )
    if data.get("begins_at"):
        yield (
            "begins_at",
            say_at(datetime.fromisoformat(data["begins_at"]), locale.language, locale.zone),
        )
    if data.get("venue"):
        yield "venue", visible_line(data["venue"])
    yield from _related(data, locale)
    if data.get("places"):
        yield "places", visible_line(", ".join(place["name"] for place in data["places"]))


def _scanned(data: Mapping[str, Any], locale: Locale) -> Iterator[tuple[str, str]]:
    """What only a scan says, marked as such, with the words it was read from."""
    scanned = data.get("scanned") or {}
    note = label("mail", "scanned", locale.language)
    if scanned.get("words"):
        note += f": “{visible_line(scanned['words'])}”"
    if scanned.get("number"):
        yield "scan_number", f"{visible_line(scanned['number'])} ({note})"
    if scanned.get("issued_on"):
        day = say_day(date.fromisoformat(scanned["issued_on"]), locale.language)
        yield "scan_day", f"{day} ({note})"


def _related(data: Mapping[str, Any], locale: Locale) -> Iterator[tuple[str, str]]:
    """What it replaces, amends …, and where else it can be read."""
    for one in data.get("relations") or ():
        if one["relation"] != "mentions":
            said = label("link", one["relation"], locale.language)
            yield "relation", visible_line(f"{said} {one['number'] or ''}")
    if data.get("also_at"):
        yield (
            "also_at",
            visible_line("; ".join(f"{a['portal']} {a['url']}" for a in data["also_at"])),
        )


def _deadline(deadline: Mapping[str, Any], locale: Locale) -> str:
    """`17:00 ngày 30/11/2026, UBND các xã: báo cáo kết quả (“trước 17 giờ 00 ngày …”)`."""
    if deadline.get("recurs"):
        when = say_rhythm(deadline["recurs"], locale.language)
    elif deadline.get("at"):
        when = say_at(datetime.fromisoformat(deadline["at"]), locale.language, locale.zone)
    else:
        when = say_day(date.fromisoformat(deadline["on"]), locale.language)
    who = deadline.get("owner_words") or ""
    if not who and deadline.get("owner"):
        who = label("owner", deadline["owner"], locale.language)
    if who and deadline.get("is_unsure"):
        who += f" ({label('mail', 'unsure_owner', locale.language)})"
    task = deadline.get("task") or ""
    said = ": ".join(visible_line(part) for part in (who, task) if part)
    quoted = f"“{visible_line(deadline['text'])}”" if deadline["text"] else ""
    if deadline.get("source") == OCR:
        quoted += f", {label('mail', 'scanned', locale.language)}"
    return f"{when}{', ' if said else ''}{said}{f' ({quoted})' if quoted else ''}"


def _file_name(attachment: Mapping[str, Any], document: str) -> str:
    name = (
        visible_line(
            attachment.get("name") or unquote(attachment["url"].rstrip("/").rpartition("/")[2])
        )
        or "-"
    )
    name = say_file_name(name, document)
    size = attachment.get("bytes")
    return f"{shorten(name, 120)} ({_say_size(size)})" if size else shorten(name, 120)


def _say_size(size: int) -> str:
    """`1,4 MB`, with the decimal comma of Vietnamese; whole kilobytes below that."""
    if size < 1_000_000:
        return f"{max(1, size // 1000)} kB"
    return f"{size / 1_000_000:.1f} MB".replace(".", ",")
