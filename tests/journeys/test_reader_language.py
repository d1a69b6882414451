"""U8: an error is in the language of whoever reads it, at every door, whatever was sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from jinja2.defaults import DEFAULT_FILTERS
from selectolax.lexbor import LexborHTMLParser
from werkzeug.test import TestResponse

from service.errors import Conflict, EndedLink, InvalidInput, NotFound
from service.settings import Settings
from service.storage.subscriptions import set_status
from service.types import SubscriptionStatus
from service.web.app import create_app
from service.words import coded
from service.words.say import SENTENCES
from tests.fakes import FakeClock
from tests.fakes_web import Web, make_web, owe, store_post

VIETNAMESE = re.compile(
    "[ăâđêôơưàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ]", re.I
)
ENGLISH = re.compile(
    r"\b(?:the|is|are|was|cannot|there|allowed|must|should|not|required|only|with|no|which)\b", re.I
)
LANGUAGES = ("vi", "en")


@pytest.fixture
def web(sqlite_url: str, clock: FakeClock) -> Iterator[Web]:
    web = make_web(
        sqlite_url,
        clock,
        email={"smtp_url": "smtp://127.0.0.1:1"},
        service={"secret_key": "k" * 40},
    )
    yield web
    web.loa.close()


def is_of_another(text: str, language: str) -> bool:
    """Whether something in a text is said in the language that was not asked for."""
    return (ENGLISH if language == "vi" else VIETNAMESE).search(text) is not None


HOOK = {"channel": "webhook", "target": "https://u.example/x"}
BODIES: list[dict[str, Any]] = [
    {}, {"channel": "webhook"}, {"channel": "fax", "target": "x"}, {**HOOK, "target": 7},
    {**HOOK, "target": "ftp://u.example"}, {**HOOK, "target": "http://u.example"},
    {**HOOK, "target": "https://127.0.0.1/"}, {**HOOK, "target": "https://u.example:22/"},
    {**HOOK, "target": "https://a:b@u.example/"}, {**HOOK, "target": "https://u.example/#a"},
    {**HOOK, "target": "https:///x"}, {**HOOK, "target": "https://u_.example!/"},
    {**HOOK, "target": "https://2130706433/"}, {**HOOK, "target": "https://printer.local/"},
    {**HOOK, "target": "x" * 2001}, {**HOOK, "target": "https://u.example/\x00"},
    {**HOOK, "frequency": "hourly"}, {**HOOK, "frequency": "daily"}, {**HOOK, "confirmed": "yes"},
    {**HOOK, "unit": "nobody"}, {**HOOK, "more": 1}, {**HOOK, "name": "x" * 201},
    {**HOOK, "filters": {"categories": ["sport"]}}, {**HOOK, "filters": {"portals": ["sport"]}},
    {**HOOK, "filters": {"places": ["atlantis"]}}, {**HOOK, "filters": {"keywords": ["…"]}},
    {**HOOK, "filters": {"keywords": ["x"] * 200}}, {**HOOK, "filters": []},
    {**HOOK, "headers": {"Host": "a"}}, {**HOOK, "headers": {"a b": "c"}},
    {**HOOK, "headers": {"X-A": "ă"}}, {"channel": "email", "target": "nobody"},
    {"channel": "email", "target": "a@b.example", "headers": {"X-A": "b"}},
]  # fmt: skip
QUERIES = (
    "posts?limit=0", "posts?limit=201", "posts?limit=many", "posts?cursor=x", "posts?more=1",
    "posts?limit=1&limit=2", "posts?q=" + "x" * 2000, "posts?since=yesterday", "posts/none",
    "portals/none", "units/none", "subscriptions/none", "deliveries/none",
    "subscriptions?status=lost", "subscriptions?channel=fax", "deliveries?state=lost", "nothing",
    "subscriptions?unit=none", "deliveries?since=1",
)  # fmt: skip


def said_by(answer: TestResponse) -> list[str]:
    problem = answer.get_json()
    faults = problem.get("errors", [])
    return [
        problem["detail"],
        *(one["detail"] for one in faults),
        *(one.get("allowed", "") for one in faults),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("n", range(len(BODIES)))
def test_U8_what_a_body_lacks_is_said_in_the_programs_language(
    web: Web, n: int, language: str
) -> None:
    headers = {**web.operator, "Accept-Language": language}
    answer = web.client.post("/api/v1/subscriptions", json=BODIES[n], headers=headers)
    assert answer.status_code in (404, 422), answer.text
    is_named = answer.status_code == 404 or said_by(answer)[0].startswith(
        answer.get_json()["field"]
    )
    assert is_named, answer.text  # what is wrong is said in either language, not that something is
    assert not [one for one in said_by(answer) if is_of_another(one, language)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_U8_what_a_query_asks_in_vain_is_said_in_the_programs_language(
    web: Web, language: str
) -> None:
    headers = {**web.operator, "Accept-Language": language}
    for query in QUERIES:
        answer = web.client.get(f"/api/v1/{query}", headers=headers)
        assert answer.status_code in (400, 404), query
        assert not [one for one in said_by(answer) if is_of_another(one, language)], query


@pytest.mark.parametrize("language", LANGUAGES)
def test_U8_what_http_refuses_is_said_in_the_programs_language(web: Web, language: str) -> None:
    spoken = {"Accept-Language": language}
    url = "/api/v1/subscriptions"
    answers = [
        web.client.get(url, headers=spoken),
        web.client.get(url, headers={**spoken, "Authorization": "Bearer no"}),
        web.client.post("/api/v1/units", json={"name": "A"}, headers={**web.unit, **spoken}),
        web.client.post(url, data="a=b", headers={**web.operator, **spoken}),
        web.client.post(url, data="{", content_type="application/json",
                        headers={**web.operator, **spoken}),
        web.client.post(url, json=[1], headers={**web.operator, **spoken}),
        web.client.post(url, json={"a": [[[[[[[[[[1]]]]]]]]]]}, headers={**web.operator, **spoken}),
        web.client.post(url, data="x" * 70_000, content_type="application/json",
                        headers={**web.operator, **spoken}),
        web.client.post(url, json=HOOK, headers={**web.operator, **spoken, "Idempotency-Key": "é"}),
        web.client.put(url, json=HOOK, headers={**web.operator, **spoken}),
    ]  # fmt: skip
    for answer in answers:
        assert 400 <= answer.status_code < 500
        assert not is_of_another(answer.get_json()["detail"], language), answer.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_U8_what_cannot_be_done_is_said_in_the_programs_language(
    web: Web, clock: FakeClock, language: str
) -> None:
    headers = {**web.operator, "Accept-Language": language}
    store_post(web.loa, 1)
    made = web.client.post("/api/v1/subscriptions", json=HOOK, headers=headers).get_json()["id"]
    answers = [
        web.client.post(f"/api/v1/subscriptions/{made}/{act}", json={}, headers=headers)
        for act in ("resume", "pause", "test")
    ]
    with web.loa.database.writing() as conn:
        at = clock() + timedelta(minutes=1)
        set_status(conn, made, SubscriptionStatus.REMOVED, at=at)
    answers += [
        web.client.post(f"/api/v1/subscriptions/{made}/{act}", json={}, headers=headers)
        for act in ("resume", "pause", "rotate", "test", "replay")
    ]
    answers.append(
        web.client.patch(f"/api/v1/subscriptions/{made}", json={"name": "x"}, headers=headers)
    )
    refused = [one for one in answers if one.status_code == 409]
    assert len(refused) > 5
    assert not [one.text for one in refused if is_of_another(one.get_json()["detail"], language)]


def page_of(answer: TestResponse) -> str:
    """Without what is said to be in another language: the names of documents' kinds."""
    tree = LexborHTMLParser(answer.text)
    for node in tree.css("main option[lang=vi]"):
        node.decompose()
    main = tree.css_first("main")
    assert main is not None
    own = Settings().service.title  # the service's own name stays as it is
    return main.text(deep=True, separator=" ").replace(own, "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_U8_what_a_form_lacks_is_said_in_the_readers_language(web: Web, language: str) -> None:
    web.client.set_cookie("loa_language", language)
    post = store_post(web.loa, 1)
    owe(web, post)
    forms: list[dict[str, str]] = [
        {"address": "nobody"}, {"address": "a@b.example", "category": "sport"},
        {"address": "a@b.example", "portal": "sport"}, {"address": "a@b.example", "place": "x"},
        {"address": "a@b.example", "frequency": "hourly"},
        {"address": "a@b.example", "keyword": "x" * 500},
    ]  # fmt: skip
    answers = [web.client.post("/subscribe", data=form) for form in forms]
    answers += [
        web.client.get(path)
        for path in (
            "/manage/none", "/confirm/none", "/unsubscribe/none", "/restore/none", "/receipts/none",
            "/posts/none", "/nothing", "/feeds/none.rss", "/?before=x", "/?q=" + "x" * 2000,
            "/?q=%00", "/feeds/all.rss?lost=1", "/feeds/all.rss?category=sport",
            "/feeds/all.rss?before=x&before=y",
        )
    ]  # fmt: skip
    answers += [
        web.client.put("/subscribe"),
        web.client.post("/admin/sign-in", data={"token": "x"}),
    ]
    for answer in answers:
        assert 400 <= answer.status_code < 500, answer.request.path
        assert not is_of_another(page_of(answer), language), page_of(answer)


@pytest.mark.parametrize("language", LANGUAGES)
def test_U8_an_error_that_has_words_in_english_alone_says_nothing_to_others(language: str) -> None:
    unknown = [
        Conflict("cannot do this: the moon is full"),
        NotFound("unicorn", "x"),
        InvalidInput("name", "is strange", "anything else"),
    ]
    known = [
        Conflict(coded("conflict.unit_name", name="A")),
        NotFound("unit", "A"),
        EndedLink(),
        InvalidInput("name", "bad.empty", coded("allowed.filled", limit=9)),
        InvalidInput("name", "bad.empty"),
    ]
    assert [bool(one.said(language)) for one in unknown] == [language == "en"] * 3
    assert all(
        one.said(language) and not is_of_another(one.said(language), language) for one in known
    )
    assert [str(one) for one in unknown] == [
        "cannot do this: the moon is full",
        "there is no unicorn 'x'",
        "name: is strange; allowed: anything else",
    ]


def test_U8_a_program_that_asks_for_no_language_is_told_in_english(web: Web) -> None:
    answer = web.client.post("/api/v1/subscriptions", json={}, headers=web.operator)
    assert not is_of_another(answer.get_json()["detail"], "en")


def test_U8_a_filter_is_asked_anew_for_each_reader_whoever_came_first(web: Web) -> None:
    app = create_app(web.loa)
    constants = {
        "said": "scan.note", "rule": "operator", "urgency": "urgent", "bytes": 1_500_000,
        "rhythm": "FREQ=MONTHLY;BYMONTHDAY=20",
    }  # fmt: skip
    source = " ".join(f"{{{{ {value!r} | {name} }}}}" for name, value in constants.items())
    said: dict[str, list[str]] = {"en": [], "vi": []}
    page = None
    for language in ("en", "vi", "en"):
        with app.test_request_context(f"/?lang={language}"):
            app.preprocess_request()
            page = page or app.jinja_env.from_string(source)
            said[language].append(page.render())
    assert len(set(said["en"])) == 1
    assert not is_of_another(said["en"][0], "en") and not is_of_another(said["vi"][0], "vi")
    assert VIETNAMESE.search(said["vi"][0]) and ENGLISH.search(said["en"][0])


def test_U8_no_filter_of_the_pages_can_be_worked_out_before_a_reader_is_known(web: Web) -> None:
    own = {
        name: one
        for name, one in create_app(web.loa).jinja_env.filters.items()
        if name not in DEFAULT_FILTERS
    }
    assert "said" in own
    assert [name for name, one in own.items() if not hasattr(one, "jinja_pass_arg")] == []


def test_the_measure_itself_tells_the_languages_apart() -> None:
    told = [pair for code, pair in SENTENCES.items() if code.startswith(("conflict.", "missing."))]
    assert all(is_of_another(vi, "en") and not is_of_another(vi, "vi") for vi, _ in told)
    assert sum(is_of_another(en, "vi") for _, en in told) > len(told) * 0.8
