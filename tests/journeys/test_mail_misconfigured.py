"""D18: whatever is wrong with mail stops mail alone; webhooks and feeds go on, and it is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from service.bootstrap import Loa
from service.channels import CHANNELS, CHAT, PULL, WEBSUB
from service.demo.sample import DIRECTIVES, live_post
from service.demo.sample_portal import SamplePortal
from service.storage.down_channels import keep_down
from service.types import EMAIL, WEBHOOK
from service.web.app import create_app
from tests.fakes import FakeClock
from tests.fakes_ledger import a_post, hook, mail, tell
from tests.fakes_receiver import FakeReceiver
from tests.fakes_web import make_loa
from tests.journeys.cli import Terminal
from tests.journeys.test_cli_serve import page, running
from tests.patience import eventually, free_port

BROKEN = {
    "a relay whose name is none": ("smtp://u:hunter2@a..b", ""),
    "a relay of another kind": ("http://u:hunter2@relay.example", ""),
    "a relay at no port": ("smtp://u:hunter2@relay.example:99999", ""),
    "a relay with an option that is none": ("smtp://u:hunter2@relay.example?tls=1", ""),
    "a relay with a line break": ("smtp://u:hunter2@relay.example\r\nX: y", ""),
    "a sender that is none": ("smtp://127.0.0.1:9", "nobody"),
    "a sender that no relay takes": ("smtp://127.0.0.1:9", "Loa <vănthư@example.vn>"),
    "a sender with a line break": (
        "smtp://127.0.0.1:9",
        "Loa <loa@example.vn>\r\nBcc: all@example.vn",
    ),
    "a sender without a relay": ("", "nobody"),
}


def email_of(name: str) -> dict[str, object]:
    url, sender = BROKEN[name]
    return {"smtp_url": url, **({"from": sender} if sender else {})}


@pytest.fixture(params=BROKEN)
def broken(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


def owe_both(loa: Loa, clock: FakeClock, url: str) -> None:
    with loa.database.writing() as conn:
        key = hook(conn, url).id
        conn.execute(  # sealed by this Loa's key
            text("UPDATE subscription SET secret = :secret WHERE id = :id"),
            {"secret": loa.secret_box.encrypt("whsec_" + "A" * 32), "id": key},
        )
        mail(conn, "a@example.vn")
    clock.advance(60)
    with loa.database.writing() as conn:
        tell(conn, a_post(), at=clock())


@pytest.fixture
def loa(broken: str, sqlite_url: str, clock: FakeClock) -> Iterator[Loa]:
    webhooks: dict[str, object] = {"allow_private_networks": True}
    made = make_loa(sqlite_url, clock, email=email_of(broken), webhooks=webhooks)
    yield made
    made.close()


def states(loa: Loa) -> dict[str, str]:
    with loa.database.reading() as conn:
        return {
            row.channel: row.state
            for row in conn.execute(text("SELECT channel, state FROM message"))
        }


def test_D18_a_broken_mail_configuration_stops_mail_alone(loa: Loa, clock: FakeClock) -> None:
    with FakeReceiver({}) as receiver:
        owe_both(loa, clock, receiver.url())
        assert [one.name for one in loa.senders.opened] == [WEBHOOK, PULL, WEBSUB, CHAT]
        assert loa.deliverer.deliver_due().sent == 1
        assert receiver.count("/hook") == 1
    assert states(loa) == {"webhook": "sent", "email": "due"}
    assert "hunter2" not in str(loa.senders.down)


def test_D18_a_bug_of_one_channel_stops_that_channel_alone(
    monkeypatch: pytest.MonkeyPatch, database_url: str, clock: FakeClock
) -> None:
    for sender in ("service.delivery.email:nothing", "service.delivery.nowhere:open_sender"):
        monkeypatch.setitem(CHANNELS, EMAIL, replace(CHANNELS[EMAIL], sender=sender))
        loa = make_loa(database_url, clock, webhooks={"allow_private_networks": True})
        try:
            assert [one.name for one in loa.senders.opened] == [WEBHOOK, PULL, WEBSUB, CHAT]
            assert "Error" in loa.senders.down[EMAIL]
        finally:
            loa.close()


def test_D18_readyz_says_what_is_down_and_is_ready(database_url: str, clock: FakeClock) -> None:
    loa = make_loa(database_url, clock, email=email_of("a relay whose name is none"))
    with loa.database.writing() as conn:
        keep_down(conn, loa.senders.down)
    client = create_app(loa).test_client()
    said = json.loads(client.get("/readyz").data)["warnings"]
    assert [one for one in said if one.startswith("delivery: nothing is sent by email: ")]
    assert client.get("/feeds/all.rss").status_code == 200
    with loa.database.writing() as conn:
        keep_down(conn, {})
    clock.advance(60)
    assert json.loads(client.get("/readyz").data)["warnings"] == []
    loa.close()


def test_D18_check_names_the_channel_and_the_remedy(broken: str, tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in email_of(broken).items())
    terminal.configure(f"[email]\n{lines}")
    result = terminal.run("check", "--offline", "--json", code=1)
    bad = {
        one["what"]: one for one in json.loads(result.stdout)["checks"] if one["verdict"] == "bad"
    }
    assert set(bad) == {"channel email"}
    assert "email." in bad["channel email"]["detail"]
    assert bad["channel email"]["remedy"]
    assert "hunter2" not in result.output
    assert not (tmp_path / "loa.db.secret").exists()  # looking makes no key


def test_D18_a_service_that_starts_with_broken_mail_serves_feeds_and_sends_webhooks(
    tmp_path: Path,
) -> None:
    terminal, port, portal = Terminal(tmp_path), free_port(), SamplePortal()
    portal.start()
    terminal.configure(
        f"[server]\nport = {port}\n[polling]\ninterval_s = 1\nmin_delay_per_host_s = 0.0\n"
        "[webhooks]\nallow_private_networks = true\n[email]\nsmtp_url = "
        '"smtp://u:hunter2@a..b"\nfrom = "nobody"\n'
    )
    (tmp_path / "portals" / "mau.toml").write_text(
        f'id = "mau"\nname = "Cổng mẫu"\nbase_url = "{portal.base_url}"\nkind = "td-portal"\n'
        f'[[listings]]\nurl = "{DIRECTIVES}"\n',
        encoding="utf-8",
    )
    with FakeReceiver({}) as receiver, running(terminal, "serve") as (_, log):
        terminal.json("subscription", "add", "webhook", receiver.url(), "--confirmed")
        eventually(lambda: '"event":"polled"' in log.read_text())
        portal.publish(live_post(datetime.now(UTC)))
        eventually(lambda: receiver.count("/hook") == 1)
        eventually(lambda: "Chỉ thị" in page(port, "/feeds/all.rss"))
        eventually(lambda: "nothing is sent by email" in page(port, "/readyz"))
    portal.stop()
    said = log.read_text()
    assert "cannot open the channel" in said
    assert "hunter2" not in said and "Traceback" not in said
