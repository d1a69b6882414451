"""What a person is told before consenting, what is recorded of it, and what they may see, take and
erase (Law 91/2025/QH15): from the form to the erased address, by HTTP alone."""

from __future__ import annotations

import re
from datetime import timedelta
from hashlib import sha256

import orjson
import pytest

from service.alerts.links import Purpose
from service.services.consent import say_consent
from service.storage.subscriptions import list_subscriptions
from service.storage.units import add_unit
from service.types import SubscriptionStatus
from service.words.sentences_consent import CONSENT_TEXTS, CONSENT_VERSION
from tests.fakes import FakeClock
from tests.fakes_web import FIRST_AT, Web, make_web, store_post

SHOWN = {"2026-11-30": "14f5010f31bb0ac8"}
"""Of every version that was ever shown. A changed text is a new version, never a changed line."""


@pytest.fixture
def web(sqlite_url: str, clock: FakeClock) -> Web:
    clock.at = FIRST_AT + timedelta(days=1)
    made = make_web(sqlite_url, clock, operator={"name": "UBND tỉnh A", "email": "op@tinh.example"})
    for n in range(5):
        store_post(made.loa, n, html="<p>x</p>", title=f"Chỉ thị {n} về đê điều")
    store_post(made.loa, 9, category="meetings", title="Họp về đê")
    return made


def test_a_text_that_was_shown_is_never_changed() -> None:
    pins = {
        key: sha256(repr(dict(of)).encode()).hexdigest()[:16] for key, of in CONSENT_TEXTS.items()
    }
    assert pins == SHOWN


def test_the_purpose_who_is_responsible_what_is_kept_and_the_rights_stand_at_the_button(
    web: Web,
) -> None:
    for language, words in (("vi", "91/2025/QH15"), ("en", "91/2025/QH15")):
        page = web.client.get(f"/subscribe?lang={language}").text
        said = say_consent(web.loa, language)
        assert len(said) == 4 and words in said[3]
        assert "UBND tỉnh A, op@tinh.example" in said[1]
        assert all(line.replace("“", "“") in page for line in said)
        assert page.index(said[3]) < page.index('aria-describedby="consent-text"')


@pytest.mark.parametrize(
    ("form", "count", "newest"),
    [
        ({"category": "directives"}, 5, "Chỉ thị 4 về đê điều"),
        ({"category": ["directives", "meetings"]}, 6, "Họp về đê"),
        ({"keyword": "đê điều"}, 5, "Chỉ thị 4 về đê điều"),
        ({"keyword": "de dieu"}, 0, None),  # accents count, as when posts are sent
        ({"keyword": "họp, đê điều"}, 6, "Họp về đê"),
        ({"urgency": "hoa-toc"}, 0, None),
        ({"kind": "chi-thi", "keyword": "họp"}, 1, "Họp về đê"),
        ({"portal": "quangxuong", "frequency": "weekly"}, 6, "Họp về đê"),
        ({"place": "quang-ninh-16540"}, 0, None),
    ],
)
def test_a_choice_shows_what_it_would_have_brought_before_anything_is_sent(
    web: Web, form: dict[str, str], count: int, newest: str | None
) -> None:
    page = web.client.post("/subscribe/preview", data={"address": "lan@xa.example", **form})
    found = re.findall(r'<h2 id="matching">(.*?)</h2>', page.text, re.S)
    assert page.status_code == 200 and len(found) == 1
    assert (f" {count} tin khớp" in found[0]) == bool(count)
    titles = re.findall(r'<h3><a lang="vi"[^>]*>([^<]*)<', page.text)
    assert len(titles) == min(count, 3) and titles[:1] == ([newest] if newest else [])
    assert 'value="lan@xa.example"' in page.text
    with web.loa.database.reading() as conn:
        assert list_subscriptions(conn) == []


def test_what_is_older_than_a_month_is_not_counted_and_a_wrong_choice_comes_back_marked(
    web: Web, clock: FakeClock
) -> None:
    clock.advance(40 * 86_400)
    assert "không có tin nào khớp" in web.client.get("/subscribe?category=directives").text
    wrong = web.client.post("/subscribe/preview", data={"place": "xã Không Có"})
    assert wrong.status_code == 422 and 'id="place-fault"' in wrong.text


def _subscribe(web: Web, **form: str) -> str:
    """The token of the link that is mailed."""
    answer = web.client.post("/subscribe", data={"address": "lan@xa.example", **form})
    assert answer.status_code == 200 and "lan@xa.example" in answer.text
    with web.loa.database.reading() as conn:
        (one,) = list_subscriptions(conn)
    at = str(int(web.loa.clock().timestamp() * 1_000_000))
    return web.loa.links.token(Purpose.CONFIRM, one.id, at)


def test_after_sending_it_says_the_address_from_whom_how_long_and_what_to_do(web: Web) -> None:
    page = web.client.post("/subscribe", data={"address": "lan@xa.example"}).text
    for said in ("lan@xa.example", "loa@loa.example", "7 ngày", "Không thấy thư?"):
        assert said in page


def test_a_newcomer_confirms_sees_takes_and_erases_what_is_kept(web: Web, clock: FakeClock) -> None:
    token = _subscribe(web, category="directives", consent=CONSENT_VERSION)
    clock.advance(60)
    asked = web.client.get(f"/confirm/{token}?lang=en").text
    assert f'name="consent" value="{CONSENT_VERSION}"' in asked
    done = web.client.post(f"/confirm/{token}", data={"consent": CONSENT_VERSION}).text
    assert "Thank you" in done and "Chỉ thị 4 về đê điều" in done
    again = web.client.post(f"/confirm/{token}").text
    assert "/manage/" not in again  # the link of the mail opens nothing more, whoever has it
    path = re.findall(r'href="https://loa\.example(/manage/[^"/]+)"', done)[0]
    assert f"{path}/data" in web.client.get(path).text

    page = web.client.get(f"{path}/data?lang=vi").text
    assert "lan@xa.example" in page and page.count("văn bản đồng ý bản ngày 30/11/2026") == 2
    document = orjson.loads(web.client.get(f"{path}/data.json").data)
    (one,) = document["subscriptions"]
    kept = [(c["step"], c["page"], c["language"], c["text_version"]) for c in one["consents"]]
    assert kept == [
        ("asked", "/subscribe", "vi", CONSENT_VERSION),
        ("confirmed", "/confirm", "en", CONSENT_VERSION),
    ]
    assert len(one["consents"][0]["text"]) == 4 and document["letters"] and document["log"]

    sure = web.client.post(path, data={"action": "erase"})
    assert "Xóa vĩnh viễn" in sure.text
    with web.loa.database.reading() as conn:
        assert list_subscriptions(conn)[0].status is SubscriptionStatus.ACTIVE
    web.client.post(path, data={"action": "erase", "sure": "1"})
    with web.loa.database.reading() as conn:
        assert list_subscriptions(conn) == []
        assert conn.exec_driver_sql("SELECT count(*) FROM consent").scalar() == 0
    assert "lan@" not in web.client.get(f"{path}/data").text


@pytest.mark.parametrize("version", ["", "1999-01-01", "'; DROP TABLE consent"])
def test_a_form_that_showed_no_text_is_recorded_as_such(web: Web, version: str) -> None:
    token = _subscribe(web, consent=version)
    web.client.post(f"/confirm/{token}")
    with web.loa.database.reading() as conn:
        rows = conn.exec_driver_sql("SELECT step, text_version FROM consent ORDER BY step").all()
    assert [tuple(row) for row in rows] == [("asked", None), ("confirmed", None)]


def test_a_contact_of_a_unit_sees_it_and_a_link_that_is_old_shows_nothing(
    web: Web, clock: FakeClock
) -> None:
    with web.loa.database.writing() as conn:
        add_unit(conn, name="UBND xã B", contacts=("lan@xa.example",), at=clock())
    _subscribe(web)
    with web.loa.database.reading() as conn:
        (one,) = list_subscriptions(conn)
    path = web.loa.links.manage_url(one.id, clock()).removeprefix("https://loa.example")
    assert "UBND xã B" in web.client.get(f"{path}/data").text
    assert orjson.loads(web.client.get(f"{path}/data.json").data)["contact_of_units"]
    clock.advance(100 * 86_400)
    for name in ("data", "data.json"):
        answer = web.client.get(f"{path}/{name}")
        assert (answer.status_code, answer.headers["Location"]) == (303, path)


def test_too_many_requests_are_told_until_when(web: Web) -> None:
    for _ in range(11):
        answer = web.client.post("/subscribe", data={"address": "lan@xa.example"})
    assert answer.status_code == 429
    assert "Xin thử lại từ 10:16 ngày 29/01/2024." in answer.text
