"""Where a webhook may go: every form of faults.md D5."""

from __future__ import annotations

import pytest

from service.alerts.target import host_of, is_public, parse_target
from service.errors import InvalidInput
from service.portals.addresses import is_public_ip as is_public_to_portals


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::1]", "127.1", "0", "2130706433", "0x7f000001", "017700000001",
    "[::ffff:127.0.0.1]",
     "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::127.0.0.1]", "100.64.0.1", "169.254.169.254",
     "224.0.0.1",
     "①②⑦.⓪.⓪.①", "localhost.", "localhost", "10.0.0.1", "[fe80::1%25lo]", "127.0.0.1.", "intranet",
     "user@example.vn", "user:pass@example.vn", "example.vn:25", "example.vn:5432",
     "example.vn:6379", "",
     "exa mple.vn"],
)  # fmt: skip
def test_D5_a_target_that_may_not_be_sent_to_is_refused_when_it_is_added(host: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_target(f"https://{host}/hook")
    assert refused.value.field == "url"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.vn/",
        "ftp://example.vn/",
        "file:///etc/passwd",
        "gopher://a.vn",
        "//a.vn/",
        "a",
    ],
)
def test_D5_only_https_is_taken(url: str) -> None:
    with pytest.raises(InvalidInput):
        parse_target(url)


def test_a_target_is_taken_apart_with_its_keys() -> None:
    target = parse_target("https://Vanban.Example.VN./hook/đến?a=1")
    assert (target.host, target.port) == ("vanban.example.vn", 443)
    assert target.host_key == "https://vanban.example.vn:443"
    assert target.endpoint_key == "https://vanban.example.vn:443/hook/%C4%91%E1%BA%BFn"
    assert target.url == "https://vanban.example.vn/hook/%C4%91%E1%BA%BFn?a=1"


@pytest.mark.parametrize(
    "url",
    ["https://example.vn:port/", "https://[::1", "https://example.vn:99999/",
    "https://example.vn/#part",
     "https://xn--zzzz--.vn/", "https://-a.vn/", "https://a..vn/", "https://" + "a" * 64 + ".vn/",
     "https://☃️\u200d.vn/", "https://1.2.3.999/", "https://[fe80::zz]/",
     "https://a.vn/" + "x" * 2000],
    ids=ascii,
)  # fmt: skip
def test_what_is_no_address_of_the_web_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_target(url)
    assert refused.value.field == "url"


def test_a_name_in_another_script_is_taken_as_it_goes_over_the_wire() -> None:
    host = parse_target("https://văn-bản.vn/hook").host
    assert host.isascii()
    assert host.removesuffix(".vn").encode().decode("idna") == "văn-bản"


@pytest.mark.parametrize(
    "host",
    ["127。0。0。1", "10。1。2。3", "169．254．169．254", "10｡1｡2｡3", "１２７.0.0.1", "127.0.0.１", "①②⑦。⓪．⓪｡①",
     "8。8。8。8",
     "0x7f。1", "127。1", "localhost。", "db。internal", "example。vn", "127․0․0․1", "127﹒0﹒0﹒1",
     "٣.0.0.1", "intranet。"],
    ids=ascii,
)  # fmt: skip
@pytest.mark.parametrize("is_closed", [False, True])
def test_S12_a_host_with_other_dots_or_digits_is_refused_when_it_is_added(
    host: str, is_closed: bool
) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_target(f"https://{host}/hook", allow_private_networks=is_closed)
    assert refused.value.field == "url"


SPECIAL = [
    "0.0.0.0", "0.255.255.255", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.255.255.255",
    "169.254.0.1",
    "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.8", "192.0.0.9", "192.0.0.170",
    "192.0.2.1", "192.88.99.0",
    "192.88.99.1", "192.88.99.2", "192.88.99.255", "192.168.0.1", "198.18.0.1", "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::ffff:8.8.8.8", "::8.8.8.8", "64:ff9b::808:808", "64:ff9b:1::808:808", "100::1",
    "100:0:0:1::1",
    "2001::1", "2001:1::1", "2001:1::2", "2001:2::1", "2001:3::1", "2001:4:112::1", "2001:10::1",
    "2001:20::1",
    "2001:30::1", "2001:db8::1", "2002:808:808::1", "3fff::1", "3fff:fff:ffff::1", "4000::1",
    "5f00::1", "fc00::1",
    "fdff::1", "fe80::1", "febf::1", "fec0::1", "feff::1", "ff02::1", "ff0e::1", "1000::1",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.0.1.1",
    "192.88.98.255",
    "192.88.100.1", "198.17.0.1", "198.20.0.1", "223.255.255.255", "203.162.4.191", "2001:200::1",
    "2001:4860::1",
    "2001:df0::1", "2400:cb00::1", "2620:4f::1", "2a00:1450::1", "3ffe:ffff::1",
]  # fmt: skip


@pytest.mark.parametrize("address", SPECIAL)
def test_S12_no_special_purpose_address_of_ianas_registries_is_public(address: str) -> None:
    assert not is_public(address)
    assert not is_public_to_portals(address) or address == "::ffff:8.8.8.8"
    shown = f"[{address}]" if ":" in address else address
    with pytest.raises(InvalidInput):
        parse_target(f"https://{shown}/hook")


@pytest.mark.parametrize("address", PUBLIC)
def test_S12_every_other_address_is_public(address: str) -> None:
    assert is_public(address)
    assert is_public_to_portals(address)


def test_a_closed_network_may_be_allowed() -> None:
    assert parse_target("http://127.0.0.1:9000/h", allow_private_networks=True).port == 9000
    assert parse_target("http://localhost:9000/h", allow_private_networks=True).host == "localhost"


@pytest.mark.parametrize(
    ("address", "answer"),
    [("8.8.8.8", True), ("2606:4700::1111", True), ("::ffff:8.8.8.8", False),
    ("64:ff9b::808:808", False),
     ("2001:0:53aa:64c:0:fbff:ffff:fffe", False), ("ff02::1", False), ("::", False),
     ("0.0.0.0", False),
     ("240.0.0.1", False), ("nonsense", False)],
)  # fmt: skip
def test_only_addresses_of_the_public_network_are_anybodys(address: str, answer: bool) -> None:
    assert is_public(address) is answer


def test_others_are_shown_the_host_of_an_endpoint_and_never_its_path() -> None:
    assert host_of("https://nhan.example:8443/hook/secret?key=x") == "https://nhan.example:8443"
    assert host_of("https://nhan.example:443") == "https://nhan.example:443"
    assert host_of("smtp") == "smtp"
