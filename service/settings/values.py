"""What single values may be: addresses, time zones, lines of text. Pure.

A check returns the value as it will be used, or raises with the words of what is allowed.
"""

from __future__ import annotations

import re
from email.utils import parseaddr
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from pydantic_core import PydanticCustomError

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+")


MIN_KEY = 32
"""Characters of a secret key: 128 bits where they are hexadecimal."""


def allowed(what: str, key: str = "") -> PydanticCustomError:
    """The error of a value that must be `what`; `key` names the one of the table's keys that is meant."""
    return PydanticCustomError("loa_allowed", "{allowed}", {"allowed": what, "key": key})


def check_line(value: str) -> str:
    if _CONTROL.search(value):
        raise allowed("one line of text, without control characters")
    return value


def check_url(value: str) -> str:
    """An absolute http or https address without user, query or fragment; a trailing slash is dropped."""
    what = 'an absolute address as "https://loa.example.vn", without user, query or fragment'
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError as error:
        raise allowed(what) from error
    is_whole = parts.scheme in ("http", "https") and parts.hostname
    if not is_whole or "@" in parts.netloc or "?" in value or "#" in value or re.search(r"\s", value):
        raise allowed(what)
    check_line(value)
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
        raise allowed(f"at least {MIN_KEY} random characters, as `openssl rand -hex 32` makes them, or empty")
    return value


def check_timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, LookupError) as error:
        raise allowed('the name of a time zone, as "Asia/Ho_Chi_Minh"') from error
    return value


def check_header_value(value: str) -> str:
    """What fits an HTTP header as it stands (RFC 9110, 5.5: visible ASCII and inner spaces)."""
    if not re.fullmatch(r"[!-~]([ -~]*[!-~])?", value):
        raise allowed("one line of ASCII, not empty")
    return value


def check_mail_address(value: str) -> str:
    if value and not _ADDRESS.fullmatch(value):
        raise allowed('a mail address as "phong@example.vn", or empty')
    return value


def check_sender(value: str) -> str:
    check_line(value)
    if not _ADDRESS.fullmatch(parseaddr(value)[1]):
        raise allowed('a sender as "Loa <loa@example.vn>"')
    return value


def check_smtp_url(value: str) -> str:
    what = '"smtp://host:25", "smtp://user:password@host:587?starttls=1", "smtps://host:465", or empty'
    if not value:
        return value
    try:
        parts = urlsplit(value)
        options = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        _ = parts.port
    except ValueError as error:
        raise allowed(what) from error
    is_known = set(options) <= {"starttls"} and options.get("starttls", ["0"]) in (["0"], ["1"])
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or not is_known or parts.path not in ("", "/"):
        raise allowed(what)
    return check_line(value)


def check_database_url(value: str) -> str:
    """A file of SQLite, or PostgreSQL; the driver of PostgreSQL is added where it is left out."""
    what = '"sqlite:///var/loa.db" or "postgresql+psycopg://user:password@host/loa"'
    check_line(value)
    if value.startswith("sqlite:///"):
        if value.removeprefix("sqlite:///").partition("?")[0] in ("", ":memory:"):
            raise allowed(what + "; a database in memory would be another one in every process")
        return value
    scheme, separator, rest = value.partition("://")
    if scheme not in ("postgresql", "postgres", "postgresql+psycopg") or not separator or not rest.strip("/"):
        raise allowed(what)
    return f"postgresql+psycopg://{rest}"
