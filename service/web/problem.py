"""What went wrong, said to programs as problem details (RFC 9457) and to people as a page.

Sorts Loa's exceptions into HTTP statuses, in one place. Never shows a traceback, a query or a
secret.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import orjson
from flask import Flask, Response, current_app, g, render_template, request
from werkzeug.exceptions import (
    HTTPException,
    MethodNotAllowed,
    TooManyRequests,
    UnsupportedMediaType,
)

from service.errors import (
    AmbiguousName,
    CodedError,
    Conflict,
    EndedLink,
    InvalidInput,
    LoaError,
    NotFound,
    OverdueError,
    StorageError,
)
from service.values import Language
from service.web import reader
from service.web.server.limits import RateState
from service.words import coded, is_worded, say
from service.words.coded import OTHER, parse_coded

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

FIELDS: dict[str, tuple[str, str]] = {
    "address": (
        "Địa chỉ thư điện tử chưa đúng; xin viết như ten@coquan.vn.",
        "That is no email address; write it as name@office.example.",
    ),
    "contacts": (
        "Địa chỉ liên hệ chưa đúng; xin viết như ten@coquan.vn, cách nhau bằng dấu cách.",
        "A contact is no email address; write them as name@office.example, with spaces between.",
    ),
    "channel": (
        "Dịch vụ này chưa gửi được thư điện tử.",
        "This service cannot send mail yet.",
    ),
    "before": (
        "Liên kết tới trang cũ hơn đã bị cắt hoặc sửa.",
        "The link to older posts was cut or changed.",
    ),
}
"""What is wrong, for people, by the field that cannot be used; others are told as programs are."""


def register(app: Flask) -> None:
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(LoaError, _answer_loa)


def status_of(error: LoaError) -> int:
    match error:
        case AmbiguousName():
            return 409
        case InvalidInput():
            return 400 if request.method in ("GET", "HEAD") else 422
        case EndedLink():
            return 410
        case NotFound():
            return 404
        case Conflict():
            return 409
        case StorageError():
            return 503
    return 500


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a form was refused, at the field that it is about; the page shows what was filled in."""

    field: str
    text: str
    others: tuple[Fault, ...] = ()

    @property
    def all(self) -> tuple[Fault, ...]:
        """Itself and what else was wrong."""
        return (self, *self.others)

    def of(self, field: str) -> list[Fault]:
        return [one for one in self.all if one.field == field]


def fault_of(error: InvalidInput | Conflict, otherwise: str) -> Fault:
    """`otherwise`: the field that a conflict is about."""
    if not isinstance(error, InvalidInput):
        return Fault(otherwise, _for_people(error))
    first, *others = map(_fault_alone, error.faults)
    return replace(first, others=tuple(others))


def _fault_alone(error: InvalidInput) -> Fault:
    if error.field in FIELDS:
        return Fault(error.field, FIELDS[error.field][reader.language() == "en"])
    language = reader.language()
    reason, allowed = error.in_words(language)
    if error.field == "place" and parse_coded(error.allowed)[0] == "allowed.place":
        allowed = say("allowed.place_name", language)
    if allowed:
        facts = {"reason": reason, "allowed": allowed}
        said = {name: coded("other", words=words) for name, words in facts.items()}
        reason = say(coded("bad.please", **said), language)
    return Fault(error.field, reason)


def refuse_often(state: RateState) -> Fault | None:
    """What a page says above a form that was sent too often, of no field of its; None where there
    was room. Raises TooManyRequests for a program."""
    if state.has_room:
        return None
    refused = TooManyRequests(retry_after=state.resets_s)
    if is_for_program():
        raise refused
    return Fault("", f"{_explained(429, reader.language())}. {_until(refused)}".strip())


def is_for_program() -> bool:
    """Whether the answer goes to a program: below /api/, or for who asks for JSON first."""
    return request.path.startswith("/api/") or request.accept_mimetypes.best in (
        "application/json",
        MEDIA_TYPE,
    )


def problem(status: int, detail: str, code: str = "", **more: Any) -> Response:
    """A problem document. `code`: what was wrong, for a program, which stays when words change;
    `more` holds extension members, those that are None are left out."""
    document = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code if code not in ("", OTHER) else f"problem.{status}",
        "detail": detail,
        **{key: value for key, value in more.items() if value is not None},
    }
    return Response(orjson.dumps(document), status, content_type=MEDIA_TYPE)


def _answer_loa(error: LoaError) -> Response:
    status = status_of(error)
    if isinstance(error, OverdueError):
        log.info("gave up on %s %s: %s", request.method, request.endpoint, error)
    elif status >= 500:
        log.error("cannot answer %s %s: %s", request.method, request.endpoint, error)
    if not is_for_program():
        response = _page(status, "" if status >= 500 else _for_people(error))
    else:
        response = _for_program(error, status)
    if status == 503:
        response.headers["Retry-After"] = "5"
    return response


def _for_program(error: LoaError, status: int) -> Response:
    language = language_of_program()
    said = (
        say("refused.storage", language)
        if isinstance(error, StorageError)
        else error.said(language)
    )
    detail = said or _explained(status, language)
    if not isinstance(error, InvalidInput):
        return problem(status, detail, _code_of(error))
    faults = [_shown_fault(one, language, detail) for one in error.faults]
    return problem(
        status,
        detail,
        _code_of(error),
        field=error.field,
        allowed=faults[0].get("allowed"),
        errors=faults,
    )


def _shown_fault(error: InvalidInput, language: Language, otherwise: str) -> dict[str, str]:
    """One of a problem's `errors`; `otherwise`: what is said of one that has no words here."""
    reason, allowed = error.in_words(language)
    shown = {"field": error.field, "code": _code_of(error), "detail": reason or otherwise}
    return {**shown, "allowed": allowed} if allowed else shown


def _code_of(error: LoaError) -> str:
    match error:
        case InvalidInput():
            code = parse_coded(error.problem)[0]
            return "bad.value" if code == OTHER else code
        case EndedLink():
            return "link.ended"
        case NotFound():
            return f"missing.{error.kind}"
        case StorageError():
            return "refused.storage"
        case CodedError():
            return parse_coded(error.reason)[0]
    return ""


def _for_people(error: LoaError) -> str:
    """What a page adds to what its status says; empty where that is all there is to say."""
    language = reader.language()
    if isinstance(error, NotFound) and not isinstance(error, EndedLink):
        return ""
    pair = FIELDS.get(error.field) if isinstance(error, InvalidInput) else None
    return error.said(language) if pair is None else pair[language == "en"]


def language_of_program() -> Language:
    """That which a program asked for; English where it asked for none, as a programmer reads."""
    is_asked = bool(request.accept_languages) or getattr(g, "is_language_asked", False)
    return reader.language() if is_asked else "en"


def _explained(status: int, language: str) -> str:
    code = f"problem.{status}"
    if not is_worded(code):
        code = "problem.400" if status < 500 else "problem.500"
    return say(code, language)


def _answer_http(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return Response(error.get_body(), status, error.get_headers())
    if is_for_program():
        response = problem(
            status,
            _description(error, status),
            parse_coded(error.description or "")[0],
            allowed=_allowed(error),
        )
    else:
        response = _page(status, _until(error))
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = value
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="loa"'
    return response


def _allowed(error: HTTPException) -> str | None:
    """What would have been taken, where that can be said."""
    match error:
        case MethodNotAllowed():
            return ", ".join(sorted(error.valid_methods or ()))
        case UnsupportedMediaType():
            return "application/json"
    return None


def _until(error: HTTPException) -> str:
    """From when on it may be asked again, where that is known."""
    rest_s = getattr(error, "retry_after", None)
    if not isinstance(rest_s, int):
        return ""
    loa = current_app.extensions["loa"]
    at = loa.clock() + timedelta(seconds=rest_s + 59)  # said in minutes, and never too early
    zone = loa.settings.service.locale.zone
    return say(coded("refused.until", until_at=at.isoformat()), reader.language(), zone)


def _description(error: HTTPException, status: int) -> str:
    """What a refusal of HTTP says to a program: our own are coded, Werkzeug's are English."""
    language, said = language_of_program(), error.description or HTTPStatus(status).phrase
    if language == "en" or is_worded(said):
        return say(said, language)
    return _explained(status, language)


def _page(status: int, detail: str) -> Response:
    g.language = reader.language()
    vi, en = _explained(status, "vi"), _explained(status, "en")
    body = render_template("error.html", status=status, vi=vi, en=en, detail=detail)
    return Response(body, status, content_type="text/html; charset=utf-8")
