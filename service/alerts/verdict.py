"""What an attempt at a webhook comes to, in words: accepted, to be tried again, or refused for good.

A 2xx status line is success, whatever becomes of the body after it: the receiver has said yes. Words say
nothing of addresses or open ports: they are shown to whoever added the target.
"""

from __future__ import annotations

from dataclasses import dataclass

# libcurl's error codes (https://curl.se/libcurl/c/libcurl-errors.html)
_RESOLVE, _CONNECT, _TIMEOUT = 6, 7, 28
_TLS = frozenset({35, 51, 53, 54, 58, 59, 60, 64, 66, 77, 80, 82, 83, 90, 91})
_CONTENT = {413: "quá lớn", 415: "sai kiểu nội dung", 422: "nội dung không hợp lệ"}
GONE = 410


@dataclass(frozen=True, slots=True)
class Verdict:
    """`is_accepted`: sent. `is_final`: not to be tried again. `is_gone`: the endpoint says so itself."""

    is_accepted: bool
    detail: str
    is_final: bool = False
    is_gone: bool = False
    timed_out: bool = False


def judge(status: int, error: int, *, is_guarded: bool = False) -> Verdict:
    """`status` is 0 where no status line came; `error` is libcurl's code; `is_guarded`: the guard refused to dial."""
    if is_guarded:
        return Verdict(False, "địa chỉ không được phép gửi tới", is_final=True)
    if 200 <= status < 300:
        return Verdict(True, f"đã nhận ({status})" + (", phần còn lại của trả lời bị bỏ qua" if error else ""))
    if status >= 300 or not error:
        return _judge_status(status)
    return _judge_error(error)


def _judge_status(status: int) -> Verdict:
    if 300 <= status < 400:
        return Verdict(False, f"trả lời {status} (chuyển hướng): không bao giờ đi theo")
    if status == GONE:
        return Verdict(False, "trả lời 410: không còn nhận nữa", is_final=True, is_gone=True)
    if status in _CONTENT:
        return Verdict(False, f"trả lời {status}: {_CONTENT[status]}", is_final=True)
    if status < 200:
        return Verdict(False, "không trả lời hoàn chỉnh")
    return Verdict(False, f"trả lời {status}")


def _judge_error(error: int) -> Verdict:
    if error == _TIMEOUT:
        return Verdict(False, "quá thời hạn mà chưa trả lời", timed_out=True)
    if error in _TLS:
        return Verdict(False, "chứng chỉ hoặc kết nối TLS không dùng được")
    if error == _RESOLVE:
        return Verdict(False, "không phân giải được tên miền")
    if error == _CONNECT:
        return Verdict(False, "không kết nối được")
    return Verdict(False, "kết nối bị ngắt, hoặc trả lời không phải HTTP")
