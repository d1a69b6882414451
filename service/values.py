"""Single values that cross a door, one grammar each: mail addresses, lines, instants, locales, the
mail relay.

Pure: looks nothing up. Whatever comes in (command, API, page, file, configuration) is parsed here,
and what is wrong is InvalidInput that names the field as its caller knows it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

from service.errors import InvalidInput
from service.text import clean, clean_text
from service.words import coded

Language = Literal["vi", "en"]

MAX_ADDRESS = 254
"""Characters of a mail address: RFC 5321, 4.5.3.1.3, without the angle brackets."""
MAX_LINE = 200
"""Characters of a name, and of whatever else is one line without a limit of its own."""

_ADDRESS_ALLOWED = "allowed.address"
_SENDER_ALLOWED = 'a sender as "Loa <loa@example.vn>"'
_RELAY_ALLOWED = '"smtp://host:25", "smtp://user:password@host:587?starttls=1", "smtps://host:465"'

# what needs no library: most addresses, and a start of the command line costs 60 ms less
_PLAIN = re.compile(
    r"[A-Za-z0-9]++(?:[._+-][A-Za-z0-9]++)*+@(?:[A-Za-z0-9]++(?:-[A-Za-z0-9]++)*+\.)++[A-Za-z]{2,63}"
)
_SPECIAL = frozenset({"arpa", "invalid", "local", "localhost", "onion", "test"})
"""Last labels that IANA reserves and the library judges."""
_LOCAL_NETWORK = re.compile(r"(?:(?P<inner>.{1,240})\.)?+(?:local|localhost)", re.I | re.S)
BREAKS = (
    r"\x00-\x1f\x7f-\x9f\u2028\u2029"  # C0, DEL, C1, and the other ends of a line
    r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # what turns text round
    r"\ufffe\uffff"  # noncharacters
)
"""What no line holds, as a class of an expression, for every engine; beside lone surrogates, which
no encoding has and few engines can name."""
_BREAKS = re.compile(rf"[{BREAKS}\ud800-\udfff]")
_ENDS = re.compile(r"[\n\r\t\x0b\x0c\x85\u2028\u2029]")
"""What ends a line or sets one in, which a text of several has."""
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?P<offset>Z|[+-]\d{2}:\d{2})?)?",
    re.A,
)


# --- mail -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MailAddress:
    """An address that any relay can be given. `domain` is ASCII (IDNA 2008, so that ß has its own
    owner), lower case.

    Two addresses are one person's where `key` is the same.
    """

    local: str
    domain: str

    @classmethod
    def parse(cls, text: str, name: str = "address") -> MailAddress:
        """Raises InvalidInput (field `name`) for what cannot be mailed without SMTPUTF8: RFC 5321,
        4.1.2."""
        found = _parse_address(text.strip()) if len(text) <= 2 * MAX_ADDRESS else None
        if found is None:
            raise InvalidInput(name, coded("bad.address", text=text[:60]), _ADDRESS_ALLOWED)
        return found

    @property
    def key(self) -> str:
        """Whose it is: relays may tell capitals of the local part apart, people never do."""
        return str(self).lower()

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


def parse_contacts(texts: Iterable[str], name: str) -> tuple[str, ...]:
    """Addresses in the order given, each person once. Raises InvalidInput (field `name`) for what
    is none."""
    found = [MailAddress.parse(text, name) for text in texts]
    return tuple(str(one) for one in {one.key: one for one in reversed(found)}.values())[::-1]


def can_be_mailed(text: str) -> bool:
    """Whether an address as it is kept passes today's grammar: an older Loa took what no relay can
    be given."""
    return len(text) <= 2 * MAX_ADDRESS and _parse_address(text.strip()) is not None


def address_key(text: str) -> str:
    """The key of an address as it is kept; of what an older Loa took and no grammar knows, without
    case and space."""
    return MailAddress.parse(text).key if can_be_mailed(text) else text.strip().lower()


def address_keys(text: str) -> frozenset[str]:
    """Every key under which an address may be kept: today's, and those of an older Loa, which knew
    no IDNA."""
    key = address_key(text)
    return frozenset({key, text.strip().lower(), _as_people_write(key)})


def _as_people_write(key: str) -> str:
    local, at, domain = key.rpartition("@")
    if "xn--" not in domain:
        return key
    import idna  # few addresses need it

    try:
        return local + at + idna.decode(domain)
    except idna.IDNAError:
        return key


@lru_cache(4096)
def _parse_address(text: str) -> MailAddress | None:
    local, _, domain = text.rpartition("@")
    if _PLAIN.fullmatch(text) and domain.rpartition(".")[2].lower() not in _SPECIAL:
        is_short = (
            len(local) <= 64
            and len(text) <= MAX_ADDRESS
            and all(len(part) <= 63 for part in domain.split("."))
        )
        return MailAddress(local, domain.lower()) if is_short else None
    own = _LOCAL_NETWORK.fullmatch(domain)
    if own and (own["inner"] is None or domain.lower().endswith(".local")):
        # The library knows no names of one's own network or machine; a relay there does. A stand-in
        # is judged.
        judged = _parse_address(f"{local}@{own['inner'] or 'localhost'}.vn")
        return judged and MailAddress(
            judged.local, f"{judged.domain[:-3]}.local" if own["inner"] else "localhost"
        )
    return _judge(text)


def _judge(text: str) -> MailAddress | None:
    from email_validator import (
        EmailNotValidError,
        validate_email,
    )  # 60 ms, which most starts do not need

    try:
        found = validate_email(
            text,
            allow_smtputf8=False,
            check_deliverability=False,
            strict=True,
            test_environment=True,
        )
    except (EmailNotValidError, UnicodeError):
        return None
    return MailAddress(found.local_part, found.ascii_domain)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """`Name <address>`, as whoever writes a mail is called. `name` is empty for a bare address."""

    name: str
    address: MailAddress

    @classmethod
    def parse(cls, text: str, name: str = "sender") -> Mailbox:
        """Raises InvalidInput."""
        shown, bracket, rest = text.strip().rpartition("<")
        if not bracket:
            return cls("", MailAddress.parse(rest, name))
        shown = parse_line(shown, name)
        if len(shown) > 1 and shown[0] == shown[-1] == '"':
            shown = shown[1:-1].replace('\\"', '"').replace("\\\\", "\\").strip()
        if not rest.endswith(">") or "<" in shown or ">" in shown:
            raise InvalidInput(
                name, f"{text[:MAX_ADDRESS]!r} is no name with an address", _SENDER_ALLOWED
            )
        return cls(shown, MailAddress.parse(rest[:-1], name))


@dataclass(frozen=True, slots=True)
class Relay:
    """What takes our mail: host (ASCII, or an address), port, and how it is greeted."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    is_tls: bool = False
    is_starttls: bool = False

    @classmethod
    def parse(cls, url: str, name: str = "smtp_url") -> Relay:
        """Raises InvalidInput, which does not show the password."""
        try:
            parts = urlsplit(url)
            port = parts.port
            options = parse_qs(
                parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)
            )
        except ValueError as error:
            raise InvalidInput(
                name, "has an impossible host, port or option", _RELAY_ALLOWED
            ) from error
        starttls = options.pop("starttls", ["0"])
        if (
            parts.scheme not in ("smtp", "smtps")
            or parts.path not in ("", "/")
            or parts.fragment
            or port == 0
        ):
            raise InvalidInput(name, "is not the address of a mail relay", _RELAY_ALLOWED)
        if options or starttls not in (["0"], ["1"]):
            raise InvalidInput(name, "knows only the option starttls=1", _RELAY_ALLOWED)
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if _BREAKS.search(url) or _BREAKS.search(user + password):
            raise InvalidInput(name, "holds control characters", _RELAY_ALLOWED)
        is_tls = parts.scheme == "smtps"
        is_starttls = starttls == ["1"] and not is_tls
        port = port or (465 if is_tls else 587 if is_starttls else 25)
        return cls(
            parse_host(parts.hostname or "", name), port, user, password, is_tls, is_starttls
        )


@lru_cache(10_000)
def is_ip_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def parse_host(text: str, name: str = "host") -> str:
    """A host of an address that an operator wrote, as it is looked up: ASCII by IDNA 2008, lower
    case, or an IP.

    Raises InvalidInput for what no resolver can be asked for.
    """
    if is_ip_address(text):
        return str(ipaddress.ip_address(text))
    host = text.lower()
    if not host.isascii():
        import idna  # few hosts need it

        try:
            host = idna.encode(host, uts46=True, transitional=False).decode("ascii")
        except idna.IDNAError:
            host = ""
    if len(host) > 253 or not all(
        _LABEL.fullmatch(label) for label in host.removesuffix(".").split(".")
    ):
        raise InvalidInput(name, "names no host", "a domain name or an address")
    return host


# --- lines ------------------------------------------------------------------------------------


def has_breaks(text: str) -> bool:
    """Whether it holds what ends a line, controls a terminal, turns text round, or is in no
    encoding."""
    return _BREAKS.search(text) is not None


def parse_line(text: str, name: str, *, limit: int = MAX_LINE, is_required: bool = False) -> str:
    """One line to show: NFC, single spaces, nothing invisible, at most `limit` characters.

    Raises InvalidInput (field `name`) for another line in it, for control characters, and for what
    turns text round.
    """
    if _BREAKS.search(text):
        raise InvalidInput(name, "bad.controls", coded("allowed.line", limit=limit))
    line = clean(text)
    if len(line) > limit:
        raise InvalidInput(
            name, coded("bad.long", n=len(line)), coded("allowed.characters", limit=limit)
        )
    if is_required and not line:
        raise InvalidInput(name, "bad.empty", coded("allowed.filled", limit=limit))
    return line


def parse_text(text: str, name: str, *, limit: int) -> str:
    """Lines to show: each as `parse_line` has it, no more than one empty line between two, at most
    `limit` characters. Raises InvalidInput (field `name`)."""
    if _BREAKS.search(_ENDS.sub("", text)):
        raise InvalidInput(name, "bad.controls", coded("allowed.lines", limit=limit))
    shown = clean_text(text)
    if len(shown) > limit:
        raise InvalidInput(
            name, coded("bad.long", n=len(shown)), coded("allowed.characters", limit=limit)
        )
    return shown


# --- instants ---------------------------------------------------------------------------------


def parse_instant(text: str, name: str, zone: ZoneInfo | None) -> datetime:
    """An instant of RFC 3339, in UTC; seconds may be left out.

    With a `zone` the time of day and the offset may be left out too, and are midnight and the
    zone's; None: no. Raises InvalidInput (field `name`), also for what has no UTC within the
    calendar.
    """
    said, found = text.strip().upper(), None
    try:
        form = _INSTANT.fullmatch(said) if len(said) <= 40 else None
        if form and (zone or form["offset"]):
            at = datetime.fromisoformat(said)
            found = (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        found = None
    if found is None:
        allowed = "allowed.instant" if zone is None else "allowed.instant_or_day"
        raise InvalidInput(name, coded("bad.no_instant", text=text[:40]), allowed)
    return found


def parse_day(text: str, name: str, allowed: str = "allowed.day_of_past") -> date:
    """A day as `2026-11-20`. Raises InvalidInput for the field of that name."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise InvalidInput(name, "bad.no_day", allowed) from error


def rfc3339(instant: datetime) -> str:
    """An instant for programs: UTC, `Z`, microseconds where there are any."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def plain(value: Any) -> Any:
    """Dataclasses, enums, dates and tuples as what JSON knows, instants as `rfc3339` says them; a
    field goes by its `alias` where its metadata has one."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {
            field.metadata.get("alias", field.name): plain(getattr(value, field.name))
            for field in fields(value)
        }
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, str | int | float | None):
        return value
    if isinstance(value, Iterable):
        return [plain(item) for item in value]
    return str(value)


# --- whoever reads ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Locale:
    """How somebody is spoken to: in which language, and by which clock."""

    language: Language
    zone: ZoneInfo

    def to(self, language: str) -> Locale:
        """The same clock in another language; Vietnamese for one that is not known."""
        return Locale("en" if language == "en" else "vi", self.zone)

    def at(self, instant: datetime) -> datetime:
        """The instant as its clock shows it."""
        return instant.astimezone(self.zone)

    def day(self, instant: datetime) -> date:
        return self.at(instant).date()


def parse_zone(text: str, name: str = "timezone") -> ZoneInfo:
    """Raises InvalidInput for what the database of time zones does not hold."""
    try:
        return ZoneInfo(text)
    except (ValueError, OSError, LookupError) as error:
        raise InvalidInput(
            name, f"{text[:40]!r} is no time zone", 'a name as "Asia/Ho_Chi_Minh"'
        ) from error
