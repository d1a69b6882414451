"""The way to the mail relay: a connection that is opened safely.

Owns smtplib, which greets, secures and logs in; the mails themselves go through `dialogue`. Refuses
to go on without STARTTLS where it was asked for, and with a certificate that does not prove the
relay.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from service.errors import DeliveryError
from service.values import Relay
from service.words import coded

_LONGEST_LINE = 4_096


class ChannelDownError(DeliveryError):
    """The relay cannot be used by anybody now: no mail is to blame, none is counted as tried."""


@dataclass(frozen=True, slots=True)
class SmtpSession:
    """A session that is ready for mails. The socket does not block."""

    sock: socket.socket
    is_pipelined: bool
    """The relay takes several commands at once (RFC 2920)."""


def hello_name(public_url: str, sender: str) -> str | None:
    """How we are called in EHLO (RFC 5321, 4.1.4): the host of `public_url`, else the sender's
    domain.

    Relays refuse an address literal and `localhost`. None: neither is a name, the machine's own is
    said.
    """
    names = (urlsplit(public_url).hostname or "", sender.rpartition("@")[2])
    return next((name for name in map(_as_name, names) if name), None)


def _as_name(host: str) -> str | None:
    last = host.rstrip(".").rpartition(".")[2]
    return (
        host.rstrip(".")
        if "." in host and last.isascii() and last.isalpha() and last != "localhost"
        else None
    )


def open_smtp_session(
    relay: Relay, timeout_s: float, tls: ssl.SSLContext | None, hello: str | None
) -> SmtpSession:
    """Connects, secures and logs in; `timeout_s` holds for each answer. Raises ChannelDownError.

    `hello`: how we are called; None: as the machine calls itself.

    `tls` is shared by the sessions of a relay, since to make one reads all CAs (25 ms); None: TLS
    is not asked for.
    """
    try:
        if relay.is_tls:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                relay.host, relay.port, local_hostname=hello, timeout=timeout_s, context=tls
            )
        else:
            smtp = smtplib.SMTP(relay.host, relay.port, local_hostname=hello, timeout=timeout_s)
    except (OSError, smtplib.SMTPException) as error:
        raise ChannelDownError(coded("relay.unconnected", said=_say(error))) from error
    try:
        _prepare(smtp, relay, tls)
        return _taken_over(smtp)
    except (OSError, smtplib.SMTPException) as error:
        smtp.close()
        raise ChannelDownError(coded("relay.unusable", said=_say(error))) from error
    except ChannelDownError:
        smtp.close()
        raise


def _prepare(smtp: smtplib.SMTP, relay: Relay, tls: ssl.SSLContext | None) -> None:
    code, said = smtp.ehlo()
    if code // 100 == 5:  # it may be older than ESMTP
        code, said = smtp.helo()
    if code // 100 != 2:
        raise ChannelDownError(coded("relay.greeting", said=f"{code} {reply_line(said)}"))
    if relay.is_starttls:
        if not smtp.has_extn("starttls"):
            raise ChannelDownError("relay.no_starttls")
        smtp.starttls(context=tls)
        smtp.ehlo()
    if relay.user:
        if (
            "auth" in smtp.esmtp_features
        ):  # RFC 4954, 4: in any case; smtplib knows them in capitals
            smtp.esmtp_features["auth"] = smtp.esmtp_features["auth"].upper()
        smtp.login(relay.user, relay.password)


def _taken_over(smtp: smtplib.SMTP) -> SmtpSession:
    sock, smtp.sock = smtp.sock, None
    if sock is None:
        raise ChannelDownError("relay.closed_early")
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setblocking(False)
    is_pipelined = smtp.has_extn("pipelining")
    smtp.close()
    return SmtpSession(sock, is_pipelined)


def ask_recipient(opened: SmtpSession, sender: str, recipient: str, timeout_s: float) -> str:
    """What the relay says against a mail to somebody, none of which is sent; empty: nothing. Closes
    the session."""
    opened.sock.settimeout(timeout_s)
    with opened.sock, opened.sock.makefile("rb") as answers:
        for command in (f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>", "QUIT"):
            opened.sock.sendall(f"{command}\r\n".encode())
            while (line := answers.readline(_LONGEST_LINE))[3:4] == b"-":
                pass
            if not line.startswith(b"2"):
                return reply_line(line)
    return ""


def reply_line(answer: bytes | str) -> str:
    """What a relay said, fit to be shown."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:300]


def _say(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {reply_line(error.smtp_error)}"
    return reply_line(str(error)) or type(error).__name__
