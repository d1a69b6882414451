"""The proof of a post: when it was seen, fed, sent to each unit and acknowledged, as one printable
page. Pure.

Says no more than is known: what an endpoint or a relay accepted is "sent", never "delivered" or
"read".
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from html import escape
from zoneinfo import ZoneInfo

from service.alerts.headers import visible_line
from service.alerts.receipt_rules import Line
from service.words import say, say_at

STYLE = (
    "body{font:11pt/1.45 'Times New Roman',Tinos,serif;margin:2em auto;max-width:62em;padding:0 "
    "1em;color:#000}"
    "h1{font-size:16pt;text-align:center;margin:0 0 .2em}h2{font-size:12pt;margin:1.4em 0 .4em}"
    "p.sub{text-align:center;margin:0 0 1.5em}table{border-collapse:collapse;width:100%}"
    "th,td{border:1px solid #555;padding:.3em "
    ".5em;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
    "th{background:#eee}thead{display:table-header-group}tr{break-inside:avoid}dt{font-weight:bold}"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.2em 1em;margin:0}dd{margin:0}"
    "@media(max-width:40em){dl{display:block}dd{margin:0 0 "
    ".5em}table{font-size:9.5pt}th,td{padding:.2em}}"
    "@page{size:A4;margin:18mm}"
)
STYLE_HASH = "sha256-" + b64encode(sha256(STYLE.encode()).digest()).decode()
"""For a Content-Security-Policy that lets this style through and no other."""

LINES = {
    Line.NOT_SUBSCRIBED: "không đăng ký nhận",
    Line.OWED: "chưa gửi được",
    Line.SENT: "đã gửi, chưa xác nhận",
    Line.FAILED: "gửi không được",
    Line.ACKNOWLEDGED: "đã xác nhận",
}
CHANNELS = {"webhook": "hệ thống văn bản (webhook)", "email": "thư điện tử"}
STATES = {
    "due": "chờ gửi", "leased": "đang gửi", "sent": "đã gửi", "failed": "không gửi được",
    "suspended": "tạm ngừng",
    "skipped": "bỏ qua", "held": "đang giữ lại",
}  # fmt: skip
CHANGES = {"post.published": "tin mới", "post.updated": "cập nhật", "post.withdrawn": "đã gỡ"}
VIA = {
    "link": "liên kết trong thông điệp",
    "api": "hệ thống của đơn vị",
    "merged": "đơn vị đã nhập vào",
}


@dataclass(frozen=True, slots=True)
class RevisionProof:
    """A revision, and the change that told of it. `fed_at`: from then on it is in the feeds."""

    revision: int
    title: str
    seen_at: datetime
    change: str
    fed_at: datetime
    silenced: str | None
    """None: alerts went out."""


@dataclass(frozen=True, slots=True)
class Sending:
    revision: int
    change: str
    channel: str
    state: str
    at: datetime | None
    """When it came to this state; None: it has not."""
    attempts: int
    status: int | None
    """What the other side answered last; None: nothing."""


@dataclass(frozen=True, slots=True)
class AcknowledgementProof:
    revision: int
    at: datetime
    by: str
    via: str
    note: str


@dataclass(frozen=True, slots=True)
class UnitProof:
    name: str
    line: Line
    sendings: tuple[Sending, ...]
    acknowledged: tuple[AcknowledgementProof, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    post_id: str
    title: str
    portal: str
    url: str
    number: str
    published_at: datetime
    withdrawn_at: datetime | None
    """None: the portal shows it."""
    seen: tuple[RevisionProof, ...]
    units: tuple[UnitProof, ...]


def render_proof(proof: Proof, service: str, now: datetime, zone: ZoneInfo) -> str:
    """A whole HTML page, which needs nothing else. `service` is the title of this Loa."""
    done = sum(unit.line is Line.ACKNOWLEDGED for unit in proof.units)
    facts = [
        ("Văn bản", proof.title),
        ("Số, ký hiệu", proof.number or "–"),
        ("Cổng thông tin", proof.portal),
        ("Địa chỉ", proof.url),
        ("Cổng đăng lúc", say_at(proof.published_at, "vi", zone)),
        *([("Cổng gỡ lúc", say_at(proof.withdrawn_at, "vi", zone))] if proof.withdrawn_at else []),
        ("Mã tin", proof.post_id),
        ("Đã xác nhận", f"{done}/{len(proof.units)} đơn vị"),
    ]
    listed = "".join(f"<dt>{escape(label)}</dt><dd>{_show(value)}</dd>\n" for label, value in facts)
    seen = [_seen_cells(one, zone) for one in proof.seen]
    units = [row for unit in proof.units for row in _unit_rows(unit, zone)]
    return (
        '<!DOCTYPE html>\n<html lang="vi"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Theo dõi gửi, nhận: "
        f"{_show(proof.title)}</title>\n<style>{STYLE}</style></head>\n<body>\n"
        "<h1>THEO DÕI GỬI, NHẬN VĂN BẢN</h1>\n"
        f'<p class="sub">{_show(service)} lập lúc '
        f"{say_at(now, 'vi', zone)}</p>\n<dl>\n{listed}</dl>\n"
        "<h2>Thấy trên cổng và đưa vào nguồn tin</h2>\n"
        + _table(("Phiên bản", "Thay đổi", "Thấy lúc", "Vào nguồn tin lúc", "Cảnh báo"), seen)
        + "<h2>Từng đơn vị</h2>\n"
        + _table(("Đơn vị", "Tình trạng", "Gửi", "Xác nhận"), units)
        + "<p>“Đã gửi” nghĩa là hệ thống của đơn vị hoặc máy chủ thư đã nhận thông điệp; không "
        "có nghĩa là đã đọc. "
        f"{_clock_of(zone, now)}.</p>\n</body></html>\n"
    )


def _clock_of(zone: ZoneInfo, now: datetime) -> str:
    """Whose clock the times are of, so that nobody takes them for another's."""
    offset = f"{now.astimezone(zone):%z}"
    shown = f"UTC{offset[:3].replace('+0', '+').replace('-0', '-')}" + (
        f":{offset[3:]}" if offset[3:] != "00" else ""
    )
    return (
        f"Giờ Việt Nam ({shown})"
        if zone.key == "Asia/Ho_Chi_Minh"
        else f"Giờ {escape(zone.key)} ({shown})"
    )


def _show(value: str) -> str:
    return escape(visible_line(value))


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Cells are HTML already."""
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n" for row in rows)
    body = body or f'<tr><td colspan="{len(heads)}">–</td></tr>\n'
    return f"<table><thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table>\n"


def _seen_cells(one: RevisionProof, zone: ZoneInfo) -> tuple[str, ...]:
    alerted = say(f"silence.{one.silenced}", "vi", zone) if one.silenced else "có"
    return (
        str(one.revision), CHANGES.get(one.change, one.change), _second(one.seen_at, zone),
        _second(one.fed_at, zone), escape(alerted),
    )  # fmt: skip


def _unit_rows(unit: UnitProof, zone: ZoneInfo) -> list[tuple[str, ...]]:
    sendings = "<br>\n".join(_sending(one, zone) for one in unit.sendings) or "–"
    acknowledged = "<br>\n".join(_acknowledged(one, zone) for one in unit.acknowledged) or "chưa"
    return [(_show(unit.name), LINES[unit.line], sendings, acknowledged)]


def _sending(one: Sending, zone: ZoneInfo) -> str:
    at = f" lúc {_second(one.at, zone)}" if one.at else ""
    answer = f", trả lời {one.status}" if one.status else ""
    tries = f", {one.attempts} lần thử" if one.attempts > 1 else ""
    channel, change = CHANNELS.get(one.channel, one.channel), CHANGES.get(one.change, one.change)
    return escape(
        f"{STATES.get(one.state, one.state)}{at}: {change}, phiên bản {one.revision}, "
        f"{channel}{answer}{tries}"
    )


def _acknowledged(one: AcknowledgementProof, zone: ZoneInfo) -> str:
    who = f" – {_show(one.by)}" if one.by else ""
    note = f" ({_show(one.note)})" if one.note else ""
    return (
        f"{_second(one.at, zone)}, phiên bản {one.revision}{who}, qua "
        f"{escape(VIA.get(one.via, one.via))}{note}"
    )


def _second(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{local:%H:%M:%S} ngày {local:%d/%m}/{local.year}"
