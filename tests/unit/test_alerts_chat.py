"""Addresses of chat services, what is shown of them, and what such a service is told."""

from __future__ import annotations

import json
from importlib import import_module

import pytest

from service.alerts.chat_address import PLUGINS, parse_chat
from service.alerts.chat_text import chat_text
from service.alerts.examples import EXAMPLE_TYPES, example_message
from service.errors import InvalidInput

TOKEN = "s3cr3t-T0ken"


def test_what_is_shown_of_an_address_holds_nothing_that_lets_one_write_there() -> None:
    for written, shown in {
        f"tgram://123456:{TOKEN}/-100{TOKEN}": "tgram://••••••",
        f"ZALO://{TOKEN}/{TOKEN}": "zalo://••••••",
        f"ntfys://{TOKEN}": "ntfys://••••••",
        f"ntfys://ntfy.example?to={TOKEN}": "ntfys://ntfy.example:443/••••••",  # a host: `to` is the topic
        f"ntfys://me:{TOKEN}@Ntfy.office.example/{TOKEN}": "ntfys://ntfy.office.example:443/••••••",
        f"jsons://bridge.example:8443/zalo?+Authorization={TOKEN}": "jsons://bridge.example:8443/••••••",
        f"mailtos://me:{TOKEN}@mail.example:587?to=a@b.example": "mailtos://mail.example:443/••••••",
        f"matrixs://me:{TOKEN}@[2606:4700::1]/#room": "matrixs://[2606:4700::1]:443/••••••",
    }.items():
        parsed = parse_chat(f" {written} ")
        assert parsed.shown == shown
        scheme, _, rest = written.partition("://")
        assert parsed.whole == f"{scheme.lower()}://{rest}"
        assert parsed.shown.startswith(parsed.place)
    assert (
        parse_chat("ntfy://127.0.0.1:99/t", allow_private_networks=True).place
        == "ntfy://127.0.0.1:99"
    )


def test_what_is_no_such_address_is_refused_without_being_repeated() -> None:
    for written, problem in {
        "": "bad.chat_address",
        f"{TOKEN}": "bad.chat_address",
        "tgram://": "bad.chat_address",
        f"tgram://{TOKEN} x": "bad.chat_address",
        f"tgram://{TOKEN}" + "x" * 2000: "bad.chat_address",
        f"jsons://[{TOKEN}/": "bad.chat_address",
        f"jsons://host.example:{TOKEN}/": "bad.chat_address",
        f"dbus://{TOKEN}": "bad.chat_service",  # does something on this machine
        f"macosx://{TOKEN}": "bad.chat_service",
        f"syslog://{TOKEN}": "bad.chat_service",
        f"file://{TOKEN}": "bad.chat_service",
        f"jsons://a.example/{TOKEN}?verify=no": "bad.chat_parameter",
        f"jsons://a.example/{TOKEN}?redirect=yes": "bad.chat_parameter",
        f"workflows://a.example/{TOKEN}/b?template=/etc/passwd": "bad.chat_parameter",
        f"ntfys://a.example/{TOKEN}?attach=/etc/passwd": "bad.chat_parameter",
        f"jsons://a.example/{TOKEN}?retry=9": "bad.chat_parameter",
        f"json://a.example/{TOKEN}": "bad.url_plain",
        f"jsons://127.0.0.1/{TOKEN}": "bad.url_private_address",
        f"jsons://169.254.169.254/{TOKEN}": "bad.url_private_address",
        f"jsons://0x7f.1/{TOKEN}": "bad.url_form",
        f"jsons://printer.local/{TOKEN}": "bad.url_private_host",
        f"jsons:///{TOKEN}": "bad.url_no_host",
    }.items():
        with pytest.raises(InvalidInput) as refused:
            parse_chat(written)
        assert refused.value.problem.startswith(problem), written
        assert TOKEN not in str(refused.value), written
        assert refused.value.field == "url"


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # its mail plugin's
def test_each_service_of_the_table_is_one_that_apprise_knows_by_that_scheme() -> None:
    for scheme, named in PLUGINS.items():
        module, _, name = named.partition(":")
        plugin = getattr(import_module(f"apprise.plugins.{module}"), name)
        known = (plugin.protocol, plugin.secure_protocol)
        assert any(scheme == one or scheme in (one or ()) for one in known), scheme


def test_a_message_is_a_line_a_few_facts_and_the_link() -> None:
    texts = {
        (kind, language): chat_text(json.loads(example_message(kind).body), language)
        for kind in EXAMPLE_TYPES
        for language in ("vi", "en")
    }
    new = texts["post.published", "vi"]
    assert new.title.startswith("[Cần xác nhận, hạn 02/02] Chỉ thị về việc")
    portal, link, receipt = new.body.splitlines()
    assert portal == "UBND huyện Quảng Xương · 06/CT-UBND"
    assert link.startswith("https://loa.example/posts/")
    assert receipt.startswith("Xác nhận đã nhận: https://loa.example/receipts/")
    assert texts["post.published", "en"].title.startswith("[To be acknowledged, due 2 Feb]")
    assert texts["receipt.reminder", "en"].title.startswith("Reminder to acknowledge: ")
    assert texts["receipt.reminder", "en"].body.startswith(
        "báo cáo trước ngày 02/02/2024\nhttps://"
    )
    assert texts["subscription.test", "vi"].title == "Loa: tin thử"
    assert all(len(one.title + one.body) < 1_000 for one in texts.values())


def test_without_a_document_or_a_receipt_nothing_is_said_of_them() -> None:
    message = json.loads(example_message("post.withdrawn").body)
    message["data"].update(document=None, receipt_url=None)
    said = chat_text(message, "en")
    assert said.body.splitlines() == ["UBND huyện Quảng Xương", message["data"]["archive_url"]]
