"""S8: files are their owner's alone whatever the umask, and a key that leaked is replaced while Loa
runs."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from service.alerts.bounce import envelope_sender, read
from service.alerts.links import Purpose
from service.alerts.signing import SecretBox
from service.settings.key_file import read_keys, rotate_key_file
from service.storage.audit import list_audit
from service.storage.signing_keys import load_signing_keys
from service.types import SubscriptionStatus
from tests.fakes import FakeClock
from tests.fakes_web import PUBLIC_URL, Web, make_web, owe, store_post
from tests.journeys.cli import Terminal

HEADERS = {"Authorization": "Bearer of the office"}


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


@pytest.fixture
def clock() -> FakeClock:
    """That of the commands, which no test can move."""
    return FakeClock(datetime.now(UTC))


@pytest.fixture
def web(terminal: Terminal, clock: FakeClock) -> Web:
    made = make_web(f"sqlite:///{terminal.database}", clock, service={"public_url": PUBLIC_URL})
    owe(made, store_post(made.loa, 1))
    return made


def add_webhook(web: Web) -> tuple[str, str]:
    """Its id and secret; may be asked again, as whoever lost the answer does."""
    body = {
        "channel": "webhook",
        "target": "https://office.example/a",
        "headers": HEADERS,
        "confirmed": True,
    }
    asked = {**web.operator, "Idempotency-Key": "once"}
    answer = web.client.post("/api/v1/subscriptions", json=body, headers=asked)
    assert answer.status_code == 201, answer.text
    return answer.json["id"], answer.json["secret"]


def add_mail(web: Web) -> str:
    body = {"channel": "email", "target": "lan@xa.example", "confirmed": True}
    answer = web.client.post("/api/v1/subscriptions", json=body, headers=web.operator)
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def links_of(web: Web, subscription: str) -> dict[str, str]:
    """The path of each kind of link, as it is made now."""
    with web.loa.database.reading() as conn:
        post = conn.execute(text("SELECT id FROM post")).scalar_one()
    links = web.loa.links
    made = {
        "receipt": links.receipt_url(post, 1, web.unit_id),
        "unsubscribe": links.url(Purpose.UNSUBSCRIBE, subscription),
        "manage": links.url(Purpose.MANAGE, subscription),
        "confirm": links.url(Purpose.CONFIRM, subscription),
    }
    return {name: url.removeprefix(PUBLIC_URL) for name, url in made.items()}


def sign_in(web: Web) -> None:
    page = web.client.get("/admin/sign-in").text
    csrf = re.search(r'name="csrf" value="([^"]+)"', page)
    assert csrf
    form = {"csrf": csrf[1], "token": web.operator_token}
    assert web.client.post("/admin/sign-in", data=form).status_code in (302, 303)


def sealed(web: Web) -> list[bytes]:
    with web.loa.database.reading() as conn:
        secrets = conn.execute(
            text("SELECT secret FROM subscription WHERE secret IS NOT NULL")
        ).scalars()
        return [*secrets, *conn.execute(text("SELECT body FROM idempotency")).scalars()]


@pytest.mark.traced
def test_S8_what_runs_takes_a_new_key_and_the_old_one_opens_for_a_while(
    terminal: Terminal, web: Web, clock: FakeClock
) -> None:
    subscription, secret = add_webhook(web)
    person = add_mail(web)
    old_key = web.loa.keyring().current
    old_links = links_of(web, person)
    envelope = envelope_sender("loa@loa.example", subscription, old_key)
    sign_in(web)

    said = terminal.json("key", "rotate", "--keep-days", "3")
    assert (
        said["is_new"] and said["unopened"] == 0 and said["resealed"] == 3
    )  # two webhooks and a kept answer

    keys = web.loa.keyring()
    assert keys.current != old_key and keys.still == (old_key,)
    alone = SecretBox(keys.current)
    assert all(alone.is_current(one) for one in sealed(web))
    assert add_webhook(web) == (subscription, secret)  # the answer that was kept
    with web.loa.database.reading() as conn:
        headers = conn.execute(
            text("SELECT headers FROM subscription WHERE id = :id"), {"id": subscription}
        ).scalar_one()
    assert "office" not in headers and alone.is_current(
        base64.b64decode(json.loads(headers)["Authorization"]["sealed"])
    )
    assert web.client.get("/admin/").status_code == 200
    new_links = links_of(web, person)
    assert not set(new_links.values()) & set(old_links.values())
    for path in (*old_links.values(), *new_links.values()):
        assert web.client.get(path).status_code == 200, path
    acknowledged = web.client.post(old_links["receipt"], data={"by": "Lan"})
    assert acknowledged.status_code == 200 and "Đã xác nhận" in acknowledged.text
    bounce = f"To: {envelope}\r\n\r\nno".encode()
    assert read(bounce, *keys.opening).message_id == subscription

    clock.at = datetime.fromisoformat(said["old_until"])
    for path in old_links.values():
        refused = web.client.get(path)
        assert refused.status_code == 410 and "khóa đã thay" in refused.text
        assert "was replaced" in web.client.get(path + "?lang=en").text
        assert web.client.get(path + "?lang=vi").status_code == 410
    assert web.client.post(old_links["receipt"]).status_code == 410
    for path in new_links.values():
        assert web.client.get(path).status_code == 200, path
    assert read(bounce, *web.loa.keyring().opening).message_id is None
    assert web.client.get(old_links["manage"][:-2] + "AA").status_code == 404  # nobody made it


def test_S8_a_key_that_is_to_end_at_once_signs_everybody_out(
    terminal: Terminal, web: Web, clock: FakeClock
) -> None:
    person = add_mail(web)
    old = links_of(web, person)
    sign_in(web)
    terminal.run("key", "rotate", "--keep-days", "0")
    clock.advance(60)
    assert web.client.get("/admin/").status_code == 302
    assert {web.client.get(path).status_code for path in old.values()} == {410}
    assert "new key" in terminal.run("key", "rotate").stdout
    assert len(read_keys(terminal.folder / "loa.db.secret")) == 3
    assert {web.client.get(path).status_code for path in old.values()} == {410}


@pytest.mark.traced
def test_S8_a_rotation_that_was_cut_short_is_finished_and_makes_no_further_key(
    terminal: Terminal, web: Web, clock: FakeClock
) -> None:
    add_webhook(web)
    key_file = terminal.folder / "loa.db.secret"
    rotate_key_file(key_file, clock(), timedelta(days=30))  # and then the power failed
    before = key_file.read_bytes()
    with web.loa.database.reading() as conn:
        public = [one.public for one in load_signing_keys(conn, clock())]
    assert "finished a rotation" in terminal.run("key", "rotate").stdout
    assert key_file.read_bytes() == before
    with web.loa.database.reading() as conn:
        assert [one.public for one in load_signing_keys(conn, clock())] != public
        assert [one.act for one in list_audit(conn)].count("act.key_rotate") == 1
    alone = SecretBox(web.loa.keyring().current)
    assert all(alone.is_current(one) for one in sealed(web))
    assert terminal.json("key", "rotate")["is_new"]


def test_S8_a_key_file_that_is_gone_or_garbled_stops_no_running_service(
    terminal: Terminal, web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    person = add_mail(web)
    path = links_of(web, person)["manage"]
    key_file = terminal.folder / "loa.db.secret"
    whole = key_file.read_text()
    for garbled in (
        None,
        "short",
        "k" * 40 + "\n" + "x" * 40 + " until tomorrow",
        "k" * 40 + "\nké",
    ):
        key_file.unlink() if garbled is None else key_file.write_text(garbled, "utf-8")
        assert web.client.get(path).status_code == 200
    assert sum("go on being used" in one.message for one in caplog.records) == 1
    key_file.write_text(whole)
    assert web.client.get(path).status_code == 200


def test_S8_secrets_that_no_key_opens_are_counted_and_left(terminal: Terminal, web: Web) -> None:
    lost = SecretBox("another key of nobody, long enough").encrypt("whsec_eA==")
    with web.loa.database.writing() as conn:
        conn.execute(text("UPDATE subscription SET secret = :s"), {"s": lost})
    said = terminal.run("key", "rotate", code=1)
    assert "1 secrets open with no key" in said.stderr
    assert sealed(web) == [lost]


@pytest.mark.traced
def test_S8_a_configured_key_is_the_operators_to_change(terminal: Terminal, web: Web) -> None:
    add_webhook(web)
    (old,) = read_keys(terminal.folder / "loa.db.secret")
    terminal.configure(f'[service]\nsecret_key = "{"n" * 40}"\n')
    assert "service.old_secret_keys" in terminal.refused("key", "rotate")
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    terminal.configure(
        f'[service]\nsecret_key = "{"n" * 40}"\nold_secret_keys = ["{old.text} until {until}"]\n'
    )
    said = terminal.run("key", "rotate").stdout
    assert "restart" in said and "sealed anew: 3" in said
    assert all(SecretBox("n" * 40).is_current(one) for one in sealed(web))
    assert "sealed anew: 0" in terminal.run("key", "rotate").stdout


@pytest.mark.parametrize(
    "bad",
    [
        "short",
        "k" * 40 + " until ",
        "k until 2026-12-29T00:00:00Z",
        "k" * 40 + " until 2026-12-29",
        "k" * 40 + " until x",
    ],
)
def test_S8_an_old_key_that_cannot_be_is_refused_and_never_shown(
    terminal: Terminal, bad: str
) -> None:
    terminal.configure(f'[service]\nold_secret_keys = ["{bad}"]\n')
    said = terminal.refused("check")
    assert "service.old_secret_keys = (not shown); allowed" in said and bad not in said


def test_S8_a_backup_has_the_old_keys_too(terminal: Terminal, web: Web) -> None:
    terminal.run("key", "rotate")
    terminal.run("backup", str(terminal.folder / "copy.db"))
    kept = [read_keys(terminal.folder / name) for name in ("loa.db.secret", "copy.db.secret")]
    assert len(kept[0]) == 2 and kept[0] == kept[1]


@pytest.mark.parametrize("mask", [0o022, 0o000])
def test_S8_every_file_is_its_owners_alone_whatever_the_umask(
    terminal: Terminal, mask: int
) -> None:
    environ = {**os.environ, "LOA_CONFIG": str(terminal.config)}
    own = {path.name for path in terminal.folder.iterdir()}

    def loa(*arguments: str) -> list[str]:
        return [sys.executable, "-m", "service", *arguments]

    worker = subprocess.Popen(loa("worker"), env=environ, umask=mask, stderr=subprocess.DEVNULL)
    try:
        expected = {
            "loa.db",
            "loa.db-wal",
            "loa.db-shm",
            "loa.db.secret",
            "loa.db.fence",
            "loa.db.delivering",
        }
        deadline = time.monotonic() + 30
        while not expected <= {path.name for path in terminal.folder.iterdir()}:
            assert time.monotonic() < deadline and worker.poll() is None
            time.sleep(0.05)
        for command in (("backup", "copy.db"), ("key", "rotate"), ("export", "out")):
            done = subprocess.run(
                loa(*command),
                env=environ,
                cwd=terminal.folder,
                umask=mask,
                capture_output=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(30)
    made = [path for path in terminal.folder.iterdir() if path.name not in own and path.is_file()]
    assert {"copy.db", "copy.db.secret", "loa.db.secret"} <= {path.name for path in made}
    assert {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in made} == dict.fromkeys(
        (path.name for path in made), "0o600"
    )


def test_S8_the_states_of_a_subscription_do_not_keep_it_under_an_old_key(
    terminal: Terminal, web: Web
) -> None:
    """Paused, removed, with an old secret beside it: whatever is sealed is sealed anew."""
    subscription, _ = add_webhook(web)
    assert (
        web.client.post(
            f"/api/v1/subscriptions/{subscription}/rotate", headers=web.operator
        ).status_code
        == 200
    )
    for status in SubscriptionStatus:
        with web.loa.database.writing() as conn:
            conn.execute(text("UPDATE subscription SET status = :s"), {"s": status.value})
        terminal.json("key", "rotate")
        alone = SecretBox(web.loa.keyring().current)
        with web.loa.database.reading() as conn:
            row = conn.execute(
                text("SELECT secret, old_secret FROM subscription WHERE id = :id"),
                {"id": subscription},
            ).one()
        assert alone.is_current(row.secret) and alone.is_current(row.old_secret)
