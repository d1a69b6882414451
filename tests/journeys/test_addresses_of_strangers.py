"""Every door at which somebody names an address, and every way by which a page leads us on: none
leads to what is inside, however it is written (S6, D5, S12). Each door has an address that passes."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from service.alerts.chat_address import PLUGINS
from service.channels import CHAT, WEBSUB, kind_of
from service.delivery.chat_process import _may_dial
from service.delivery.guard import is_allowed
from service.errors import InvalidInput, PortalError
from service.portals.fetch import Fetcher
from service.portals.probe import probe_page
from service.settings import ListingConfig
from service.web.api import api_subscriptions
from service.web.auth import WRITES
from service.web.server.limits import Limit
from tests.fakes import FakeClock
from tests.fakes_web import PUBLIC_URL, Web, make_web
from tests.hostile import HostilePortal, MemoryGate, Request, quick_polling, reply

INSIDE = [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "017700000001",
    "0177.0.0.1", "0.0.0.0", "0", "localhost", "localhost.", "LOCALHOST", "a.localhost", "10.0.0.1",
    "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "2852039166", "0xa9fea9fe",
    "169.254.169.254.", "192.0.0.192", "198.18.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1",
    "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:169.254.169.254]",
    "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::a9fe:a9fe]",
    "[2002:7f00:1::]", "[2002:a9fe:a9fe::]", "[2001:0:7f00:1::]", "[fe80::1]", "[fe80::1%25eth0]",
    "[fc00::1]", "[fd00:ec2::254]", "[fec0::1]", "[ff02::1]", "127。0。0。1", "１２７.0.0.1", "①②⑦.⓪.⓪.①",
    "metadata.google.internal", "db.internal", "printer.local", "intranet", "x@127.0.0.1",
    "example.vn@127.0.0.1", "127.0.0.1#@example.vn", "127.0.0.1\\@example.vn", "[::1", "",
]  # fmt: skip
SCHEMES = [
    "file:///etc/passwd", "gopher://127.0.0.1:6379/_INFO", "dict://127.0.0.1:11211/", "ftp://example.vn/",
    "ldap://127.0.0.1/", "javascript:alert(1)", "data:text/html,x", "jar:https://example.vn!/x",
    "unix:///run/x.sock", "//127.0.0.1/", "http:127.0.0.1", "https:/127.0.0.1", "view-source:http://x",
]  # fmt: skip
PORTS = [22, 25, 53, 110, 143, 389, 445, 2375, 3306, 5432, 6379, 9200, 11211, 27017]
NAMED = [
    *(f"https://{host}/x" for host in INSIDE), *SCHEMES,
    *(f"https://example.vn:{port}/x" for port in PORTS), "https://user:word@example.vn/x",
    "https://example.vn\r\nHost: x/", "https://example.vn/x\r\nX: y",
]  # fmt: skip
PASSES = "https://nhan.example.vn/x"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    url = f"sqlite:///{tmp_path_factory.mktemp('addresses') / 'loa.db'}"
    with pytest.MonkeyPatch.context() as patch:  # what is tried here is not the limits
        patch.setattr(api_subscriptions, "QUESTIONS_OF_A_UNIT", 10**9)
        patch.setattr(api_subscriptions, "QUESTIONS_TO_A_HOST", 10**9)
        made = make_web(url, FakeClock())
    made.app.extensions[WRITES] = Limit(10**9, 60, lambda: 0.0)
    yield made
    made.loa.close()


# --- addresses that are written down --------------------------------------------------------------


def _webhook(web: Web, url: str) -> int:
    body = {"channel": "webhook", "target": url, "confirmed": True, "unit": web.unit_id}
    return web.client.post("/api/v1/subscriptions", json=body, headers=web.operator).status_code


def _units_webhook(web: Web, url: str) -> int:
    body = {"channel": "webhook", "target": url}
    return web.client.post("/api/v1/subscriptions", json=body, headers=web.unit).status_code


def _edited(web: Web, url: str) -> int:
    listed = web.client.get("/api/v1/subscriptions", headers=web.operator).get_json()["items"]
    key = next((one["id"] for one in listed if one["channel"] == "webhook"), None)
    if key is None:
        assert _webhook(web, "https://first.example.vn/x") == 201
        return _edited(web, url)
    path = f"/api/v1/subscriptions/{key}"
    return web.client.patch(path, json={"target": url}, headers=web.operator).status_code


def _callback(web: Web, url: str) -> int:
    form = {
        "hub.mode": "subscribe",
        "hub.topic": f"{PUBLIC_URL}/feeds/all.atom",
        "hub.callback": url,
    }
    return web.client.post("/hub", data=form).status_code


def _checked(web: Web, url: str) -> int:
    """An unsent channel's parser: the hub's."""
    try:
        kind_of(WEBSUB).parse(url, False)
    except InvalidInput:
        return 422
    return 200


WRITTEN: dict[str, Callable[[Web, str], int]] = {
    "a webhook of the operator's": _webhook,
    "a webhook of a unit's": _units_webhook,
    "a webhook that is changed": _edited,
    "a callback of the hub": _callback,
    "what the hub's channel takes": _checked,
}


@pytest.mark.parametrize("door", WRITTEN)
def test_S6_no_address_inside_is_taken_at_any_door_however_it_is_written(
    web: Web, door: str
) -> None:
    for url in NAMED:
        assert WRITTEN[door](web, url) in (400, 409, 422), url
    assert WRITTEN[door](web, PASSES) in (200, 201, 202)


@pytest.mark.parametrize(
    "topic", [PASSES, "https://127.0.0.1/feeds/all.atom", "file:///etc/passwd"]
)
def test_S6_the_hub_takes_no_topic_but_its_own(web: Web, topic: str) -> None:
    form = {"hub.mode": "subscribe", "hub.topic": topic, "hub.callback": PASSES}
    assert web.client.post("/hub", data=form).status_code in (400, 422)


@pytest.mark.parametrize("scheme", ["ntfys", "mmosts", "rockets", "matrixs", "gotifys"])
def test_S6_no_server_inside_is_taken_for_a_chat(scheme: str) -> None:
    assert scheme in PLUGINS
    hosts = [host for host in INSIDE if "@" not in host and host not in ("", "[::1")]
    for host in hosts:
        with pytest.raises(InvalidInput):
            kind_of(CHAT).parse(f"{scheme}://{host}/token-of-a-room", False)
    assert kind_of(CHAT).parse(f"{scheme}://chat.example.vn/token-of-a-room", False)


# --- names that turn, between the check and the call ----------------------------------------------

_DIALLED = [
    "127.0.0.1", "0.0.0.0", "10.0.0.1", "169.254.169.254", "100.64.0.1", "::1", "::", "fe80::1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "fd00::1",
    "2001:0:7f00:1::", "224.0.0.1", "fec0::1",
]  # fmt: skip


class _Opened:
    def __init__(self, family: int) -> None:
        self.family = family


@pytest.mark.parametrize("address", _DIALLED)
def test_D5_what_a_name_turns_into_is_asked_where_it_is_dialled(
    clock: FakeClock, address: str
) -> None:
    """Webhooks and the hub by the guard, chats by the fence of their process, portals by the dial:
    all of the address itself, after every look-up."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    assert not is_allowed([address], allow_private_networks=False)
    assert not is_allowed(["93.184.215.14", address], allow_private_networks=False)
    assert not _may_dial((_Opened(family), (address, 443)))
    with HostilePortal() as site:
        answers = iter([("127.0.0.1", socket.AF_INET)] * 3 + [(address, family)] * 99)

        def resolve(host: str, port: int) -> list[tuple[Any, ...]]:
            if host == "127.0.0.1":
                return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]
            next(answers)
            return [(family, socket.SOCK_STREAM, 6, "", (address, site.port))]

        fetcher = Fetcher(quick_polling(), MemoryGate(), clock, resolve=resolve)
        with contextlib.closing(fetcher), pytest.raises(PortalError, match="private network"):
            fetcher.get(f"http://tin.example.vn:{site.port + 1}/", portal=site.portal())
        assert site.requests == []


def test_D5_public_addresses_are_dialled() -> None:
    """By which it is known that the guards above let anything pass."""
    for address, family in (("93.184.215.14", socket.AF_INET), ("2606:4700::1", socket.AF_INET6)):
        assert is_allowed([address], allow_private_networks=False)
        assert _may_dial((_Opened(family), (address, 443)))


@pytest.mark.parametrize("host", ["169.254.169.254", "0.0.0.0", "[fe80::1]", "[::]", "224.0.0.1"])
def test_S6_not_even_who_writes_a_portal_down_means_what_a_cloud_tells_its_machines(
    clock: FakeClock, host: str
) -> None:
    """A portal may be on a private network; none is at these, and one whose name turns into them is
    not asked."""
    with HostilePortal() as site:
        address, family = host.strip("[]"), socket.AF_INET6 if ":" in host else socket.AF_INET

        def resolve(_host: str, _port: int) -> list[tuple[Any, ...]]:
            return [(family, socket.SOCK_STREAM, 6, "", (address, site.port))]

        fetcher = Fetcher(quick_polling(), MemoryGate(), clock, resolve=resolve)
        url = f"http://cong.example.vn:{site.port}"
        portal = site.portal(base_url=url, listings=(ListingConfig(url=f"{url}/list"),))
        with contextlib.closing(fetcher), pytest.raises(PortalError, match="private network"):
            fetcher.get(f"{url}/list", portal=portal)
        assert site.requests == []


# --- where pages lead -----------------------------------------------------------------------------

ROWS = "".join(
    f'<li><a href="/tin/bai-{n}.html">Thông báo số {n} về lịch tiếp công dân</a> '
    f"<span>{n + 1:02}/11/2026</span></li>"
    for n in range(12)
)
FEED = (
    '<?xml version="1.0"?><rss version="2.0"><channel><item><title>Thông báo</title>'
    "<link>https://x.example/a</link><pubDate>Mon, 23 Nov 2026 03:00:00 GMT</pubDate></item></channel></rss>"
)


def _redirected(target: str) -> bytes:
    return reply(status="302 Found", Location=target)


def _refreshed(target: str) -> bytes:
    return reply(f'<meta http-equiv="refresh" content="0;url={target}">')


def _by_field(target: str) -> bytes:
    return reply("x", Refresh=f"0; url={target}")


LEADS: dict[str, Callable[[str], bytes]] = {
    "a redirect": _redirected, "a refresh in the page": _refreshed, "a refresh of its header": _by_field,
}  # fmt: skip


@pytest.mark.parametrize("lead", LEADS)
def test_S6_no_page_leads_inside(clock: FakeClock, lead: str) -> None:
    fetcher = Fetcher(quick_polling(), MemoryGate(), clock)
    with HostilePortal() as site, HostilePortal() as inner, contextlib.closing(fetcher):
        targets = [f"http://{host}:{inner.port}/x" for host in INSIDE] + [
            one for one in SCHEMES if one.partition("://")[2]
        ]
        for target in (*targets, f"//127.0.0.1:{inner.port}/x", f"\\\\127.0.0.1:{inner.port}/x"):
            if not target.isascii():
                continue
            site.answers["/list"] = LEADS[lead](target)
            with contextlib.suppress(PortalError):
                fetcher.get(f"{site.url}/list", portal=site.portal())
        assert inner.requests == []
        site.answers |= {"/list": LEADS[lead]("/there"), "/there": reply("there")}
        page = fetcher.get(f"{site.url}/list", portal=site.portal())
        assert page is not None and page.body == b"there"


def test_S6_a_chain_of_redirects_is_judged_at_each_step(clock: FakeClock) -> None:
    fetcher = Fetcher(quick_polling(), MemoryGate(), clock)
    with HostilePortal() as site, HostilePortal() as inner, contextlib.closing(fetcher):
        for n in range(4):
            site.answers[f"/{n}"] = _redirected(f"/{n + 1}")
        site.answers["/4"] = _redirected(f"{inner.url}/x")
        with pytest.raises(PortalError):
            fetcher.get(f"{site.url}/0", portal=site.portal())
        assert inner.requests == [] and site.paths()[-1] == "/4"


def test_S6_no_link_to_a_file_leads_inside(clock: FakeClock) -> None:
    fetcher = Fetcher(quick_polling(), MemoryGate(), clock)
    with HostilePortal() as site, HostilePortal() as inner, contextlib.closing(fetcher):
        for host in INSIDE:
            url = f"http://{host}:{inner.port}/x.pdf"
            with pytest.raises((PortalError, ValueError)):
                fetcher.download(url, portal=site.portal(), cap=1000)
            with pytest.raises((PortalError, ValueError)):
                fetcher.head(url, portal=site.portal())
        assert inner.requests == []
        site.answers["/x.pdf"] = reply("%PDF-1.7")
        assert fetcher.download(f"{site.url}/x.pdf", portal=site.portal(), cap=1000).body


@pytest.mark.parametrize("is_feed", [True, False])
def test_S6_a_probe_follows_what_a_page_names_no_further_than_any_link(
    clock: FakeClock, is_feed: bool
) -> None:
    """The page that somebody typed in names a feed, or its first post, at another port: both were
    fetched once as if he had typed them in too."""
    fetcher = Fetcher(quick_polling(), MemoryGate(), clock)
    with HostilePortal() as site, HostilePortal() as inner, contextlib.closing(fetcher):

        def asked(_: Request) -> bytes:
            return reply(FEED, Content_Type="application/rss+xml")

        inner.answers["/feed"] = inner.answers["/tin/bai-0.html"] = asked
        named = f'<link rel="alternate" type="application/rss+xml" href="{inner.url}/feed">'
        rows = ROWS.replace('"/tin/', f'"{inner.url}/tin/')
        site.answers["/list"] = reply(
            f"<html><head>{named if is_feed else ''}</head><body><ul>{ROWS if is_feed else rows}</ul>"
        )
        with contextlib.suppress(PortalError):
            probe_page(fetcher, f"{site.url}/list")
        assert inner.requests == []
        site.answers["/feed"] = asked
        site.answers["/list"] = reply(
            f"<html><head>{named.replace(inner.url, '')}</head><ul>{ROWS}</ul>"
        )
        assert probe_page(fetcher, f"{site.url}/list").feed == f"{site.url}/feed"


@pytest.mark.parametrize(
    "address", [*SCHEMES, "x@127.0.0.1", "http://a:b@127.0.0.1/", "", "http://["]
)
def test_S6_a_probe_asks_for_nothing_but_a_page_of_the_web(clock: FakeClock, address: str) -> None:
    def resolve(host: str, _port: int) -> list[tuple[Any, ...]]:
        raise socket.gaierror(socket.EAI_NONAME, f"asked for {host}")

    fetcher = Fetcher(quick_polling(), MemoryGate(), clock, resolve=resolve)
    with contextlib.closing(fetcher), pytest.raises((PortalError, InvalidInput)):
        probe_page(fetcher, address)
