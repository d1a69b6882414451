"""What a page may make us fetch (S6): files of the portal's site, no other port, no stranger; and
what a file is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import ValidationError

from service.errors import FetchError
from service.portals.addresses import refuse_redirect
from service.portals.fetch import Fetcher
from service.portals.file_kinds import file_kind_of
from service.portals.same_site import (
    refuse_address,
    refuse_file,
    registered_domain,
    trusted_origins,
)
from service.settings import ListingConfig, PortalConfig
from service.words import code_of, say
from tests.fakes import FakeClock
from tests.hostile import HostilePortal, MemoryGate, quick_polling, reply


def portal(base: str = "https://www.huyen.thanhhoa.gov.vn", *hosts: str) -> PortalConfig:
    listings = (ListingConfig(url=f"{base}/tin"),)
    return PortalConfig(id="h", name="H", base_url=base, listings=listings, file_hosts=hosts)


def why(check: Callable[[str, PortalConfig], None], url: str, of: PortalConfig) -> str:
    try:
        check(url, of)
    except FetchError as error:
        for language in ("vi", "en"):
            assert "?" not in say(error.reason, language).replace(url, "")
        return code_of(error.reason)
    return ""


@pytest.mark.parametrize(
    ("url", "page", "file"),
    [
        ("https://www.huyen.thanhhoa.gov.vn/a.pdf", "", ""),
        ("https://huyen.thanhhoa.gov.vn./a.pdf", "", ""),
        ("http://HUYEN.thanhhoa.gov.vn/a.pdf", "", ""),
        ("https://static.thanhhoa.gov.vn/a.pdf", "", ""),
        ("https://static.thanhhoa.gov.vn:8443/a.pdf", "", "fetch.another_port"),
        ("https://huyen.thanhhoa.gov.vn:8443/a.pdf", "fetch.another_port", "fetch.another_port"),
        ("http://huyen.thanhhoa.gov.vn:8080/a.pdf", "fetch.another_port", "fetch.another_port"),
        ("http://huyen.thanhhoa.gov.vn:6379/a.pdf", "fetch.bad_port", "fetch.bad_port"),
        ("http://nghean.gov.vn/a.pdf", "", "file.other_site"),
        ("http://gov.vn/a.pdf", "", "file.other_site"),
        ("http://thanhhoa.gov.vn.stranger.example/a.pdf", "", "file.other_site"),
        ("http://stranger.example:22/a.pdf", "fetch.bad_port", "fetch.bad_port"),
        ("http://stranger.example:25/a.pdf", "fetch.bad_port", "fetch.bad_port"),
        ("http://stranger.example:6379/a.pdf", "fetch.bad_port", "fetch.bad_port"),
        ("http://stranger.example:11211/a.pdf", "fetch.bad_port", "fetch.bad_port"),
        ("http://203.0.113.7/a.pdf", "", "file.other_site"),
        ("http://[2001:db8::1]:9200/a.pdf", "fetch.bad_port", "fetch.bad_port"),
        ("ftp://huyen.thanhhoa.gov.vn/a.pdf", "fetch.not_http", "fetch.not_http"),
        ("http://u:p@huyen.thanhhoa.gov.vn/a.pdf", "fetch.not_http", "fetch.not_http"),
    ],
)
def test_S6_what_a_page_links_to_is_asked_only_where_the_operator_pointed(
    url: str, page: str, file: str
) -> None:
    assert (why(refuse_address, url, portal()), why(refuse_file, url, portal())) == (page, file)


def test_S6_the_operator_may_name_ports_and_hosts_of_files() -> None:
    own = portal("http://10.0.0.5:8080", "kho.example", "10.0.0.6:9000", "kho2.example:8443")
    allowed = (
        "http://10.0.0.5:8080/a", "http://kho.example/a", "https://kho.example/a",
        "http://10.0.0.6:9000/a",
        "https://kho2.example:8443/a",
    )  # fmt: skip
    assert [why(refuse_file, url, own) for url in allowed] == [""] * 5
    refused = {
        "http://10.0.0.5/a": "fetch.another_port",
        "http://10.0.0.5:6379/a": "fetch.bad_port",
        "http://10.0.0.6:9001/a": "fetch.another_port",
        "http://10.0.0.7:8080/a": "file.other_site",
        "https://kho2.example/a": "fetch.another_port",
        "http://x.kho.example:8080/a": "fetch.another_port",
    }
    assert {url: why(refuse_file, url, own) for url in refused} == refused
    assert ("10.0.0.5", 6379) not in trusted_origins(own) and ("10.0.0.5", 8080) in trusted_origins(
        own
    )
    odd = portal("http://10.0.0.5:10080")  # his own word, of a port that no page may name
    assert why(refuse_file, "http://10.0.0.5:10080/a", odd) == ""
    with pytest.raises(ValidationError, match="file_hosts"):
        portal("http://10.0.0.5", "https://kho.example/")


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("www.huyen.thanhhoa.gov.vn", "thanhhoa.gov.vn"),
        ("chinhphu.vn", "chinhphu.vn"),
        ("datafiles.chinhphu.vn", "chinhphu.vn"),
        ("a.b.thanhhoa.vn", "b.thanhhoa.vn"),
        ("thanhhoa.vn", "thanhhoa.vn"),
        ("x.y.example.com", "example.com"),
        ("x.co.uk", "x.co.uk"),
        ("a.x.co.uk", "x.co.uk"),
        ("tin.xa.blogspot.com", "xa.blogspot.com"),  # of one provider, and strangers to each other
        ("a.xa.gov.in", "xa.gov.in"),
        ("files.xa.city.kawasaki.jp", "city.kawasaki.jp"),
        ("a.b.noi-bo", "b.noi-bo"),
        ("gov.vn", "gov.vn"),
        ("localhost", "localhost"),
        ("10.1.2.3", "10.1.2.3"),
        ("2001:db8::1", "2001:db8::1"),
    ],
)
def test_S6_a_site_is_what_somebody_registered(host: str, site: str) -> None:
    assert registered_domain(host) == site


@pytest.mark.parametrize(
    ("source", "target", "reason"),
    [
        ("http://a.vn:8080/x", "https://a.vn:6379/x", "redirect.another_port"),
        ("http://a.vn/x", "https://a.vn:8443/x", "redirect.another_port"),
        ("http://a.vn:8080/x", "http://a.vn:22/x", "redirect.another_port"),
        ("http://a.vn/x", "https://www.a.vn/x", None),
        ("http://a.vn:8080/x", "https://a.vn/x", None),
    ],
)
def test_S6_redirects_obey_the_same(source: str, target: str, reason: str | None) -> None:
    assert refuse_redirect(source, target) == reason


def fetcher() -> Fetcher:
    return Fetcher(quick_polling(), MemoryGate(), FakeClock())


def test_S6_another_port_of_this_machine_hears_nothing_of_us() -> None:
    with HostilePortal() as site, HostilePortal() as other:
        other.answers["/a.pdf"] = reply(b"%PDF-1.4", Content_Type="application/pdf")
        site.answers["/b.pdf"] = reply(status="302 Found", Location=other.url + "/a.pdf")
        site.answers["/c.pdf"] = reply(b"%PDF-1.4", Content_Type="application/pdf")
        made, own = fetcher(), site.portal()
        for ask in (
            lambda: made.download(other.url + "/a.pdf", portal=own, cap=1000),
            lambda: made.head(other.url + "/a.pdf", portal=own),
            lambda: made.get(other.url + "/a.pdf", portal=own),
            lambda: made.download(site.url + "/b.pdf", portal=own, cap=1000),
        ):
            with pytest.raises(FetchError):
                ask()
        assert (other.requests, other.connections) == ([], 0)
        assert made.download(site.url + "/c.pdf", portal=own, cap=1000).body == b"%PDF-1.4"
        made.close()


KINDS = {
    b"%PDF-1.7 x": "pdf",
    b"\xef\xbb\xbf\r\n%PDF-1.4": "pdf",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest": "ole",
    b"PK\x03\x04rest": "zip",
    b"PK\x05\x06rest": "zip",
    b"Rar!\x1a\x07\x01\0": "rar",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"{\\rtf1": "rtf",
    b"\xff\xd8\xff\xe0": "jpeg",
    b"\x89PNG\r\n\x1a\n": "png",
    b"GIF89a": "gif",
    b"GIF87a": "gif",
    b"II*\0": "tiff",
    b"MM\0*": "tiff",
    b"RIFF\x01\0\0\0WEBPVP8 ": "webp",
}
NO_KINDS = (
    b"", b"MZ\x90\0", b"\x7fELF", b"<html>", b"<!DOCTYPE html>%PDF-1.4", b"#!/bin/sh\n",
    b"RIFF\x01\0\0\0WAVE",
    b"\xca\xfe\xba\xbe", b"x" * 2000 + b"%PDF-1.4", b"%!PS-Adobe", b"just words",
    b"<svg xmlns='x'>", b"PK",
)  # fmt: skip


def test_S6_a_file_is_told_by_its_first_bytes() -> None:
    assert {head: file_kind_of(head) for head in KINDS} == KINDS
    assert [file_kind_of(head) for head in NO_KINDS] == [None] * len(NO_KINDS)
