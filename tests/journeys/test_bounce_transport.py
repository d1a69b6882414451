"""M8: the documented transport on Debian's Postfix as it stands, and exit 75 for all but wrong
usage."""

from __future__ import annotations

import os
import pwd
import shutil
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from service.alerts.bounce import envelope_sender
from service.bootstrap import Loa, open_loa
from service.settings import shipped
from tests.fakes_ledger_mail import make_post, subscribe, tell
from tests.fakes_postfix import WHY_NOT, Postfix, running_mailbox_server
from tests.journeys.test_mail_bounces import report

IS_CI = "CI" in os.environ  # where nothing is skipped
DOCUMENTED = shipped() / "deploy/postfix"
SENDER = "loa@example.gov.vn"
PATIENCE_S = 30.0


def account() -> str:
    """The user that the documents name; another without rights where this machine has no such
    user."""
    try:
        return pwd.getpwnam("loa").pw_name
    except KeyError:
        return "nobody"


def startable_by(user: str) -> str:
    """The words that start Loa as another user, who may not read where this test's own interpreter
    lies."""
    places = [
        str(Path(__file__).parents[2]),
        *(place for place in sys.path if "site-packages" in place),
    ]
    beside = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    for interpreter in (sys.executable, beside):
        command = ["/usr/bin/env", f"PYTHONPATH={':'.join(places)}", interpreter, "-m", "service"]
        account = pwd.getpwnam(user)
        tried = subprocess.run(
            [*command, "--help"], user=account.pw_uid, group=account.pw_gid, extra_groups=[],
            cwd="/",
            capture_output=True, check=False,
        )  # fmt: skip
        if tried.returncode == 0:
            return " ".join(command)
    if IS_CI:
        pytest.fail(f"{user} may start no interpreter that has Loa")
    pytest.skip(f"{user} may start no interpreter that has Loa")


class Installed:
    """Loa as the service has it: a configuration, and a folder that is its user's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "loa.toml"
        self.database = folder / "state/var/loa.db"
        self.state = folder / "state"
        self.state.mkdir()
        self.config.write_text(
            f'[email]\nfrom = "Loa <{SENDER}>"\nsmtp_url = "smtp://127.0.0.1:1"\n'
        )
        self.config.chmod(0o644)
        self.fill()

    def fill(self) -> None:
        loa = self.opened()
        with loa.database.writing() as conn:
            now = loa.clock()
            subscribe(conn, "lan@xa.example", now)
            tell(conn, make_post(conn, now), now)
            message_id = str(conn.execute(text("SELECT id FROM message")).scalar_one())
        self.envelope = envelope_sender(SENDER, message_id, loa.keyring().current)
        loa.close()

    def opened(self) -> Loa:
        return open_loa(self.config, {"LOA_DATABASE__URL": f'"sqlite:///{self.database}"'})

    def hand_over(self, user: str) -> None:
        """All of it belongs to the service's user, as systemd's StateDirectory does."""
        self.folder.chmod(0o755)
        for path in (self.state, *self.state.rglob("*")):
            shutil.chown(path, user, pwd.getpwnam(user).pw_gid)

    def status(self) -> str:
        engine = create_engine(f"sqlite:///{self.database}")
        with engine.connect() as conn:
            found = str(conn.execute(text("SELECT status FROM subscription")).scalar_one())
        engine.dispose()
        return found

    def pipe(
        self, mail: bytes, *arguments: str, **environ: str
    ) -> subprocess.CompletedProcess[bytes]:
        """As an MTA does, from the service's folder."""
        command = [
            sys.executable,
            "-m",
            "service",
            "--config",
            str(self.config),
            "bounce",
            *arguments,
        ]
        whole = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **environ}
        return subprocess.run(
            command,
            input=mail,
            env=whole,
            cwd=self.state,
            capture_output=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def installed() -> Iterator[Installed]:
    folder = Path(
        tempfile.mkdtemp(prefix="loa-installed-")
    )  # pytest's own are closed to other users
    yield Installed(folder)
    shutil.rmtree(folder)


def nested(depth: int) -> bytes:
    head = "".join(
        f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth)
    )
    return f"From: MAILER-DAEMON@mx.example\n{head}\n".encode()


def with_key_away(installed: Installed) -> None:
    (installed.database.parent / "loa.db.secret").unlink()


def with_key_cut(installed: Installed) -> None:
    (installed.database.parent / "loa.db.secret").write_text("half")


def with_database_gone(installed: Installed) -> None:
    installed.database.unlink()


def with_database_empty(installed: Installed) -> None:
    installed.database.write_bytes(b"")


def with_database_garbled(installed: Installed) -> None:
    installed.database.write_bytes(b"no database" * 1000)


def with_folder_gone(installed: Installed) -> None:
    shutil.rmtree(installed.database.parent)


def with_newer_schema(installed: Installed) -> None:
    engine = create_engine(f"sqlite:///{installed.database}")
    with engine.begin() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()


def with_wrong_configuration(installed: Installed) -> None:
    installed.config.write_text("[emial]\n")


def with_no_configuration(installed: Installed) -> None:
    installed.config.unlink()


AWAY = [
    with_key_away, with_key_cut, with_database_gone, with_database_empty, with_database_garbled,
    with_folder_gone,
    with_newer_schema, with_wrong_configuration, with_no_configuration,
]  # fmt: skip


@pytest.mark.parametrize("take_away", AWAY, ids=lambda one: one.__name__)
def test_M8_whatever_is_away_the_mta_keeps_the_mail(
    installed: Installed, take_away: Callable[[Installed], None]
) -> None:
    take_away(installed)
    before = sorted(path.name for path in installed.state.rglob("*"))
    done = installed.pipe(report(installed.envelope, "failed", "5.1.1").encode())
    assert (done.returncode, done.stdout) == (75, b""), done.stderr
    assert b"Traceback" not in done.stderr and done.stderr.startswith(b"loa: ")
    made = {path.name for path in installed.state.rglob("*")} - set(before)
    assert made <= {"loa.db-wal", "loa.db-shm"}  # neither a key nor a database


def test_M8_postgresql_that_is_away_keeps_the_mail_too(installed: Installed) -> None:
    mail = report(installed.envelope, "failed", "5.1.1").encode()
    url = "postgresql+psycopg://loa@127.0.0.1:1/loa"
    assert installed.pipe(mail, LOA_DATABASE__URL=url).returncode == 75
    assert (
        installed.pipe(mail, LOA_DATABASE__URL=url, LOA_SERVICE__SECRET_KEY="k" * 40).returncode
        == 75
    )


@pytest.mark.parametrize("depth", [100, 3000, 100_000])
def test_M8_parts_within_parts_end_as_a_mail_that_is_read_or_kept(
    installed: Installed, depth: int
) -> None:
    done = installed.pipe(nested(depth))
    assert done.returncode == (0 if depth == 100 else 75), done.stderr
    assert b"Traceback" not in done.stderr


def test_M8_only_wrong_usage_is_told_apart(installed: Installed) -> None:
    mail = report(installed.envelope, "failed", "5.1.1").encode()
    assert installed.pipe(mail, "--no-such-option").returncode == 2
    assert installed.pipe(mail, "an argument").returncode == 2
    assert installed.status() == "active"


def send(postfix: Postfix, to: str) -> None:
    """As another server returns a mail: from nobody, to the address of the envelope."""
    with smtplib.SMTP("127.0.0.1", postfix.port, timeout=PATIENCE_S) as client:
        mail = report("somebody@else.example", "failed", "5.1.1").replace("\n", "\r\n")
        assert client.sendmail("", [to], mail) == {}


def eventually(what: Callable[[], bool], postfix: Postfix) -> None:
    """Waits for another process, which no injected clock reaches."""
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline, postfix.log()
        time.sleep(0.1)


@contextmanager
def documented(installed: Installed, user: str) -> Iterator[Postfix]:
    """A Postfix with the files of config/deploy/postfix, but for the places where this test has
    things."""
    instead = {
        "user=loa": f"user={user}",
        "/var/lib/loa": str(installed.state),
        "/opt/loa/bin/loa": startable_by(user),
        "/etc/loa/loa.toml": str(installed.config),
    }
    files = {path.name: path.read_text() for path in DOCUMENTED.iterdir()}
    for here, there in instead.items():
        assert here in files["master.cf"], here
        files["master.cf"] = files["master.cf"].replace(here, there)
    with running_mailbox_server(files.pop("main.cf"), files.pop("master.cf"), files) as postfix:
        yield postfix


@pytest.mark.skipif(bool(WHY_NOT) and not IS_CI, reason=WHY_NOT)
def test_M8_a_mail_that_comes_back_by_the_documented_transport_suspends_its_subscription(
    installed: Installed,
) -> None:
    user = account()
    installed.hand_over(user)
    secret = installed.database.parent / "loa.db.secret"
    aside = secret.with_suffix(".aside")
    with documented(installed, user) as postfix:
        secret.rename(aside)
        send(postfix, installed.envelope)
        eventually(lambda: bool(postfix.queued()), postfix)
        assert "status=deferred" in postfix.log() and "the secret key" in postfix.log()
        assert installed.status() == "active"
        aside.rename(secret)
        postfix.flush()
        eventually(lambda: installed.status() == "suspended", postfix)
        eventually(lambda: not postfix.queued(), postfix)

        send(postfix, SENDER.replace("@", "+b-0123-4567@"))  # forged: taken, and nobody is answered
        eventually(
            lambda: "loa+b-0123-4567" in postfix.log() and "relay=loa-bounce" in postfix.log(),
            postfix,
        )
        eventually(lambda: postfix.log().count("status=sent") == 2, postfix)
        assert not postfix.queued() and "status=bounced" not in postfix.log()
