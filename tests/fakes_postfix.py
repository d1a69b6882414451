"""A real Postfix on loopback, with a queue and a configuration of its own, that passes everything
on to one port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tests.patience import free_port

POSTFIX = shutil.which("postfix", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
WHY_NOT = (
    "Postfix is not installed"
    if POSTFIX is None
    else "Postfix starts only for root"
    if os.geteuid()
    else ""
)

_MAIN = """compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/queue/log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.example
smtp_host_lookup = native
"""
_OFFICE = """mydestination = example.gov.vn
local_recipient_maps = inline:{ { loa = x } }
"""
_RELAY = """mydestination =
relay_domains = xa.example, mail.example
relay_recipient_maps = inline:{{ {known} }}
transport_maps = static:smtp:[127.0.0.1]:{next_port}
"""
_MASTER = """127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
showq unix n - n - - showq
pickup unix n - n 60 1 pickup
proxymap unix - - n - - proxymap
relay unix - - n - - smtp
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""


@contextmanager
def running_postfix(next_port: int, known: list[str]) -> Iterator[int]:
    """Its port. It takes mail for `known` and hands it to `next_port`, as it does its own
    bounces."""
    listed = ", ".join(f"{{{address}=x}}" for address in known)
    with _running(_RELAY.format(next_port=next_port, known=listed), "") as running:
        yield running.port


@contextmanager
def running_mailbox_server(main: str, master: str, files: dict[str, str]) -> Iterator[Postfix]:
    """One that takes mail for example.gov.vn, as an office's does, with an operator's additions to
    its files.

    `files`: what an operator copies to /etc/postfix, by name. `loa` is a local account.
    """
    with _running(_OFFICE + main, master, files) as running:
        yield running


@dataclass(frozen=True, slots=True)
class Postfix:
    """A Postfix that runs."""

    port: int
    folder: Path

    def queued(self) -> list[str]:
        """The names of the mails that it keeps for later."""
        return [path.name for path in (self.folder / "queue/deferred").rglob("*") if path.is_file()]

    def log(self) -> str:
        return (self.folder / "queue/log").read_text("utf-8", "replace")

    def flush(self) -> None:
        """Tries again at once what it keeps."""
        command = ["postqueue", "-c", str(self.folder / "etc"), "-f"]
        done = subprocess.run(command, capture_output=True, timeout=30, check=False)
        assert done.returncode == 0, done.stderr


@contextmanager
def _running(
    main: str, master: str, files: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Postfix]:
    folder = Path(tempfile.mkdtemp(prefix="loa-postfix-"))
    port = free_port()
    try:
        _configure(folder, port, main, master, files)
        _command(folder, "start")
        try:
            _wait_for(port)
            yield Postfix(port, folder)
        finally:
            _command(folder, "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _command(folder: Path, verb: str) -> None:
    subprocess.run(
        [str(POSTFIX), "-c", str(folder / "etc"), verb], capture_output=True, timeout=30, check=True
    )


def _configure(folder: Path, port: int, main: str, master: str, files: Mapping[str, str]) -> None:
    folder.chmod(0o755)  # its daemons are another account
    for name in ("etc", "queue", "data"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    own = str(folder / "etc")
    (folder / "etc/main.cf").write_text(
        _MAIN.format(folder=folder) + main.replace("/etc/postfix", own)
    )
    (folder / "etc/master.cf").write_text(_MASTER.format(port=port) + master)
    for name, text in files.items():
        (folder / "etc" / name).write_text(text)


def _wait_for(port: int) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("Postfix does not answer")
