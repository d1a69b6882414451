"""Text as quoted-printable lines (RFC 2045, 6.7) that end in CRLF, so that encoded pieces can be
joined."""

from __future__ import annotations

from binascii import b2a_qp

from service.alerts.headers import without_controls


def encode(text: str) -> bytes:
    """At most 76 octets a line, one line end at the end."""
    return encode_open(text.rstrip("\n") + "\n")


def encode_open(text: str) -> bytes:
    """The same with the line ends kept that are there; empty for no text. Nothing is left that is
    not shown, ends a line of its own or turns text round, whoever wrote it."""
    shown = without_controls(text)
    return b2a_qp(shown.replace("\n", "\r\n").encode("utf-8", "replace"), istext=True)
