"""The mails that people are shown first: what matters in the subject, the receipt above all else,
and a gallery of every kind to be read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from service.alerts.deadlines import DueInstant, say_due
from service.alerts.mail import MailPart, compose_mail
from service.alerts.mail_changes import MAX_SHOWN, AttachedFile, PostState, find_edit, say_edits
from service.alerts.mail_gallery import RECEIPT, SAMPLE, draw_mails
from service.alerts.mail_item import prepare
from service.posts.filename import say_file_name
from service.words import labels_of, say
from tests.mail_table import HANOI, SENDER, TO, bodies, parse, payload

NAMED = "Công văn 1687-CV/TU: Về việc tăng cường phòng, chống rét cho cây trồng, vật nuôi"
TITLE = str(SAMPLE["title"])
RELAYED = {**SAMPLE["document"], "relation": "relays"}


@pytest.mark.parametrize(
    ("more", "is_owed", "subject"),
    [
        ({}, True, f"[Cần xác nhận, hạn 15/12] {NAMED}"),
        ({}, False, f"[Hạn 15/12] {NAMED}"),
        ({"deadlines": []}, True, f"[Cần xác nhận] {NAMED}"),
        ({"deadlines": []}, False, NAMED),
        ({"urgency": "khan"}, True, f"[KHẨN, cần xác nhận, hạn 15/12] {NAMED}"),
        ({"document": None}, False, f"[Hạn 15/12] {TITLE}"),
        ({"document": RELAYED}, False, f"[Hạn 15/12] {TITLE}"),
        ({"title": "Công văn số 1687-cv/tu"}, False, "[Hạn 15/12] Công văn số 1687-cv/tu"),
        ({"deadlines": [{"on": None, "at": "2026-12-09T18:00:00+00:00", "text": "x"}]},
         False, f"[Hạn 10/12] {NAMED}"),
    ],
)  # fmt: skip
def test_a_subject_says_what_matters_first(
    more: dict[str, object], is_owed: bool, subject: str
) -> None:
    item = prepare(payload(**{**SAMPLE, **more}), HANOI)
    mail = parse(
        compose_mail(SENDER, "vi", TO, [MailPart(item, ("x",), RECEIPT if is_owed else ())])
    )
    assert mail["Subject"] == subject


def test_the_receipt_stands_above_what_is_said_of_the_post() -> None:
    item = prepare(payload(**SAMPLE), HANOI)
    mail = parse(compose_mail(SENDER, "vi", TO, [MailPart(item, ("vì sao",), RECEIPT)]))
    for body in bodies(mail):
        order = [
            body.index(one)
            for one in (TITLE, RECEIPT[0][0], "Thời hạn:", "Số, ký hiệu", "(1,4 MB)", "vì sao")
        ]
        assert order == sorted(order)
    assert '<meta name="color-scheme" content="light dark">' in bodies(mail)[1]


@pytest.mark.parametrize(
    ("ago", "said"),
    [(timedelta(hours=5), "Đã quá hạn từ"), (timedelta(days=2, hours=1), "Đã quá hạn 2 ngày")],
)
def test_a_reminder_says_how_many_days_something_is_overdue(ago: timedelta, said: str) -> None:
    now = datetime(2026, 11, 29, 3, tzinfo=UTC)
    due = DueInstant(now - ago, "trước ngày 27/11")
    assert say(say_due([due], now)[0], "vi").startswith(said)


def test_the_gallery_holds_every_kind_of_mail_in_both_languages() -> None:
    for language, cut in (("vi", "bỏ"), ("en", "cut")):
        drawn = dict(draw_mails(SENDER, HANOI.to(language), {}, payload()))
        assert {"urgent-receipt", "digest-daily", "newest-post", "letter.confirm_subject"} <= set(
            drawn
        )
        assert set(drawn) - set(dict(draw_mails(SENDER, HANOI.to(language), {}))) == {"newest-post"}
        text, html = bodies(parse(drawn["updated"]))
        assert f"[{cut}: 10/12/2026]" in text and ">15/12/2026</ins>" in html
        assert bodies(parse(drawn["newest-post"]))[0].count("Về việc phòng, chống bão số 5") == 1
        for raw in drawn.values():
            assert "{" not in str(parse(raw)["Subject"])


OWN = {"on": "2026-12-20", "text": "trước ngày 20/12", "owner": "quang-ninh-16540", "task": "họp"}
OTHERS = {"on": "2026-12-01", "text": "trước ngày 01/12", "owner": "other", "task": "hướng dẫn"}


@pytest.mark.parametrize(
    ("own", "subject", "labels"),
    [
        (None, "Hạn 01/12", ["Thời hạn: 01/12", "Thời hạn: 20/12"]),
        (frozenset({1}), "Cần xác nhận, hạn 20/12",
         ["Việc của đơn vị: 20/12", "Việc của cơ quan khác: 01/12"]),
        (frozenset(), "Cần xác nhận]",
         ["Việc của cơ quan khác: 01/12", "Việc của cơ quan khác: 20/12"]),
        (frozenset({0, 1}), "Cần xác nhận, hạn 01/12",
         ["Việc của đơn vị: 01/12", "Việc của đơn vị: 20/12"]),
    ],
)  # fmt: skip
def test_U5_a_unit_reads_its_own_tasks_first_and_its_own_day_in_the_subject(
    own: frozenset[int] | None, subject: str, labels: list[str]
) -> None:
    item = prepare(payload(**{**SAMPLE, "deadlines": [OTHERS, OWN]}), HANOI, own=own)
    mail = parse(
        compose_mail(SENDER, "vi", TO, [MailPart(item, ("x",), RECEIPT if own is not None else ())])
    )
    assert f"[{subject}" in str(mail["Subject"])
    places = [bodies(mail)[0].index(one) for one in labels]
    assert places == sorted(places)


SAYS = labels_of("mail", "vi")


def test_what_changed_is_said_by_words_and_files_and_never_as_markup() -> None:
    before = PostState(
        "Họp <b>", "a b", (AttachedFile("u1", "Cũ.pdf", "1"), AttachedFile("u2", "x.pdf", "2"))
    )
    after = PostState(
        "Họp <i>", "a c", (AttachedFile("u2", "x.pdf", "3"), AttachedFile("u3", "Mới.pdf", None))
    )
    text, html = say_edits([find_edit(before, after)], SAYS)
    assert text.splitlines() == [
        "Nội dung thay đổi:", "Họp [bỏ: <b>] [thêm: <i>]", "a [bỏ: b] [thêm: c]",
        "[bỏ: Cũ.pdf]", "[thay nội dung: x.pdf]", "[thêm: Mới.pdf]", "",
    ]  # fmt: skip
    assert "&lt;i&gt;</ins>" in html and "<i>" not in html
    assert find_edit(before, before) == () and say_edits([()], SAYS) == ("", "")


def test_a_long_difference_is_cut_and_a_text_too_long_is_not_compared() -> None:
    words = " ".join(f"từ{n}" for n in range(900))
    text, html = say_edits([find_edit(PostState("a", words), PostState("b", "khác"))], SAYS)
    assert "a page of the post" not in text and "xem đủ ở trang của tin" in text
    assert "xem đủ ở trang của tin" in html and len(text) < MAX_SHOWN + 200
    long = PostState("a", "x " * 40_000)
    assert find_edit(long, PostState("a", "y")) == ()


@pytest.mark.parametrize(
    ("name", "document", "said"),
    [
        ("a78e75d1702156ddCt_06.pdf", "", "Ct 06.pdf"),
        ("scan0007.pdf", "Công văn 9", "Công văn 9.pdf"),
        ("SCAN_0012(1).PDF", "Công văn 9", "Công văn 9.PDF"),
        ("20231128_0932.pdf", "Công văn 9", "Công văn 9.pdf"),
        ("0b2f9c1e-77aa-4b10-9d1e-0123456789ab.docx", "Công văn 9", "Công văn 9.docx"),
        ("scan0007.pdf", "", "scan0007.pdf"),
        ("Kế hoạch 15.pdf", "Công văn 9", "Kế hoạch 15.pdf"),
        ("Về việc A. B", "Công văn 9", "Về việc A. B"),
        ("a78e75d1702156dd.pdf", "", "a78e75d1702156dd.pdf"),
    ],
)
def test_a_file_has_a_name_that_a_clerk_can_read(name: str, document: str, said: str) -> None:
    assert say_file_name(name, document) == said
