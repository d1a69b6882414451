"""What a mail says of a post and of why it came: what is known and nothing else, by names and never
by ids."""

from __future__ import annotations

from typing import Any

import pytest

from service.alerts.headers import mailbox
from service.alerts.mail import Letter, MailPart, Recipient, compose_letter, compose_mail
from service.alerts.mail_item import prepare
from service.alerts.reason import say_reason
from service.errors import InvalidInput
from service.values import MailAddress, Mailbox
from service.words import coded
from tests.mail_table import HANOI, SENDER, TO, bodies, build, parse, payload

LABELS = {"directives": {"vi": "Chỉ đạo điều hành", "en": "Directives"}}


def test_a_meeting_says_when_and_where_it_begins_and_who_calls_it() -> None:
    document = {"number": "12/GM-UBND", "issued_on": "2024-01-27", "issuer": "UBND huyện"}
    mail = parse(
        build(
            document=document,
            begins_at="2024-01-30T01:00:00Z",
            venue="Hội trường tầng 2",
            published_at=None,
        )
    )
    for body in bodies(mail):
        assert (
            "08:00 ngày 30/01/2024" in body and "Hội trường tầng 2" in body and "UBND huyện" in body
        )
        assert "Đăng lúc" not in body


def test_what_is_not_known_of_a_post_is_not_said() -> None:
    bare = {
        "document": None,
        "deadlines": [],
        "places": [],
        "attachments": [],
        "summary": "",
        "published_at": None,
    }
    for body in bodies(parse(build(**bare, urgency="normal", archive_url=None))):
        for label in (
            "Số, ký hiệu",
            "Ngày ban hành",
            "Thời hạn",
            "Địa bàn",
            "Tệp đính kèm",
            "Đọc tin",
            "Khẩn",
        ):
            assert label not in body
        assert "Xem trên cổng thông tin" in body


def test_a_post_without_any_web_address_has_no_link() -> None:
    text, html = bodies(parse(build(url="javascript:x", archive_url="", attachments=[])))
    assert "Xem trên cổng thông tin" not in text and "javascript" not in html


def test_a_withdrawn_post_says_that_its_archived_copy_stays() -> None:
    item = prepare({**payload(), "type": "post.withdrawn"}, HANOI, labels=LABELS)
    mail = parse(compose_mail(SENDER, "vi", TO, [MailPart(item, ())]))
    assert mail["Subject"].startswith("[HỎA TỐC] Đã gỡ: ")
    assert all("Cổng thông tin đã gỡ tin này" in body for body in bodies(mail))


def test_L13_a_post_that_was_told_late_says_so() -> None:
    for language, words in (("vi", "Đăng muộn"), ("en", "Posted late")):
        item = prepare(payload(is_late=True), HANOI.to(language), labels=LABELS)
        assert all(
            words in body
            for body in bodies(parse(compose_mail(SENDER, language, TO, [MailPart(item, ())])))
        )
    assert all("Đăng muộn" not in body for body in bodies(parse(build())))


def test_a_button_leads_to_the_web_or_is_none() -> None:
    letter = Letter("Xác nhận", "một", ("javascript:alert(1)", "Bấm vào đây"))
    assert "Bấm vào đây" not in bodies(parse(compose_letter(SENDER, "vi", TO, letter)))[1]


def test_a_mail_that_nobody_subscribed_to_offers_no_unsubscribing() -> None:
    to = Recipient("m1", "truc@huyen.example", TO.created_at)
    mail = parse(
        compose_letter(
            SENDER, "vi", to, Letter("Báo động", "một", links=(("https://loa.example/x", "Xem"),))
        )
    )
    assert mail["List-Unsubscribe"] is None
    assert (
        "Hủy đăng ký" not in bodies(mail)[0] and 'href="https://loa.example/x"' in bodies(mail)[1]
    )


@pytest.mark.parametrize("is_shared", [True, False])
def test_a_mail_of_several_posts_lists_them_and_says_shared_reasons_once(is_shared: bool) -> None:
    items = [prepare(payload(title=title), HANOI) for title in ("Tin một", "Tin hai")]
    parts = [
        MailPart(item, ("chung",) if is_shared else (f"riêng {n}",)) for n, item in enumerate(items)
    ]
    mail = parse(compose_mail(SENDER, "vi", TO, parts))
    text, html = bodies(mail)
    assert mail["Subject"] == "2 tin mới"
    first, second = (f"{n}. [HỎA TỐC, hạn 15/06] Tin {of}" for n, of in ((1, "một"), (2, "hai")))
    assert f"{first}\r\n{second}" in text and "<li" in html
    assert text.count("Vì sao nhận được thư này") == (1 if is_shared else 2)


@pytest.mark.parametrize(
    ("written", "header", "bare"),
    [
        ("loa@mail.example", b"loa@mail.example", "loa@mail.example"),
        ("Loa <loa@Mail.Example>", b'"Loa" <loa@mail.example>', "loa@mail.example"),
        (
            "Bản tin <loa@mail.example>",
            b"=?utf-8?B?QuG6o24gdGlu?= <loa@mail.example>",
            "loa@mail.example",
        ),
    ],
)
def test_a_sender_is_an_address_with_or_without_a_name(
    written: str, header: bytes, bare: str
) -> None:
    box = Mailbox.parse(written)
    assert (mailbox(box), str(box.address)) == (header, bare)


def test_D8_a_domain_that_no_name_server_could_hold_is_refused() -> None:
    with pytest.raises(InvalidInput):
        MailAddress.parse("lan@" + "x" * 64 + ".example")


def reason(decided: str, **filters: list[str]) -> str:
    data: dict[str, Any] = payload(categories=["directives", "news"])["data"]
    return say_reason(filters, decided, data, "vi", LABELS)


def test_a_reason_names_what_of_the_filters_the_post_met() -> None:
    assert reason(
        coded("match", keyword=["bão"]),
        categories=["directives", "meetings"],
        keywords=["bão", "lũ"],
    ) == ("chuyên mục Chỉ đạo điều hành; từ khóa “bão”")
    assert reason(
        "match", portals=["quangxuong"], places=["quang-ninh-16540"], categories=["news"]
    ) == ("chuyên mục news; cổng UBND huyện Quảng Xương; địa bàn Quảng Ninh")


def test_only_who_filters_nothing_is_told_that_everything_comes() -> None:
    assert reason("match") == "nhận mọi tin"
    assert (
        reason(coded("match", place=["x"]), places=["quang-hai-16540-cu"])
        == "theo lựa chọn lúc tin được đăng"
    )


def test_filters_that_changed_since_are_not_given_as_the_reason() -> None:
    assert reason("", categories=["directives"]) == "theo lựa chọn lúc tin được đăng"


def test_U5_what_only_a_scan_says_is_said_as_that_with_its_words() -> None:
    scanned = {"words": "Số: 06/CT-UBND", "number": "06/CT-UBND", "issued_on": "2026-11-23"}
    deadline = {"on": "2026-11-30", "text": "trước ngày 30/11/2026", "source": "ocr"}
    for body in bodies(parse(build(scanned=scanned, deadlines=[deadline]))):
        assert "Số, ký hiệu trên bản quét" in body and "Ngày trên bản quét" in body
        assert "“Số: 06/CT-UBND”" in body and "23/11/2026" in body
        assert body.count("đọc từ bản quét") == 3


@pytest.mark.parametrize("language", ["vi", "en"])
def test_U5_an_update_that_a_scan_made_says_so(language: str) -> None:
    changed = payload() | {"type": "post.updated"}
    by_scan = prepare(changed, HANOI.to(language), what=["scan"])
    by_edit = prepare(changed, HANOI.to(language), what=["title"])
    assert by_scan.text == by_edit.text and by_scan != by_edit
