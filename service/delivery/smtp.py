"""One connection to the mail relay: opened safely, used for many mails, its answers put into our words.

Owns smtplib, and sorts what goes wrong into three: the recipient's fault, the channel's, or unknown. Refuses
to go on without STARTTLS where it was asked for, and with a certificate that does not prove the relay.
"""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from service.errors import ConfigurationError, DeliveryError, PermanentDeliveryError, TemporaryDeliveryError

ALLOWED = "smtp://user@host:587?starttls=1, smtp://host:25, or smtps://user@host"


class ChannelDownError(DeliveryError):
    """The relay cannot be used by anybody now: no mail is to blame, none is counted as tried."""


class UnknownOutcomeError(DeliveryError):
    """The connection was lost after the mail was handed over: it may have arrived, it is repeated as it was."""


class RecipientRefusedError(PermanentDeliveryError):
    def __init__(self, code: int, answer: str) -> None:
        super().__init__(answer)
        self.code = code


class RecipientDeferredError(TemporaryDeliveryError):
    def __init__(self, code: int, answer: str) -> None:
        super().__init__(answer)
        self.code = code


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


class Connection:
    """A session with the relay. Not for two threads at once."""

    def __init__(self, relay: Relay, timeout_s: float, tls: ssl.SSLContext | None = None) -> None:
        """Connects, secures and logs in. Raises ChannelDownError."""
        tls = tls or ssl.create_default_context()
        self.mails = 0
        try:
            if relay.is_tls:
                self._smtp: smtplib.SMTP = smtplib.SMTP_SSL(relay.host, relay.port, timeout=timeout_s, context=tls)
            else:
                self._smtp = smtplib.SMTP(relay.host, relay.port, timeout=timeout_s)
        except (OSError, smtplib.SMTPException) as error:
            raise ChannelDownError(f"cannot connect to the mail relay: {_say(error)}") from error
        try:
            self._prepare(relay, tls)
        except (OSError, smtplib.SMTPException) as error:
            self._smtp.close()
            raise ChannelDownError(f"cannot use the mail relay: {_say(error)}") from error
        except ChannelDownError:
            self._smtp.close()
            raise

    def _prepare(self, relay: Relay, tls: ssl.SSLContext) -> None:
        self._smtp.ehlo_or_helo_if_needed()
        if relay.is_starttls:
            if not self._smtp.has_extn("starttls"):
                raise ChannelDownError("cannot use the mail relay: it offers no STARTTLS, which starttls=1 requires")
            self._smtp.starttls(context=tls)
            self._smtp.ehlo()
        if relay.user:
            self._smtp.login(relay.user, relay.password)

    def send(self, envelope_sender: str, recipient: str, mail: bytes) -> tuple[int, str]:
        """Hands over one mail for one recipient; returns the relay's code and words.

        Raises RecipientRefusedError, RecipientDeferredError, UnknownOutcomeError, ChannelDownError; after the last
        two the connection is of no use.
        """
        self.mails += 1
        try:
            (code, answer), to = self._address(envelope_sender, recipient)
            if code != 250:
                raise _about_us(code, answer, "sender")
            if to[0] not in {250, 251}:
                raise _about_recipient(*to)
        except (OSError, smtplib.SMTPException) as error:
            raise ChannelDownError(f"the mail relay broke off: {_say(error)}") from error
        return self._data(mail)

    def _address(self, sender: str, recipient: str) -> tuple[tuple[int, bytes], tuple[int, bytes]]:
        """The answers to MAIL and RCPT, asked in one packet where the relay takes it so (RFC 2920)."""
        if self._smtp.has_extn("pipelining"):
            self._smtp.send(f"MAIL FROM:<{sender}>\r\nRCPT TO:<{recipient}>\r\n")
            return self._smtp.getreply(), self._smtp.getreply()
        mail = self._smtp.mail(sender)
        return mail, self._smtp.rcpt(recipient) if mail[0] == 250 else (0, b"")

    def _data(self, mail: bytes) -> tuple[int, str]:
        try:
            code, answer = self._smtp.data(mail)
        except smtplib.SMTPDataError as error:
            raise _about_recipient(error.smtp_code, error.smtp_error) from error
        except (OSError, smtplib.SMTPException) as error:
            raise UnknownOutcomeError(
                f"the connection was lost while the mail was handed over: {_say(error)}"
            ) from error
        if code != 250:
            raise _about_recipient(code, answer)
        return code, _words(answer)

    def reset(self) -> bool:
        """Forgets a transaction that was refused; False when the session is dead."""
        try:
            return self._smtp.rset()[0] == 250
        except (OSError, smtplib.SMTPException):
            return False  # what was refused has its result; the next mail opens a session of its own

    def close(self) -> None:
        self._smtp.close()


def _about_us(code: int, answer: bytes | str, what: str) -> DeliveryError:
    if code == 552:
        return RecipientRefusedError(code, f"{code} {_words(answer)}")
    return ChannelDownError(f"the mail relay refuses the {what}: {code} {_words(answer)}")


def _about_recipient(code: int, answer: bytes | str) -> DeliveryError:
    said = f"{code} {_words(answer)}"
    if code == 421:
        return ChannelDownError(f"the mail relay closes: {said}")
    return RecipientRefusedError(code, said) if 500 <= code < 600 else RecipientDeferredError(code, said)


def _words(answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:300]


def _say(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_words(error.smtp_error)}"
    return _words(str(error)) or type(error).__name__
