"""Where a webhook may go: every form of faults.md D5."""

from __future__ import annotations

import pytest

from service.alerts.target import host_of, is_public, parse_target
from service.errors import InvalidInput


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::1]", "127.1", "0", "2130706433", "0x7f000001", "017700000001", "[::ffff:127.0.0.1]",
     "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::127.0.0.1]", "100.64.0.1", "169.254.169.254", "224.0.0.1",
     "①②⑦.⓪.⓪.①", "localhost.", "localhost", "10.0.0.1", "[fe80::1%25lo]", "127.0.0.1.", "intranet",
     "user@example.vn", "user:pass@example.vn", "example.vn:25", "example.vn:5432", "example.vn:6379", "",
     "exa mple.vn"],
)  # fmt: skip
def test_D5_a_target_that_may_not_be_sent_to_is_refused_when_it_is_added(host: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_target(f"https://{host}/hook")
    assert refused.value.field == "url"


@pytest.mark.parametrize(
    "url", ["http://example.vn/", "ftp://example.vn/", "file:///etc/passwd", "gopher://a.vn", "//a.vn/", "a"]
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
    ["https://example.vn:port/", "https://[::1", "https://example.vn:99999/", "https://example.vn/#part",
     "https://xn--zzzz--.vn/", "https://-a.vn/", "https://a..vn/", "https://" + "a" * 64 + ".vn/",
     "https://☃️\u200d.vn/", "https://1.2.3.999/", "https://[fe80::zz]/", "https://a.vn/" + "x" * 2000],
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


def test_a_closed_network_may_be_allowed() -> None:
    assert parse_target("http://127.0.0.1:9000/h", allow_private_networks=True).port == 9000
    assert parse_target("http://localhost:9000/h", allow_private_networks=True).host == "localhost"


@pytest.mark.parametrize(
    ("address", "answer"),
    [("8.8.8.8", True), ("2606:4700::1111", True), ("::ffff:8.8.8.8", False), ("64:ff9b::808:808", False),
     ("2001:0:53aa:64c:0:fbff:ffff:fffe", False), ("ff02::1", False), ("::", False), ("0.0.0.0", False),
     ("240.0.0.1", False), ("nonsense", False)],
)  # fmt: skip
def test_only_addresses_of_the_public_network_are_anybodys(address: str, answer: bool) -> None:
    assert is_public(address) is answer


def test_others_are_shown_the_host_of_an_endpoint_and_never_its_path() -> None:
    assert host_of("https://nhan.example:8443/hook/secret?key=x") == "https://nhan.example:8443"
    assert host_of("https://nhan.example:443") == "https://nhan.example:443"
    assert host_of("smtp") == "smtp"
