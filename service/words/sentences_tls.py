"""What is wrong with a host's TLS, and what would mend it: (Vietnamese, English).

`tls.<reason>` carries OpenSSL's own name of the reason, in lower case.
"""

from __future__ import annotations

from collections.abc import Mapping

_OLD = (
    "; đặt `legacy_tls = true` trong tệp của cổng thì Loa dùng được cách cũ ấy, vẫn kiểm tra "
    "chứng thư ({said})",
    "; `legacy_tls = true` in the portal's file speaks them too, verification stays on ({said})",
)
_END = (" ({said})", " ({said})")


def _old(vi: str, en: str) -> tuple[str, str]:
    return vi + _OLD[0], en + _OLD[1]


def _plain(vi: str, en: str) -> tuple[str, str]:
    return vi + _END[0], en + _END[1]


_VERSION = _old(
    "{host!r} chỉ dùng các bản TLS cũ hơn 1.2",
    "{host!r} speaks only versions of TLS older than 1.2",
)
_CIPHERS = _old("{host!r} không có bộ mã nào chung với Loa", "{host!r} knows none of our ciphers")
_SIGNS = _old("{host!r} ký theo cách cũ", "{host!r} signs in an old way")
_CLEAR = _plain(
    "{host!r} trả lời không có TLS ở cổng mạng của TLS: có phải là http:// không?",
    "{host!r} answers without TLS on the port of TLS: is it http://?",
)

TLS: Mapping[str, tuple[str, str]] = {
    "tls.self_signed": (
        "chứng thư của {host!r} tự ký; hãy đặt chứng thư của nơi cấp vào ca_file",
        "the certificate of {host!r} is signed by itself; give its issuer as ca_file",
    ),
    "tls.expired": ("chứng thư của {host!r} đã hết hạn", "the certificate of {host!r} has expired"),
    "tls.expired_on": (
        "chứng thư của {host!r} đã hết hạn ngày {on}",
        "the certificate of {host!r} has expired on {on}",
    ),
    "tls.incomplete": (
        "chuỗi chứng thư của {host!r} không đủ: thiếu chứng thư của nơi cấp {issuer!r};"
        " hãy đặt nó, dạng PEM, vào ca_file của cổng",
        "the chain of {host!r} is incomplete: the certificate of its issuer {issuer!r} is missing; "
        "give it, as PEM, as ca_file of the portal",
    ),
    "tls.incomplete_at": (
        "chuỗi chứng thư của {host!r} không đủ: thiếu chứng thư của nơi cấp {issuer!r}; lấy ở "
        "{where};"
        " hãy đặt nó, dạng PEM, vào ca_file của cổng",
        "the chain of {host!r} is incomplete: the certificate of its issuer {issuer!r} is missing; "
        "it is at {where}; give it, as PEM, as ca_file of the portal",
    ),
    "tls.invalid": (
        "chứng thư của {host!r} không hợp lệ: {said}",
        "the certificate of {host!r} is not valid: {said}",
    ),
    "tls.failed": ("TLS không thành: {said}", "TLS failed: {said}"),
    "tls.unsupported_protocol": _VERSION,
    "tls.wrong_ssl_version": _VERSION,
    "tls.tlsv1_alert_protocol_version": _old(
        "{host!r} không dùng bản TLS nào mà Loa dùng",
        "{host!r} speaks no version of TLS that we do",
    ),
    "tls.sslv3_alert_handshake_failure": _old(
        "{host!r} không có bộ mã nào chung với Loa: có thể chỉ có bộ mã cũ",
        "{host!r} knows none of our ciphers: it may know old ones alone",
    ),
    "tls.no_shared_cipher": _CIPHERS,
    "tls.no_ciphers_available": _CIPHERS,
    "tls.wrong_cipher_returned": _CIPHERS,
    "tls.dh_key_too_small": _old(
        "cách trao khóa của {host!r} quá yếu", "the key exchange of {host!r} is too weak"
    ),
    "tls.bad_ecpoint": _plain(
        "cách trao khóa của {host!r} bị hỏng", "the key exchange of {host!r} is broken"
    ),
    "tls.ee_key_too_small": _old(
        "khóa trong chứng thư của {host!r} quá ngắn",
        "the key of the certificate of {host!r} is too short",
    ),
    "tls.ca_key_too_small": _old(
        "khóa của một nơi cấp chứng thư cho {host!r} quá ngắn",
        "the key of an issuer of {host!r} is too short",
    ),
    "tls.ca_md_too_weak": _old(
        "chứng thư của {host!r} được ký theo cách có thể giả mạo",
        "the certificate of {host!r} is signed in a way that is forgeable",
    ),
    "tls.wrong_signature_type": _SIGNS,
    "tls.legacy_sigalg_disallowed_or_unsupported": _SIGNS,
    "tls.unsafe_legacy_renegotiation_disabled": _old(
        "{host!r} thương lượng lại theo cách cũ, không an toàn",
        "{host!r} renegotiates in the old, unsafe way",
    ),
    "tls.wrong_version_number": _CLEAR,
    "tls.http_request": _CLEAR,
    "tls.unexpected_eof_while_reading": _plain(
        "{host!r} ngắt kết nối trước khi thống nhất TLS",
        "{host!r} hangs up before TLS is agreed upon",
    ),
    "tls.tlsv1_unrecognized_name": _plain(
        "{host!r} báo là nó không mang tên này", "{host!r} says that it is not called so"
    ),
    "tls.tlsv13_alert_certificate_required": _plain(
        "{host!r} đòi chứng thư của Loa", "{host!r} wants a certificate of ours"
    ),
}
