"""One grammar for each value that crosses a door: addresses, senders, relays, lines, instants (F1,
F4, F5)."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import values
from service.errors import InvalidInput
from service.values import (
    Locale,
    MailAddress,
    Mailbox,
    Relay,
    address_key,
    address_keys,
    can_be_mailed,
    parse_contacts,
    parse_host,
    parse_instant,
    parse_line,
    parse_zone,
    rfc3339,
)

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
UNMAILABLE = [
    "văn.thư@example.vn", "vanthu@example.vn.", "a..b@example.vn", "vanthu@exa_mple.vn",
    "vanthu@example..vn",
    "vanthu@-example.vn", "vanthu@example-.vn", "vanthu@" + "a" * 64 + ".vn", "vanthu@coquan",
    "vanthu@1.2.3.4",
    "vanthu@[1.2.3.4]", '"van thu"@example.vn', "van thu@example.vn", "a@b@example.vn",
    "vanthu@example.invalid",
    "vanthu@x.localhost", "văn@localhost", "a..b@mail.local", "vanthu@☃.vn", "vanthu@xn--a.vn",
    "vanthu@a\u00adb.vn",
    "Lan <lan@example.vn>", "lan@example.vn, nam@example.vn", "lan@example.vn\r\nBcc: x@example.vn",
    "\ud800@x.vn",
    "a" * 65 + "@example.vn", "a@" + ".".join(["b" * 60] * 5) + ".vn", "", "@", "lan@",
    "@example.vn", "x" * 10_000,
]  # fmt: skip


@pytest.mark.parametrize("text", UNMAILABLE, ids=range(len(UNMAILABLE)))
def test_F1_what_no_relay_can_be_given_is_no_address(text: str) -> None:
    with pytest.raises(InvalidInput, match="no mail address") as told:
        MailAddress.parse(text, "contact")
    assert told.value.field == "contact"
    assert not can_be_mailed(text)
    assert address_key(text) == text.strip().lower()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("o'brien@example.vn", "o'brien@example.vn"),
        ("a+b=c!#$%&*/?^_`{|}~-@example.vn", "a+b=c!#$%&*/?^_`{|}~-@example.vn"),
        ("  Van.Thu@Example.VN ", "Van.Thu@example.vn"),
        ("can-bo@faß.de", "can-bo@xn--fa-hia.de"),
        ("can-bo@FASS.de", "can-bo@fass.de"),
        ("lan@Tỉnh.Example", "lan@xn--tnh-dlz.example"),
        ("lan@xn--tnh-dlz.example", "lan@xn--tnh-dlz.example"),
        ("lan@mail。example.vn", "lan@mail.example.vn"),
        ("root@localhost", "root@localhost"),
        ("Lan@Mail.Local", "Lan@mail.local"),
        ("lan@xã.local", "lan@xn--x-yfa.local"),
        ("lan@xa.test", "lan@xa.test"),
        ("a@1.2.vn", "a@1.2.vn"),
    ],
)
def test_F1_what_can_be_mailed_is_taken_and_its_domain_is_its_owners(text: str, shown: str) -> None:
    found = MailAddress.parse(text)
    assert str(found) == shown
    assert found.key == shown.lower() == address_key(text)
    assert MailAddress.parse(shown) == found


@given(st.from_regex(values._PLAIN, fullmatch=True))
def test_F1_the_short_way_takes_what_the_library_takes_and_nothing_else(text: str) -> None:
    if text.rpartition(".")[2].lower() not in values._SPECIAL:
        assert values._parse_address(text) == values._judge(text)


def test_a_start_with_plain_addresses_does_without_the_library() -> None:
    """It takes a tenth of a second to import, which every command would pay."""
    code = (
        "import sys; from service.settings import load; load(None, {'LOA_OPERATOR__EMAIL': "
        "'phong@example.vn'});"
        "assert 'email_validator' not in sys.modules and 'idna' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@given(st.text() | st.from_regex(r"[^@]{0,20}@[^@]{0,20}", fullmatch=True))
def test_F1_an_address_is_refused_or_is_plain_ascii_that_parses_to_itself(text: str) -> None:
    try:
        found = MailAddress.parse(text)
    except InvalidInput:
        return
    assert str(found).isascii() and str(found).isprintable() and " " not in str(found)
    assert MailAddress.parse(str(found)) == found


def test_an_address_of_an_older_loa_is_found_under_the_key_it_was_kept_by() -> None:
    assert address_keys("Can-Bo@Faß.de") == {"can-bo@xn--fa-hia.de", "can-bo@faß.de"}
    assert address_keys("can-bo@xn--fa-hia.de") == {"can-bo@xn--fa-hia.de", "can-bo@faß.de"}
    assert address_keys("Văn.Thư@x.vn") == {"văn.thư@x.vn"}
    assert address_keys("a..b@xn--a.vn") == {"a..b@xn--a.vn"}


def test_contacts_keep_their_order_and_each_person_is_there_once() -> None:
    assert parse_contacts(["b@x.vn", "A@x.vn", "a@X.vn"], "contact") == ("b@x.vn", "A@x.vn")
    with pytest.raises(InvalidInput, match=r"^contacts: 'x' is no mail address"):
        parse_contacts(["b@x.vn", "x"], "contacts")


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("loa@example.vn", "", "loa@example.vn"),
        ("<loa@example.vn>", "", "loa@example.vn"),
        ("Bản tin  Loa <loa@Example.vn>", "Bản tin Loa", "loa@example.vn"),
        ('"Loa, \\"xã\\"" <loa@localhost>', 'Loa, "xã"', "loa@localhost"),
    ],
)
def test_a_sender_is_a_name_and_an_address(text: str, name: str, address: str) -> None:
    box = Mailbox.parse(text)
    assert (box.name, str(box.address)) == (name, address)


@pytest.mark.parametrize(
    "text",
    ["Loa <vănthư@example.vn>", "Loa", "Loa <loa@example.vn> x", "a <b@x.vn> <c@x.vn>",
    "Loa\n<loa@x.vn>", "Loa <>",
     "\u202eLoa <loa@x.vn>", "x" * 401],
    ids=range(8),
)  # fmt: skip
def test_F1_a_sender_that_cannot_write_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"^email\.from"):
        Mailbox.parse(text, "email.from")


@pytest.mark.parametrize(
    "url",
    ["http://x", "smtp://", "smtp://h:99999", "smtp://h:0", "smtp://h/x", "smtp://h#x",
    "smtp://h?tls=1",
     "smtp://h?starttls=yes", "smtp://h?starttls=1&starttls=0", "smtp://h?starttls", "smtp://a b",
     "smtp://a..b",
     "smtp://u:hunter2%0d%0a@h", "smtp://[::1", "smtp://☃.vn"],
)  # fmt: skip
def test_a_relay_that_is_none_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(InvalidInput, match="smtp_url") as told:
        Relay.parse(url)
    assert "hunter2" not in str(told.value)


def test_a_relay_is_read_whole() -> None:
    relay = Relay.parse("smtp://u%40x:p%2Fw@relay.example?starttls=1")
    assert relay == Relay("relay.example", 587, "u@x", "p/w", is_starttls=True)
    assert "p/w" not in repr(relay)
    assert Relay.parse("smtps://h?starttls=1") == Relay("h", 465, is_tls=True)
    assert Relay.parse("smtp://[::1]:2525/") == Relay("::1", 2525)
    assert Relay.parse("smtp://faß.tỉnh.vn").host == "xn--fa-hia.xn--tnh-dlz.vn"


@pytest.mark.parametrize(
    ("text", "host"), [("LOA_web", "loa_web"), ("faß.de", "xn--fa-hia.de"), ("::1", "::1")]
)
def test_a_host_is_what_a_resolver_is_asked_for(text: str, host: str) -> None:
    assert parse_host(text) == host


@pytest.mark.parametrize("text", ["", "a..b", "-a", "a" * 64, "a b", ".".join(["a" * 60] * 5)])
def test_what_no_resolver_can_be_asked_for_is_no_host(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_host(text)


def test_a_line_is_shown_as_it_was_meant() -> None:
    assert parse_line("  UBND\u00a0xã \u200b Quảng  Ninh ", "name") == "UBND xã Quảng Ninh"
    assert parse_line("Qua\u0309ng", "name") == "Quảng"
    assert parse_line("", "name") == ""


@pytest.mark.parametrize(
    "text", ["a\nb", "a\x00", "a\u202eb", "a\u2066b", "a\x85b", "a\u2028b", "a\ud800", "x" * 201]
)
def test_a_line_that_would_break_or_deceive_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"^name: "):
        parse_line(text, "name")


def test_what_breaks_a_line_is_known_where_it_is_kept_as_it_came() -> None:
    assert values.has_breaks("a\u202eb") and not values.has_breaks("a\u200bb")


def test_a_line_that_must_be_there_is_not_empty() -> None:
    with pytest.raises(InvalidInput, match="is empty"):
        parse_line(" \u200b ", "name", is_required=True)


@pytest.mark.parametrize(
    ("text", "zone", "utc"),
    [
        ("2026-11-23T08:00:00+07:00", None, "2026-11-23T01:00:00Z"),
        ("2026-11-23t08:00:00.250z", None, "2026-11-23T08:00:00.250000Z"),
        ("2026-11-23 08:00Z", None, "2026-11-23T08:00:00Z"),
        (" 2026-11-23T08:00 ", HANOI, "2026-11-23T01:00:00Z"),
        ("2026-11-23", HANOI, "2026-11-22T17:00:00Z"),
        ("2026-11-23T08:00:00-05:00", HANOI, "2026-11-23T13:00:00Z"),
    ],
)
def test_an_instant_is_read_in_its_own_offset_or_the_zone_that_is_given(
    text: str, zone: ZoneInfo | None, utc: str
) -> None:
    assert rfc3339(parse_instant(text, "since", zone)) == utc


@pytest.mark.parametrize("zone", [None, HANOI], ids=["without", "with"])
@pytest.mark.parametrize(
    "text",
    ["", "now", "1764000000", "2026-11-31", "2026-11-23T24:01Z", "20261123T080000Z", "2026-W48-1",
    "2026-11-23Z",
     "2026-11-23+07:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-12:00",
     "٢٠٢٦-11-23T08:00:00Z",
     "1" * 10_000],
    ids=range(13),
)  # fmt: skip
def test_what_is_no_instant_is_refused_and_not_stumbled_over(
    text: str, zone: ZoneInfo | None
) -> None:
    with pytest.raises(InvalidInput, match=r"^since: "):
        parse_instant(text, "since", zone)


def test_an_instant_without_its_offset_is_none_where_no_zone_is_given() -> None:
    for text in ("2026-11-23T08:00:00", "2026-11-23"):
        with pytest.raises(InvalidInput):
            parse_instant(text, "since", None)


def test_F4_F5_a_locale_is_a_language_and_a_clock_and_neither_has_a_default() -> None:
    with pytest.raises(TypeError):
        Locale()  # type: ignore[call-arg]  # that is what is asserted
    locale = Locale("vi", HANOI)
    assert locale.to("en") == Locale("en", HANOI) and locale.to("fr") == locale
    late = datetime(2026, 11, 22, 18, tzinfo=UTC)
    assert locale.day(late) == date(2026, 11, 23) and locale.at(late).hour == 1
    assert parse_zone("Europe/Paris") == ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    "name",
    ["Asia/Hanoi", "", "../../etc/passwd", "/etc/passwd", "x\x00", "x" * 5_000, "Asia"],
    ids=range(7),
)
def test_F4_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="no time zone"):
        parse_zone(name)
