"""Bounces as an MTA's pipe gives them: the table of D7 through `loa bounce`, and the corpus of
flufl.bounce."""

from __future__ import annotations

import email
import os
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from flufl.bounce import all_failures
from sqlalchemy import text

from service.alerts.bounce import Kind, envelope_sender, read
from service.bootstrap import Loa, open_loa
from service.storage.engine import uuid7
from tests.fakes import FakeClock
from tests.fakes_database import lay_migrated
from tests.fakes_ledger_mail import make_post, subscribe, tell

CORPUS = "flufl.bounce==6.0.0"
KEY = "a key of tests, long enough for the settings"


class Bounced:
    """A subscription whose first mail may come back."""

    def __init__(self, loa: Loa, environ: dict[str, str], folder: Path) -> None:
        self.loa = loa
        self.environ = {**os.environ, **environ}
        self.folder = folder
        with loa.database.writing() as conn:
            subscribe(conn, "lan@xa.example", loa.clock())
            tell(conn, make_post(conn, loa.clock()), loa.clock())
            self.message_id = str(conn.execute(text("SELECT id FROM message")).scalar_one())
        self.to = envelope_sender("loa@mail.example", self.message_id, KEY)

    def pipe(self, mail: str | bytes) -> int:
        """What the MTA sees: the exit code of `loa bounce`."""
        raw = mail.encode() if isinstance(mail, str) else mail
        command = [sys.executable, "-m", "service", "bounce"]
        done = subprocess.run(
            command,
            input=raw,
            env=self.environ,
            cwd=self.folder,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert b"Traceback" not in done.stderr
        return done.returncode

    @property
    def status(self) -> str:
        with self.loa.database.reading() as conn:
            return str(conn.execute(text("SELECT status FROM subscription")).scalar_one())


@pytest.fixture
def bounced(tmp_path: Path, clock: FakeClock) -> Iterator[Bounced]:
    environ = {
        "LOA_DATABASE__URL": f'"sqlite:///{tmp_path}/loa.db"',
        "LOA_EMAIL__SMTP_URL": '"smtp://127.0.0.1:1"',
        "LOA_SERVICE__SECRET_KEY": f'"{KEY}"',
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    lay_migrated(f"sqlite:///{tmp_path}/loa.db")
    loa = open_loa(
        None,
        {name: value for name, value in environ.items() if name.startswith("LOA")},
        clock=clock,
    )
    yield Bounced(loa, environ, tmp_path)
    loa.close()


def report(to: str, action: str, status: str) -> str:
    return (
        f"From: MAILER-DAEMON@mx.example\nTo: {to}\nAuto-Submitted: auto-replied\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        f"Final-Recipient: rfc822; lan@xa.example\nAction: {action}\nStatus: {status}\n\n--b--\n"
    )


def test_D7_a_hard_bounce_suspends_and_is_not_unsubscribing(bounced: Bounced) -> None:
    assert bounced.pipe(report(bounced.to, "failed", "5.1.1")) == 0
    assert bounced.status == "suspended"
    assert bounced.pipe(report(bounced.to, "failed", "5.1.1")) == 0


def test_D7_a_complaint_suspends(bounced: Bounced) -> None:
    complaint = (
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\n\n--b--\n'
    )
    assert bounced.pipe(f"From: fbl@mx.example\nTo: {bounced.to}\n{complaint}") == 0
    assert bounced.status == "suspended"


HARMLESS = {
    "a soft bounce of one day": "REPORT",
    "a vacation reply": "From: lan@xa.example\nTo: {to}\nAuto-Submitted: auto-replied (vacation)\n\nTôi nghỉ "
    "phép.\n",
    "a challenge": "From: lan@xa.example\nTo: {to}\nX-Autoreply: yes\nSubject: Please confirm\n\nhttp://x\n",
    "a person": "From: lan@xa.example\nTo: {to}\nSubject: Re: Chỉ thị\n\nCảm ơn.\n",
    "a spoof": "From: MAILER-DAEMON@mx.example\nTo: loa@mail.example\nSubject: failure\n\n550 "
    "lan@xa.example\n",
}


@pytest.mark.parametrize("name", HARMLESS)
def test_D7_what_is_no_proof_of_a_dead_address_changes_nothing(bounced: Bounced, name: str) -> None:
    mail = HARMLESS[name].format(to=bounced.to) if HARMLESS[name] != "REPORT" else ""
    assert bounced.pipe(mail or report(bounced.to, "delayed", "4.4.1")) == 0
    assert bounced.status == "active"


def test_D7_forged_bounces_change_nothing_and_answer_nobody(bounced: Bounced) -> None:
    other = envelope_sender("loa@mail.example", bounced.message_id, "somebody else's key")
    unknown = envelope_sender("loa@mail.example", uuid7(), KEY)
    changed = bounced.to[:-14] + ("1" if bounced.to[-14] == "0" else "0") + bounced.to[-13:]
    for to in (other, unknown, changed, "loa@mail.example"):
        assert bounced.pipe(report(to, "failed", "5.1.1")) == 0
    assert bounced.status == "active"


def test_D7_what_no_parser_can_read_is_kept_by_the_mta(bounced: Bounced) -> None:
    for rubbish in (b"", b"\x00\xff\xfe", b"no headers at all"):
        assert bounced.pipe(rubbish) == 75
    assert bounced.status == "active"


@pytest.fixture(scope="module")
def corpus(request: pytest.FixtureRequest) -> dict[str, bytes]:
    """The library's own bounces, from its source distribution; fetched once by pip, and kept in
    pytest's cache."""
    cache = request.config.cache
    assert cache is not None
    folder = cache.mkdir("flufl-bounce")
    if not list(folder.glob("*.tar.gz")):
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-binary",
            ":all:",
            "--no-deps",
            "-d",
            str(folder),
        ]
        fetched = subprocess.run([*command, CORPUS], capture_output=True, timeout=110, check=False)
        if fetched.returncode != 0 and "CI" not in os.environ:
            pytest.skip(f"no registry gives {CORPUS} here")
        assert fetched.returncode == 0, fetched.stderr
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        members = [
            one for one in archive if "/tests/data/" in one.name and one.name.endswith(".txt")
        ]
        return {Path(one.name).stem: archive.extractfile(one).read() for one in members}  # type: ignore[union-attr]  # files


def test_D7_the_corpus_is_known_for_bounces_as_by_its_own_library_and_sorted_by_its_words(
    corpus: dict[str, bytes],
) -> None:
    message_id = uuid7()
    to = envelope_sender("loa@mail.example", message_id, KEY)
    assert len(corpus) == 117
    found: Counter[Kind] = Counter()
    for name, raw in corpus.items():
        mail = raw.partition(b"\n")[2] if raw.startswith(b"From ") else raw
        temporary, permanent = all_failures(email.message_from_bytes(mail))
        bounce = read(f"X-Original-To: {to}\n".encode() + mail, KEY)
        assert bounce.message_id == message_id
        if (
            permanent or temporary
        ):  # what the library knows for a bounce is one; whether it is final, the words say
            assert (name, bounce.kind) not in ((name, Kind.NONE), (name, Kind.COMPLAINT))
        if not permanent:
            assert (name, bounce.kind) != (name, Kind.HARD)
        found[bounce.kind] += 1
        assert read(f"X-Original-To: {to}\n".encode() + mail, "another key").message_id is None
    assert (
        found[Kind.HARD] >= 45
    )  # of 101 that the library calls final: full, disabled or too big is not "no such mailbox"
