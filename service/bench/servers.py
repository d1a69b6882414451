"""What the benchmarks talk to: nginx as a receiver, plain or with TLS, and Redis; each ended by its
own handle."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from service.bench.receiver import BenchReceiver

_NGINX = """worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 10000000; keepalive_timeout {keep_s};
    client_body_temp_path {folder};
 proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path
 {folder};
 server {{ listen 0.0.0.0:{port} backlog=4096 {tls}; location / {{ return 204; }} }} }}"""


def nginx_path() -> str | None:
    return shutil.which("nginx") or next(
        (p for p in ("/usr/sbin/nginx",) if Path(p).exists()), None
    )


@contextmanager
def plain_receiver(folder: Path) -> Iterator[int]:
    """A receiver that keeps connections: nginx where it is installed, else our own; returns the
    port."""
    if nginx_path() is None:
        with BenchReceiver() as receiver:
            yield receiver.port
        return
    with _nginx(folder, keep_s=600, tls="") as port:
        yield port


@contextmanager
def tls_receiver(folder: Path) -> Iterator[tuple[int, str]]:
    """An nginx that closes after each answer; its port, and the file of the authority to trust."""
    authority = _write_certificate(folder)
    tls = f"ssl; ssl_certificate {authority}; ssl_certificate_key {folder / 'key.pem'}"
    with _nginx(folder, keep_s=0, tls=tls) as port:
        yield port, authority


@contextmanager
def redis_server(folder: Path) -> Iterator[tuple[str, int] | None]:
    """A Redis that keeps nothing: its URL and process id; None where it is not installed."""
    program = shutil.which("redis-server")
    if program is None:
        yield None
        return
    port = _free_port()
    command = [
        program,
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
    ]
    with _running([*command, "--dir", str(folder)], port) as pid:
        yield f"redis://127.0.0.1:{port}/0", pid


@contextmanager
def _nginx(folder: Path, *, keep_s: int, tls: str) -> Iterator[int]:
    program, port = nginx_path(), _free_port()
    assert program is not None
    config = folder / f"nginx-{port}.conf"
    config.write_text(_NGINX.format(folder=folder, port=port, keep_s=keep_s, tls=tls))
    with _running([program, "-c", str(config), "-p", str(folder)], port):
        yield port


@contextmanager
def _running(command: list[str], port: int) -> Iterator[int]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 — our own
    try:
        _wait_for(port)
        yield process.pid
    finally:
        process.terminate()
        process.wait(10)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)


def _write_certificate(folder: Path) -> str:
    """A certificate for 127.0.1.1 to 50 that is its own authority."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    names = [x509.IPAddress(ip_address(f"127.0.1.{i + 1}")) for i in range(50)]
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bench")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    path = folder / "authority.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return str(path)
