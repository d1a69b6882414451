"""The desk's page of who did what, and the same for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import orjson
from flask import Blueprint, Response, g, render_template, request

from service.alerts.cells import csv_table
from service.errors import InvalidInput
from service.services.audit_acts import search
from service.storage.audit import AuditEntry, AuditFields
from service.web import reader
from service.words import coded, say
from service.words.sentences_audit import AUDIT

if TYPE_CHECKING:
    from service.bootstrap import Loa

PAGE_ROWS = 50
FILE_ROWS = 50_000
_FIELDS = ("q", "act", "door")
_HEADS = (
    ("Lúc", "At"), ("Ai", "Who"), ("Từ", "From"), ("Qua", "Door"), ("Việc", "Act"),
    ("Đối tượng", "Subject"), ("Mã", "Id"), ("Trước", "Before"), ("Sau", "After"),
)  # fmt: skip


def add_routes(blueprint: Blueprint, loa: Loa) -> None:
    @blueprint.get("/audit/")
    def audit() -> str:
        found = _find(loa, PAGE_ROWS + 1)
        asked = {name: request.args.get(name, "") for name in _FIELDS}
        return render_template(
            "admin/audit.html", found=found[:PAGE_ROWS], asked=asked, brief=brief,
            more=found[PAGE_ROWS - 1].id if len(found) > PAGE_ROWS else None,
            narrowed=urlencode({name: value for name, value in asked.items() if value}),
            acts=sorted((one for one in AUDIT if one.startswith("act.")), key=_said),
            doors=[one.removeprefix("door.") for one in AUDIT if one.startswith("door.")],
        )  # fmt: skip

    @blueprint.get("/audit.csv")
    def audit_file() -> Response:
        heads = (pair[g.language == "en"] for pair in _HEADS)
        body = csv_table(heads, map(_cells, _find(loa, FILE_ROWS)))
        headers = {"Content-Disposition": 'attachment; filename="nhat-ky.csv"'}
        return Response(body, content_type="text/csv; charset=utf-8", headers=headers)


def _said(code: str) -> str:
    return say(code, g.language)


def _find(loa: Loa, limit: int) -> list[AuditEntry]:
    args = request.args
    for name in ("act", "door"):
        asked = args.get(name)
        known = [one for one in AUDIT if one.startswith(f"{name}.")]
        if asked and asked not in known and f"door.{asked}" not in known:
            raise InvalidInput(
                name,
                coded("bad.value", text=asked[:100]),
                coded("allowed.among", names=", ".join(known)),
            )
    with loa.database.reading() as conn:
        return search(
            conn,
            q=args.get("q", "")[:200],
            act=args.get("act"),
            door=args.get("door"),
            before=args.get("before"),
            limit=limit,
        )


def _cells(one: AuditEntry) -> Iterator[str]:
    yield f"{reader.locale().at(one.at):%Y-%m-%d %H:%M:%S}"
    yield from (one.who, one.source, _said(f"door.{one.door}"), _said(one.act))
    yield from (one.subject, one.subject_id, brief(one.before), brief(one.after))


def brief(shown: AuditFields | None) -> str:
    """What an act changed, on one line: `status: "paused"; n: 3`."""
    if not shown:
        return ""
    return "; ".join(f"{name}: {orjson.dumps(value).decode()}" for name, value in shown.items())
