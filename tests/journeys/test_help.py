"""Help as it is reached: by page in both languages, light and without a script, from where people
are; and every command in it run, as it is printed."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.bootstrap import open_loa
from service.export import export_to
from service.web.pages.help_text import RECEIVERS, TOPICS
from tests.fakes import FakeClock
from tests.fakes_ledger import tell
from tests.fakes_web import Web, make_web, store_post
from tests.journeys.cli import Terminal
from tests.journeys.test_permissions import SIGN_IN, csrf_of
from tests.unit.test_help_text import commands

MOST_BYTES = 60_000


@pytest.fixture
def web(sqlite_url: str, clock: FakeClock) -> Iterator[Web]:
    made = make_web(sqlite_url, clock)
    yield made
    made.loa.close()


def test_each_page_is_there_in_both_languages_light_and_without_a_script(web: Web) -> None:
    index = web.client.get("/help/").text
    for topic in TOPICS:
        assert f'href="/help/{topic}"' in index
        pages = {
            language: web.client.get(f"/help/{topic}?lang={language}") for language in ("vi", "en")
        }
        for language, page in pages.items():
            assert page.status_code == 200
            assert f'<html lang="{language}"' in page.text
            assert len(page.data) <= MOST_BYTES, (topic, language, len(page.data))
            assert "<script" not in page.text and 'name="viewport"' in page.text
        assert pages["vi"].data != pages["en"].data


def test_every_link_within_the_site_is_answered(web: Web) -> None:
    for topic in TOPICS:
        for href in set(re.findall(r'href="(/[^"#]*)', web.client.get(f"/help/{topic}").text)):
            if href.startswith("/static/"):
                continue
            answer = web.client.get(href)
            assert answer.status_code in (200, 302), (topic, href)
            if answer.status_code == 302:
                assert href == "/admin/"


def test_help_is_linked_from_the_front_page_and_from_the_desk(web: Web) -> None:
    assert 'href="/help/"' in web.client.get("/").text
    form = {
        "csrf": csrf_of(web.client, SIGN_IN),
        "token": web.operator["Authorization"].removeprefix("Bearer "),
    }
    web.client.post(SIGN_IN, data=form)
    assert 'href="/help/operators"' in web.client.get("/admin/").text


def test_what_is_no_topic_and_no_receiver_is_not_found(web: Web) -> None:
    for path in ("nothing", "receivers/nothing.py", "receivers/..%2Fvi%2Ffaq.md", "vi/faq.md"):
        assert web.client.get(f"/help/{path}").status_code == 404


@pytest.mark.parametrize("name", RECEIVERS.values())
def test_a_receiver_is_a_download_and_stands_on_the_page(web: Web, name: str) -> None:
    answer = web.client.get(f"/help/receivers/{name}")
    assert f'filename="{name}"' in answer.headers["Content-Disposition"]
    assert answer.content_type == "text/plain; charset=utf-8"
    assert name in web.client.get("/help/webhooks").text


def test_help_is_exported_and_lies_below_the_path_of_the_service(
    sqlite_url: str, clock: FakeClock, tmp_path: Path
) -> None:
    web = make_web(
        sqlite_url,
        clock,
        service={"public_url": "https://x.example/tin", "secret_key": "k" * 40},
    )
    result = export_to(web.loa, tmp_path / "out")
    web.loa.close()
    assert result.problems == {}
    page = (tmp_path / "out" / "help" / "webhooks" / "index.html").read_text("utf-8")
    assert 'href="/tin/help/engineers#stream"' in page
    assert (tmp_path / "out" / "help" / "receivers" / "loa_receiver.py").exists()


NOT_RUN = {
    "serve": "runs until it is ended",
    "demo": "has tests of its own",
    "deliver": "calls the office, which is on a network",
    "web": "runs until it is ended",
    "worker": "runs until it is ended",
    "bench": "takes a minute, and has tests of its own",
    "bounce": "waits for a mail on its input",
    "poll": "asks a portal on a network",
    "portal probe": "asks a portal on a network",
    "portal check": "asks a portal on a network",
    "portal backfill": "asks a portal on a network",
    "pull": "asks a Loa on a network",
    "webhook": "calls a receiver or runs until it is ended, and has tests of its own",
    "post urgency": "in a line below",
    "post release": "is refused for a post that was told, as this one was",
    "post discard": "is refused for a post that was told, as this one was",
    "delivery release": "is refused for a database that was not restored",
    "portal release": "in a line below",
}
"""Commands that are parsed alone (`test_help_text`), with why."""
ALSO_RUN = {"post urgency", "portal release"}


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """A Loa with what help speaks of: an office, its subscriptions, a post, a portal."""
    made = Terminal(tmp_path)
    made.configure('[email]\nsmtp_url = "smtp://127.0.0.1:9"\n')
    (tmp_path / "portals" / "xa-mau.toml").write_text(
        'id = "xa-mau"\nname = "UBND xã Mẫu"\nbase_url = "https://xa-mau.example.gov.vn"\n'
        'kind = "auto"\n\n[[listings]]\nurl = "/tin"\n',
        encoding="utf-8",
    )
    for name in ("UBND xã Quảng Ninh", "UBND xã Cũ"):
        made.run("unit", "add", "--name", name)
    made.run("subscription", "add", "email", "lan@example.vn", "--confirmed")
    made.run("subscription", "add", "email", "vanthu@example.gov.vn", "--confirmed")
    made.run("subscription", "add", "webhook", "https://mau.example/x", "--confirmed")
    loa = open_loa(made.config, {})
    post = store_post(loa, 1)
    with loa.database.writing() as conn:
        tell(conn, post, at=datetime.now(UTC))
    loa.close()
    made.folder.joinpath("cong-dien.txt").write_text("Yêu cầu các xã báo cáo.", "utf-8")
    made.folder.joinpath("cong-dien.pdf").write_bytes(b"%PDF-1.4")
    made.folder.joinpath("address.txt").write_text("tgram://123456789:abc/-100200\n", "utf-8")
    for name in ("units.csv", "subscriptions.csv"):
        made.folder.joinpath(name).write_text(
            "name,place,contacts\nUBND xã Ba,,\n"
            if name == "units.csv"
            else "unit,channel,target,confirmed\nUBND xã Ba,email,ba@xa.example,yes\n",
            encoding="utf-8",
        )
    return made


def _is_skipped(words: list[str]) -> bool:
    names = [" ".join(words[:count]) for count in (1, 2, 3)]
    return any(name in NOT_RUN and name not in ALSO_RUN for name in names)


@pytest.mark.parametrize("topic", TOPICS)
def test_every_command_of_help_is_run_as_it_is_printed(
    terminal: Terminal, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(terminal.folder)
    ids = {
        "ID": terminal.json("subscription", "list")[2]["id"],
        "POST": terminal.json("post", "list")["posts"][0]["id"],
    }
    for line in dict.fromkeys(commands(topic, "vi")):
        words = shlex.split(line)
        if words[0] != "loa" or _is_skipped(words[1:]):
            continue
        said = [
            ids.get(word, word)
            .replace("/etc/loa", str(terminal.folder / "etc"))
            .replace("/backup/", f"{terminal.folder}/copy-")
            for word in words[1:]
        ]
        if said[0] == "check":
            said.append("--offline")
        stdin = None
        if "<" in said:
            read = said[said.index("<") + 1]
            said, stdin = said[: said.index("<")], terminal.folder.joinpath(read).read_text("utf-8")
        terminal.run(*said, stdin=stdin)
