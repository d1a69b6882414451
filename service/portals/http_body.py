"""The body of an answer: read under its caps and inflated by us, never larger in memory than
allowed."""

from __future__ import annotations

import zlib
from typing import Any

import requests
from urllib3.exceptions import HTTPError

from service.errors import FetchError
from service.portals.request_budget import RequestBudget, translate
from service.types import Outcome
from service.words import coded

_CHUNK = 65_536
_GZIP_OR_ZLIB = 47  # zlib.MAX_WBITS + 32: looks at the header itself
_GZIP_MAGIC = b"\x1f\x8b"
_BARE_DEFLATE = -15  # what some servers mean by `deflate`


class _Plain:
    """Counts and passes on."""

    def __init__(self, cap: int) -> None:
        self.left = cap

    def feed(self, data: bytes) -> bytes:
        taken = data[: self.left + 1]
        self.left -= len(taken)
        return taken

    def is_whole(self) -> bool:
        return True


class _Inflater:
    """gzip (several members too), zlib and bare deflate, never past the cap."""

    def __init__(self, cap: int) -> None:
        self.left = cap
        self._inflate = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._has_begun = False

    def _begin(self, data: bytes) -> bytes:
        self._has_begun = True
        try:
            return self._inflate.decompress(data, self.left + 1)
        except zlib.error:
            self._inflate = zlib.decompressobj(_BARE_DEFLATE)
            return self._inflate.decompress(data, self.left + 1)

    def feed(self, data: bytes) -> bytes:
        out = bytearray()
        while data and self.left >= 0:
            if self._inflate.eof:
                data = data.lstrip(
                    b"\0"
                )  # padding after a member (gzip 1.2.4 on): ignored, as gzip does
                if not data or not data.startswith(_GZIP_MAGIC[: len(data)]):
                    break  # rubbish after the last member, ignored likewise
                self._inflate = zlib.decompressobj(_GZIP_OR_ZLIB)
            part = (
                self._inflate.decompress(data, self.left + 1)
                if self._has_begun
                else self._begin(data)
            )
            self.left -= len(part)
            out += part
            data = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
        return bytes(out)

    def is_whole(self) -> bool:
        return self._inflate.eof or not self._has_begun


_INFLATED = frozenset({"gzip", "x-gzip", "deflate"})
_ASKED_FOR_BY_NOBODY = frozenset({"br", "zstd", "compress", "x-compress", "dcb", "dcz"})


def _decoder(response: requests.Response, url: str, cap: int) -> _Plain | _Inflater:
    """By `Content-Encoding` as browsers read it: what names no coding (`utf-8`, `none`) is none."""
    named = [one.strip().lower() for one in response.headers.get("Content-Encoding", "").split(",")]
    unknown = next((one for one in named if one in _ASKED_FOR_BY_NOBODY), None)
    if unknown is not None:
        raise FetchError(coded("fetch.coding", url=url, coding=unknown), Outcome.HTTP_ERROR)
    codings = [one for one in named if one in _INFLATED]
    if len(codings) > 1:
        raise FetchError(coded("fetch.coded_often", url=url, n=len(codings)), Outcome.HTTP_ERROR)
    return _Inflater(cap) if codings else _Plain(cap)


def read_http_body(
    response: requests.Response, budget: RequestBudget, cap: int, *, is_truncating: bool = False
) -> bytes:
    """The inflated body. Past the cap: cut there if `is_truncating`, else FetchError(TOO_BIG)."""
    is_drained = False
    try:
        body = _read(response, budget, cap, is_truncating)
        is_drained = len(body) < cap
    finally:
        if not is_drained:  # what is left on the connection must never be taken for the next answer
            response.close()
    return body


def _read(
    response: requests.Response, budget: RequestBudget, cap: int, is_truncating: bool
) -> bytes:
    decoder = _decoder(response, budget.url, cap)
    raw: Any = response.raw
    out = bytearray()
    try:
        for data in raw.stream(_CHUNK, decode_content=False):
            out += decoder.feed(data)
            if decoder.left < 0:
                if is_truncating:
                    return bytes(out[:cap])
                raise FetchError(coded("fetch.too_big", url=budget.url, cap=cap), Outcome.TOO_BIG)
    except zlib.error as error:
        raise FetchError(coded("fetch.damaged", url=budget.url), Outcome.NETWORK) from error
    except (HTTPError, OSError, ValueError) as error:
        raise translate(budget, error) from error
    if not decoder.is_whole():
        raise FetchError(coded("fetch.cut", url=budget.url), Outcome.NETWORK)
    return bytes(out)
