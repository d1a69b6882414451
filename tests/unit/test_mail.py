"""What a mail is: the headers it must have, and what hostile content cannot do to it (D8)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.alerts.headers import encode_phrase
from service.alerts.mail import Letter, MailPart, Recipient, compose_letter, compose_mail
from service.alerts.mail_item import prepare
from service.errors import InvalidInput
from service.values import MailAddress
from tests.mail_table import (
    HANOI,
    HEADERS,
    HOSTILE,
    SENDER,
    TO,
    assert_clean,
    bodies,
    build,
    build_hostile,
    build_letter,
    parse,
    payload,
)


def test_a_mail_has_the_headers_of_the_design_and_both_bodies() -> None:
    mail = parse(build())
    assert [name.lower() for name in mail.keys()] == HEADERS  # noqa: SIM118 (a mail's iteration is its lines)
    assert mail["Subject"] == "[HỎA TỐC, cần xác nhận, hạn 15/06] Về việc phòng, chống bão số 5"
    assert mail["From"] == "Bản tin <loa@mail.example>"
    assert mail["Message-ID"] == "<01900000-0000-7000-8000-000000000001@mail.example>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Id"] == "Bản tin chỉ đạo điều hành <loa.loa.example>"
    for body in bodies(mail):
        for said in (
            "06/CT-UBND",
            "05/06/2023",
            "09:16 ngày 28/01/2024",
            "UBND xã A",
            "52 kB",
            "15/6/2023",
        ):
            assert said in body


def test_the_same_message_is_the_same_to_the_byte() -> None:
    assert build() == build()


def test_U4_a_mail_about_something_urgent_says_so_to_mail_programs() -> None:
    item = prepare(payload(), HANOI)
    to = Recipient("m2", TO.address, TO.created_at, is_urgent=True)
    mail = parse(compose_mail(SENDER, "vi", to, [MailPart(item, ())]))
    assert (mail["Importance"], mail["X-Priority"]) == ("high", "1")
    calm = parse(compose_mail(SENDER, "vi", TO, [MailPart(item, ())]))
    assert calm["Importance"] is None and calm["X-Priority"] is None


def test_an_update_refers_to_the_first_mail_and_says_what_changed() -> None:
    item = prepare({**payload(), "type": "post.updated"}, HANOI, what=("title", "attachments"))
    to = Recipient("m2", TO.address, TO.created_at, first_message_id="m1")
    mail = parse(compose_mail(SENDER, "vi", to, [MailPart(item, ())]))
    assert mail["References"] == mail["In-Reply-To"] == "<m1@mail.example>"
    assert mail["Subject"].startswith("[HỎA TỐC, hạn 15/06] Cập nhật: ")
    assert all("tiêu đề, tệp đính kèm" in body for body in bodies(mail))


def test_a_subscription_in_english_is_written_to_in_english() -> None:
    text, _ = bodies(parse(build("en")))
    assert "Read the post" in text and "Đọc tin" not in text


def test_a_letter_has_a_button_and_survives_hostile_text() -> None:
    letter = Letter(
        "Xác nhận\r\nBcc: x@y", "một\r\n.\r\nhai", ("https://loa.example/confirm/t", "Xác nhận")
    )
    mail = parse(compose_letter(SENDER, "vi", TO, letter))
    assert mail["Bcc"] is None and mail["Subject"] == "Xác nhận Bcc: x@y"
    assert 'href="https://loa.example/confirm/t"' in bodies(mail)[1]


@pytest.mark.parametrize("title", HOSTILE)
def test_D8_no_title_adds_a_header_a_recipient_or_a_body(title: str) -> None:
    assert_clean(build_hostile(title))
    assert_clean(build_letter(title))


@given(st.text(alphabet=st.characters(), max_size=300))
def test_D8_no_text_at_all_adds_a_header_a_recipient_or_a_body(title: str) -> None:
    assert_clean(build(title=title, summary=title))


def test_D8_a_title_that_looks_encoded_is_read_as_it_was_written() -> None:
    mail = parse(build(title=HOSTILE[0], urgency="normal"))
    assert mail["Subject"] == f"[Cần xác nhận, hạn 15/06] {HOSTILE[0]}"
    assert encode_phrase("=?x?Q?y?=").startswith(b"=?utf-8?B?")


def test_D8_only_web_addresses_become_links() -> None:
    raw = build(
        url="javascript:alert(1)",
        archive_url='https://loa.example/"><script>x</script>',
        attachments=[{"url": "data:text/html,x", "media_type": "x", "bytes": None}],
    )
    html = bodies(parse(raw))[1]
    assert "javascript:" not in html and 'href="data:' not in html and "<script" not in html


@pytest.mark.parametrize(
    "bad",
    ["", "x", "a@b@c", "a b@c.vn", "a@c.vn\r\nBcc: x@y", "a,b@c.vn", "<a@c.vn>", "é@c.vn",
    ".a@c.vn", "a@",
     "@c.vn", "a@c.vn>", "a" * 65 + "@c.vn", "a..b@c.vn"],
)  # fmt: skip
def test_D8_an_address_that_is_none_is_refused(bad: str) -> None:
    with pytest.raises(InvalidInput):
        MailAddress.parse(bad)


def test_a_domain_is_written_in_idna_and_lower_case() -> None:
    assert str(MailAddress.parse("Lan@Tỉnh.Example")) == "Lan@xn--tnh-dlz.example"


def pythons_at_hand() -> list[str]:
    """One of each Python 3.11 and newer that is at hand: the one that runs, and any other."""
    found = {f"3.{minor}": shutil.which(f"python3.{minor}") for minor in range(11, 20)}
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for path in sorted(root.glob("versions/3.*/bin/python3.[0-9][0-9]")):
        found[path.name.removeprefix("python")] = str(path)
    found[f"3.{sys.version_info[1]}"] = sys.executable
    return [path for name, path in found.items() if path and int(name[2:]) >= 11]


def test_D8_the_table_holds_on_every_python_at_hand() -> None:
    root = Path(__file__).parents[2]
    for python in pythons_at_hand():
        done = subprocess.run(
            [python, "-m", "tests.mail_table"], cwd=root, capture_output=True, text=True,
            timeout=60,
            env={"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
        assert done.returncode == 0 and f"{len(HOSTILE)} clean" in done.stdout, (
            f"{python}: {done.stderr}"
        )
