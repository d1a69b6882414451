"""A real Postfix on loopback, with a queue and a configuration of its own, that passes everything
on to one port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
mydestination =
relay_domains = xa.example, mail.example
relay_recipient_maps = inline:{{ {known} }}
transport_maps = static:smtp:[127.0.0.1]:{next_port}
smtp_host_lookup = native
"""
_MASTER = """127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix - - n 1000? 0 flush
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
    folder = Path(tempfile.mkdtemp(prefix="loa-postfix-"))
    port = _free_port()
    try:
        _configure(folder, port, next_port, known)
        _command(folder, "start")
        try:
            _wait_for(port)
            yield port
        finally:
            _command(folder, "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _command(folder: Path, verb: str) -> None:
    subprocess.run(
        [str(POSTFIX), "-c", str(folder / "etc"), verb], capture_output=True, timeout=30, check=True
    )


def _configure(folder: Path, port: int, next_port: int, known: list[str]) -> None:
    folder.chmod(0o755)  # its daemons are another account
    for name in ("etc", "queue", "data"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    listed = ", ".join(f"{{{address}=x}}" for address in known)
    (folder / "etc/main.cf").write_text(
        _MAIN.format(folder=folder, next_port=next_port, known=listed)
    )
    (folder / "etc/master.cf").write_text(_MASTER.format(port=port))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError("Postfix does not answer")
