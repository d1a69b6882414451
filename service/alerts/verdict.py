"""What an attempt at a webhook comes to, as a code: accepted, to be tried again, or refused for
good.

A 2xx status line is success, whatever becomes of the body after it: the receiver has said yes.
Words say nothing of addresses or open ports: they are shown to whoever added the target.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from service.words import coded

# libcurl's error codes (https://curl.se/libcurl/c/libcurl-errors.html)
_RESOLVE, _CONNECT, _TIMEOUT = 6, 7, 28
_TLS = frozenset({35, 51, 53, 54, 58, 59, 60, 64, 66, 77, 80, 82, 83, 90, 91})
_CONTENT = {413: "webhook.too_big", 415: "webhook.wrong_type", 422: "webhook.unprocessable"}
GONE = 410


@dataclass(frozen=True, slots=True)
class Verdict:
    """`detail` is coded. `is_accepted`: sent. `is_final`: not to be tried again. `is_gone`: the
    endpoint says so itself.
    """

    is_accepted: bool
    detail: str
    is_final: bool = False
    is_gone: bool = False
    timed_out: bool = False


@lru_cache(1_000)  # the same few answers come again and again
def judge_answer(status: int, error: int, *, is_guarded: bool = False) -> Verdict:
    """`status` is 0 where no status line came; `error` is libcurl's code; `is_guarded`: the guard
    refused to dial."""
    if is_guarded:
        return Verdict(False, "webhook.forbidden", is_final=True)
    if 200 <= status < 300:
        return Verdict(
            True, coded("webhook.accepted_cut" if error else "webhook.accepted", status=status)
        )
    if status >= 300 or not error:
        return _judge_status(status)
    return _judge_error(error)


def _judge_status(status: int) -> Verdict:
    if 300 <= status < 400:
        return Verdict(False, coded("webhook.redirected", status=status))
    if status == GONE:
        return Verdict(False, "webhook.gone", is_final=True, is_gone=True)
    if status in _CONTENT:
        return Verdict(False, coded(_CONTENT[status], status=status), is_final=True)
    if status < 200:
        return Verdict(False, "webhook.incomplete")
    return Verdict(False, coded("webhook.answered", status=status))


def _judge_error(error: int) -> Verdict:
    if error == _TIMEOUT:
        return Verdict(False, "webhook.timed_out", timed_out=True)
    if error in _TLS:
        return Verdict(False, "webhook.tls")
    if error == _RESOLVE:
        return Verdict(False, "webhook.unresolved")
    if error == _CONNECT:
        return Verdict(False, "webhook.unconnected")
    return Verdict(False, "webhook.broken")
