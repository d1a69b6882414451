"""How the API answers: one value, a page of a list, or what a repeated POST was answered before."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

import orjson
from flask import Response, request
from sqlalchemy import Connection
from werkzeug.exceptions import BadRequest

from service.errors import InvalidInput
from service.storage import idempotency
from service.values import plain
from service.web.api.request_body import PageQuery
from service.web.auth import caller
from service.web.reader import current_loa

if TYPE_CHECKING:
    pass

_KEY = re.compile(r"[\x21-\x7e]{1,255}")

Item = TypeVar("Item")

Work = Callable[[Connection], tuple[Any, int]]
"""Does what a POST asks, in the transaction it is given; returns the answer and its status."""


def answer(value: Any, status: int = 200) -> Response:
    return _respond(_body(value), status)


def _body(value: Any) -> bytes:
    return b"" if value is None else orjson.dumps(plain(value))


def _respond(body: bytes, status: int) -> Response:
    response = Response(body, status, content_type="application/json" if body else None)
    response.headers["Cache-Control"] = "no-store"
    return response


def page(
    items: list[Any], limit: int, cursor: Callable[[Any], str], show: Callable[[Any], Any]
) -> Response:
    """A page of at most `limit` of `items`, which holds one more where there is a next page."""
    shown = items[:limit]
    next_cursor = cursor(shown[-1]) if len(items) > limit and shown else None
    response = answer({"items": [show(item) for item in shown], "next": next_cursor})
    if next_cursor is not None:
        pairs = [(k, v) for k, v in request.args.items(multi=True) if k != "cursor"]
        query = urlencode([*pairs, ("cursor", next_cursor)])
        base = current_loa().settings.service.public_url.rstrip("/")
        response.headers["Link"] = f'<{base}{request.path}?{query}>; rel="next"'
    return response


def page_by(
    items: Iterable[Item], asked: PageQuery, key: Callable[[Item], str], show: Callable[[Item], Any]
) -> Response:
    """A page of a list that is small enough to be read whole, in the order of `key`, which no two
    share."""
    after = None if asked.cursor is None else _key_of(asked.cursor)
    ordered = sorted((item for item in items if after is None or key(item) > after), key=key)
    return page(
        ordered, asked.limit, lambda item: urlsafe_b64encode(key(item).encode()).decode(), show
    )


def _key_of(cursor: str) -> str:
    try:
        return urlsafe_b64decode(cursor.encode("ascii")).decode()
    except ValueError as error:  # no ASCII, no base64, no UTF-8
        raise InvalidInput("cursor", "bad.cursor", "allowed.next") from error


def write(work: Work) -> Response:
    """Runs `work` in one transaction; with an `Idempotency-Key` at most once, however often it is
    asked.

    The same key with another request is refused (422). An error keeps nothing: the request may be
    repeated.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        with current_loa().database.writing() as conn:
            value, status = work(conn)
        return answer(value, status)
    if not _KEY.fullmatch(key):
        raise BadRequest("refused.idempotency_key")
    return _write_once(key, work)


def _write_once(key: str, work: Work) -> Response:
    loa, who = current_loa(), caller().token_id
    whole = b"\0".join(
        (request.method.encode(), request.full_path.encode(), request.get_data(cache=True))
    )
    fingerprint = sha256(whole).hexdigest()
    with loa.database.writing() as conn:
        kept = idempotency.reserve(conn, who, key, fingerprint, loa.clock())
        if kept is None:
            value, status = work(conn)
            body = _body(value)
            idempotency.keep(conn, who, key, status, loa.secret_box.encrypt(body.decode()))
            return _respond(body, status)
    if kept.fingerprint != fingerprint:
        raise InvalidInput("Idempotency-Key", "bad.key_used", "allowed.new_key")
    response = _respond(loa.secret_box.decrypt(kept.body).encode(), kept.status)
    response.headers["Idempotent-Replayed"] = "true"
    return response
