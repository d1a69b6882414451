"""What single values may be: addresses, time zones, lines of text. Pure.

A check returns the value as it will be used, or raises with the words of what is allowed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic_core import PydanticCustomError

from service.errors import InvalidInput
from service.values import MailAddress, parse_host, parse_line, parse_zone

MIN_KEY = 32
"""Characters of a secret key: 128 bits where they are hexadecimal."""
MAX_LINE_CHARS = 2000
"""Of a value that is one line: an address with a long query is the longest."""

Value = TypeVar("Value")


def allowed(what: str, key: str = "") -> PydanticCustomError:
    """The error of a value that must be `what`; `key` names the one of the table's keys that is
    meant."""
    return PydanticCustomError("loa_allowed", "{allowed}", {"allowed": what, "key": key})


def as_allowed(parse: Callable[[], Value], what: str) -> Value:
    """What `parse` returns; its refusal is said as that of a key that must be `what`."""
    try:
        return parse()
    except InvalidInput as error:
        raise allowed(what) from error


def check_line(value: str) -> str:
    as_allowed(
        lambda: parse_line(value, "line", limit=MAX_LINE_CHARS),
        "one line of text, without control characters",
    )
    return value


def check_url(value: str) -> str:
    """An absolute http or https address without user, query or fragment; a trailing slash is
    dropped."""
    what = 'an absolute address as "https://loa.example.vn", without user, query or fragment'
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError as error:
        raise allowed(what) from error
    is_whole = parts.scheme in ("http", "https") and parts.hostname
    if (
        not is_whole
        or "@" in parts.netloc
        or "?" in value
        or "#" in value
        or re.search(r"\s", value)
    ):
        raise allowed(what)
    check_line(value)
    as_allowed(lambda: parse_host(parts.hostname or ""), what)
    return value.rstrip("/")


def check_selector(value: str) -> str:
    """A CSS selector as the readers of portals understand it (selectolax's lexbor engine)."""
    from selectolax.lexbor import (
        LexborHTMLParser,
        SelectolaxError,
    )  # few portals have selectors: most starts go without

    check_line(value)
    try:
        LexborHTMLParser("<p></p>").css(value)
    except SelectolaxError as error:
        raise allowed('a CSS selector as ".tin-moi li", not empty') from error
    return value


def check_secret_key(value: str) -> str:
    if value and len(value) < MIN_KEY:
        raise allowed(
            f"at least {MIN_KEY} random characters, as `openssl rand -hex 32` makes them, or empty"
        )
    return value


def check_old_key(value: str) -> str:
    key, separator, until = value.partition(" until ")
    what = f'a key of at least {MIN_KEY} characters, as "KEY" or "KEY until 2026-12-29T00:00:00Z"'
    if len(key) < MIN_KEY or not value.isprintable():
        raise allowed(what)
    try:
        if separator and datetime.fromisoformat(until).tzinfo is None:
            raise allowed(what)
    except ValueError as error:
        raise allowed(what) from error
    return value


def check_timezone(value: str) -> str:
    as_allowed(lambda: parse_zone(value), 'the name of a time zone, as "Asia/Ho_Chi_Minh"')
    return value


def check_header_value(value: str) -> str:
    """What fits an HTTP header as it stands (RFC 9110, 5.5: visible ASCII and inner spaces)."""
    if not re.fullmatch(r"[!-~]([ -~]*[!-~])?", value):
        raise allowed("one line of ASCII, not empty")
    return value


def check_auth_header(value: str) -> str:
    """The name of a header by which a proxy says who asks, and that nothing else is said by."""
    is_free = value.lower() not in ("authorization", "cookie", "host", "x-forwarded-for")
    if value and not (is_free and re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,63}", value)):
        raise allowed('the name of a header as "X-Remote-User", or empty')
    return value


def check_mail_address(value: str) -> str:
    return (
        as_allowed(
            lambda: str(MailAddress.parse(value)), 'a mail address as "phong@example.vn", or empty'
        )
        if value
        else ""
    )


def check_database_url(value: str) -> str:
    """A file of SQLite, or PostgreSQL; the driver of PostgreSQL is added where it is left out."""
    what = '"sqlite:///var/loa.db" or "postgresql+psycopg://user:password@host/loa"'
    check_line(value)
    if value.startswith("sqlite:///"):
        if value.removeprefix("sqlite:///").partition("?")[0] in ("", ":memory:"):
            raise allowed(what + "; a database in memory would be another one in every process")
        return value
    scheme, separator, rest = value.partition("://")
    if (
        scheme not in ("postgresql", "postgres", "postgresql+psycopg")
        or not separator
        or not rest.strip("/")
    ):
        raise allowed(what)
    return f"postgresql+psycopg://{rest}"


def check_posts_days(value: int) -> int:
    """A year at least: what a listing still shows would come back as new."""
    if value and value < 365:
        raise allowed("0, or at least 365")
    return value
