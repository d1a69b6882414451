"""The way to the mail relay: its address, and a connection that is opened safely.

Owns smtplib, which greets, secures and logs in; the mails themselves go through `dialogue`. Refuses to go on
without STARTTLS where it was asked for, and with a certificate that does not prove the relay.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from service.errors import ConfigurationError, DeliveryError

ALLOWED = "smtp://user@host:587?starttls=1, smtp://host:25, or smtps://user@host"


class ChannelDownError(DeliveryError):
    """The relay cannot be used by anybody now: no mail is to blame, none is counted as tried."""


@dataclass(frozen=True, slots=True)
class Relay:
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    is_tls: bool = False
    is_starttls: bool = False


def parse_relay(smtp_url: str) -> Relay:
    """The relay that `email.smtp_url` names. Raises ConfigurationError without showing the password."""
    try:
        parts = urlsplit(smtp_url)
        port = parts.port
    except ValueError as error:
        raise ConfigurationError(f"email.smtp_url: has an impossible host or port; allowed: {ALLOWED}") from error
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or parts.path not in {"", "/"}:
        raise ConfigurationError(f"email.smtp_url: is not the address of a mail relay; allowed: {ALLOWED}")
    options = parse_qs(parts.query, keep_blank_values=True)
    starttls = options.pop("starttls", ["0"])[-1]
    if options or starttls not in {"0", "1"}:
        raise ConfigurationError(f"email.smtp_url: knows only the option starttls=1; allowed: {ALLOWED}")
    is_tls = parts.scheme == "smtps"
    is_starttls = starttls == "1" and not is_tls
    return Relay(
        host=parts.hostname,
        port=port or (465 if is_tls else 587 if is_starttls else 25),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        is_tls=is_tls,
        is_starttls=is_starttls,
    )


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that is ready for mails. The socket does not block."""

    sock: socket.socket
    is_pipelined: bool
    """The relay takes several commands at once (RFC 2920)."""


def open_session(relay: Relay, timeout_s: float, tls: ssl.SSLContext | None) -> Opened:
    """Connects, secures and logs in; `timeout_s` holds for each answer. Raises ChannelDownError.

    `tls` is shared by the sessions of a relay, since to make one reads all CAs (25 ms); None: TLS is not asked for.
    """
    try:
        if relay.is_tls:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(relay.host, relay.port, timeout=timeout_s, context=tls)
        else:
            smtp = smtplib.SMTP(relay.host, relay.port, timeout=timeout_s)
    except (OSError, smtplib.SMTPException) as error:
        raise ChannelDownError(f"cannot connect to the mail relay: {_say(error)}") from error
    try:
        _prepare(smtp, relay, tls)
        return _taken_over(smtp)
    except (OSError, smtplib.SMTPException) as error:
        smtp.close()
        raise ChannelDownError(f"cannot use the mail relay: {_say(error)}") from error
    except ChannelDownError:
        smtp.close()
        raise


def _prepare(smtp: smtplib.SMTP, relay: Relay, tls: ssl.SSLContext | None) -> None:
    code, said = smtp.ehlo()
    if code // 100 == 5:  # it may be older than ESMTP
        code, said = smtp.helo()
    if code // 100 != 2:
        raise ChannelDownError(f"cannot use the mail relay: it answers the greeting with {code} {one_line(said)}")
    if relay.is_starttls:
        if not smtp.has_extn("starttls"):
            raise ChannelDownError("cannot use the mail relay: it offers no STARTTLS, which starttls=1 requires")
        smtp.starttls(context=tls)
        smtp.ehlo()
    if relay.user:
        smtp.login(relay.user, relay.password)


def _taken_over(smtp: smtplib.SMTP) -> Opened:
    sock, smtp.sock = smtp.sock, None
    if sock is None:
        raise ChannelDownError("cannot use the mail relay: it closed the connection after the greeting")
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setblocking(False)
    is_pipelined = smtp.has_extn("pipelining")
    smtp.close()
    return Opened(sock, is_pipelined)


def one_line(answer: bytes | str) -> str:
    """What a relay said, fit to be shown."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:300]


def _say(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {one_line(error.smtp_error)}"
    return one_line(str(error)) or type(error).__name__
