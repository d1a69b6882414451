"""Tells what came instead of a page: maintenance, a login, a challenge of a firewall, nothing, or
data.

A page is suspected by its title and its size: an article about the maintenance of a road is an
article.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from service.errors import UnreadableError
from service.portals.redirect import reloads_by_script
from service.types import Outcome, Page
from service.words import coded

_SMALL = 60_000  # bytes; refusal pages are small, and a large one shows itself in its title
_HEAD = 40_000  # bytes of the page that are looked at

_TITLE = re.compile(rb"<title[^<>]*+>((?:[^<]|<(?!/?title)){0,400}+)</title", re.I)
_CHALLENGE = re.compile(
    r"cf-browser-verification|cf_chl_|challenge-platform|__cf_chl|just a moment\.\.\."
    r"|attention required! \| cloudflare"
    r"|_incapsula_resource|request unsuccessful\. incapsula|sucuri website "
    r"firewall|/_sec/verify|ddos protection by"
    r"|document\.cookie\s{0,20}=[^;]{0,200}?(?:;\s{0,20})?(?:window\.)?location(?:\.reload|\.href|\s{0,20}=)"
    r"|the requested url was rejected\. please consult|your support id is|checking your browser "
    r"before"
    r"|enable javascript and cookies to continue|d1n_|xác minh bạn không phải (?:là "
    r")?(?:robot|người máy)"
    r"|access denied",
    re.I,
)
_MAINTENANCE = re.compile(
    r"bảo trì|nâng cấp hệ thống|đang nâng cấp|tạm ngừng hoạt động|tạm thời gián đoạn|under "
    r"maintenance"
    r"|maintenance mode|scheduled maintenance|be right back|site is offline|app_offline",
    re.I,
)
_LOGIN = re.compile(r"đăng nhập|log ?in|sign ?in", re.I)
_PASSWORD = re.compile(r"<input[^<>]{0,300}?type\s{0,9}=\s{0,9}[\"']?password", re.I)
_TAG = re.compile(r"<(?:(script|style)\b)?", re.I)
_CLOSE = {name: re.compile(rf"</{name}\s*+>", re.I) for name in ("script", "style")}
_ANCHOR = re.compile(rb"<a\s[^<>]*?href", re.I)
_FEW_LINKS = 15
_LEAST_LIST = 5  # links, from which on a page whose title speaks of no maintenance may be a list


def recognise(page: Page) -> None:
    """Passes a page that may be what was asked for. Raises UnreadableError with the outcome
    otherwise."""
    body = page.body
    if not body.strip(b" \t\r\n\0\xef\xbb\xbf"):
        raise UnreadableError(coded("read.empty", url=page.url), Outcome.NOT_A_LISTING)
    if _is_data(page):
        raise UnreadableError(
            coded("read.data", url=page.url, media=_media(page)), Outcome.NOT_A_LISTING
        )
    outcome = _suspect(body)
    if outcome is not None:
        raise UnreadableError(
            coded("read.recognised", url=page.url, outcome=outcome.value), outcome
        )


def _media(page: Page) -> str:
    return page.content_type.partition(";")[0].strip().lower() or "data"


def _is_data(page: Page) -> bool:
    start = page.body[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] in (b"{", b"["):
        return True
    media = _media(page)
    is_page = (
        media in ("data", "text/html", "text/plain", "application/octet-stream") or "xml" in media
    )
    return (not is_page and not start.startswith(b"<")) or start.startswith(
        (b"%PDF", b"PK\x03\x04", b"\x89PNG")
    )


def _suspect(body: bytes) -> Outcome | None:
    title = _TITLE.search(body[:_HEAD])
    head = title.group(1).decode("utf-8", "replace") if title else ""
    if len(body) > _SMALL:
        return _judge(head, head, "") if head else None
    source = body[:_HEAD].decode("utf-8", "replace")
    return _judge(head, source, _text(source), links=len(_ANCHOR.findall(body)))


def _text(source: str) -> str:
    """Without tags, scripts and styles. Each character is looked at a few times, whatever is left
    open."""
    kept: list[str] = []
    unclosed: set[str] = set()
    at = 0
    while opened := _TAG.search(source, at):
        kept.append(source[at : opened.start()])
        name = (opened[1] or "").lower()
        closed = (
            _CLOSE[name].search(source, opened.end()) if name and name not in unclosed else None
        )
        if name and closed is None:
            unclosed.add(name)
        at = closed.end() if closed else source.find(">", opened.end()) + 1
        if not at:
            return " ".join([*kept, source[opened.start() :]])
    return " ".join([*kept, source[at:]])


def _judge(title: str, source: str, text: str, *, links: int = _FEW_LINKS) -> Outcome | None:
    has_few_links = links < _FEW_LINKS
    if _CHALLENGE.search(title) or (
        has_few_links and (_CHALLENGE.search(source) or reloads_by_script(source))
    ):
        return Outcome.BLOCKED
    if has_few_links and _PASSWORD.search(source) and _LOGIN.search(text):
        return Outcome.LOGIN
    is_short = has_few_links and len(text.split()) < 250
    said = title if links >= _LEAST_LIST else f"{title} {text}"
    if is_short and _MAINTENANCE.search(said):
        return Outcome.MAINTENANCE
    return None


def recognise_refusal(status: int, headers: Mapping[str, str], body: bytes) -> Outcome:
    """The outcome of an answer whose status is no success."""
    if headers.get("cf-mitigated") or (
        status in (403, 405, 406, 429, 503) and _CHALLENGE.search(body.decode("utf-8", "replace"))
    ):
        return Outcome.BLOCKED
    if status == 401:
        return Outcome.LOGIN
    if status == 403:
        return Outcome.BLOCKED
    if status == 503 and _MAINTENANCE.search(_text(body.decode("utf-8", "replace"))):
        return Outcome.MAINTENANCE
    return Outcome.HTTP_ERROR
