"""F7, F15, D21: verification is never off; what is missing is named; a file that cannot help is
refused first."""

from __future__ import annotations

import socket
import ssl
import threading
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from service.errors import ConfigurationError, FetchError
from service.portals.fetch import Fetcher
from service.portals.tls import check_ca_file, explain_certificate
from service.settings import ListingConfig, PortalConfig
from service.settings.trust import authorities
from service.types import Outcome
from service.words import say
from service.words.sentences_tls import TLS
from tests.hostile import HostilePortal, MemoryGate, quick_polling, reply

NOW = datetime.now(UTC)


@dataclass
class Issued:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


def issue(
    name: str,
    by: Issued | None = None,
    *,
    is_ca: bool = True,
    days: int = 1,
    host: str = "127.0.0.1",
) -> Issued:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    end = NOW + timedelta(days=days)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))  # before the clock of every test
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(host))]), critical=False
        )
    )
    return Issued(builder.sign(by.key if by else key, hashes.SHA256()), key)


def serve(tmp_path: Path, leaf: Issued) -> HostilePortal:
    (tmp_path / "leaf.pem").write_bytes(leaf.pem() + leaf.key_pem())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "leaf.pem")
    return HostilePortal({"/list": reply("hello")}, context=context)


def fetcher() -> Fetcher:
    return Fetcher(quick_polling(timeout_s=5), MemoryGate(), lambda: NOW)


def write(tmp_path: Path, *issued: Issued) -> Path:
    path = tmp_path / "ca.pem"
    path.write_bytes(b"".join(one.pem() for one in issued))
    return path


ROOT = issue("Gốc thử")
MIDDLE = issue("Trung gian thử", ROOT)


def failure(site: HostilePortal, **fields: object) -> FetchError:
    with site, pytest.raises(FetchError) as caught:
        fetcher().get(site.url + "/list", portal=site.portal(**fields))
    assert caught.value.outcome is Outcome.TLS
    return caught.value


def test_F7_an_incomplete_chain_names_the_missing_issuer(tmp_path: Path) -> None:
    leaf = issue("cổng", MIDDLE, is_ca=False)
    error = failure(serve(tmp_path, leaf), ca_file=write(tmp_path, ROOT))
    assert "its issuer 'Trung gian thử' is missing" in str(error)


def test_F7_a_given_intermediate_mends_the_chain_and_expiry_is_read(tmp_path: Path) -> None:
    leaf = issue("cổng", MIDDLE, is_ca=False)
    made = fetcher()
    with serve(tmp_path, leaf) as site:
        portal = site.portal(ca_file=write(tmp_path, MIDDLE, ROOT))
        page = made.get(site.url + "/list", portal=portal)
        certificate = made.certificate(portal)
    made.close()
    assert page is not None
    assert page.body == b"hello"
    assert certificate is not None
    assert certificate.issuer == "Trung gian thử"
    assert certificate.expires_at == leaf.certificate.not_valid_after_utc


@pytest.mark.parametrize(
    ("leaf", "words"),
    [
        (issue("cũ", ROOT, is_ca=False, days=-1), "has expired on"),
        (issue("nhầm", ROOT, is_ca=False, host="127.0.0.9"), "not valid"),
        (issue("tự ký"), "signed by itself"),
    ],
    ids=["expired", "wrong host", "self-signed"],
)
def test_F7_a_bad_certificate_is_refused_in_words(tmp_path: Path, leaf: Issued, words: str) -> None:
    assert words in str(failure(serve(tmp_path, leaf), ca_file=write(tmp_path, ROOT)))


@pytest.mark.parametrize(
    ("issued", "words"),
    [
        ((MIDDLE,), "was issued by 'Gốc thử', which is not known"),
        ((issue("cổng", ROOT, is_ca=False), ROOT), "of a site, not of an issuer"),
        ((issue("hết hạn", days=-1),), "is valid from"),
        ((), "cannot read"),
    ],
)
def test_F7_a_ca_file_that_cannot_help_is_refused(
    tmp_path: Path, issued: tuple[Issued, ...], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words):
        check_ca_file(write(tmp_path, *issued), NOW)


# --- what old servers speak -------------------------------------------------------------------


def old(tmp_path: Path, how: str) -> HostilePortal:
    """A host with a good certificate that speaks TLS in an old way."""
    site = serve(tmp_path, issue("cổng", ROOT, is_ca=False))
    context = site.context
    assert context is not None
    if how == "tls 1.0":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    elif how == "old ciphers":
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("AES128-SHA:@SECLEVEL=0")
    return site


def test_F15_a_host_of_old_versions_is_told_of_and_read_with_the_switch(tmp_path: Path) -> None:
    trusted = write(tmp_path, ROOT)
    error = failure(old(tmp_path, "tls 1.0"), ca_file=trusted)
    assert "older than 1.2" in str(error) or "no version of TLS" in str(error)
    assert "legacy_tls = true" in str(error)
    made = fetcher()
    with old(tmp_path, "tls 1.0") as site:
        page = made.get(site.url + "/list", portal=site.portal(ca_file=trusted, legacy_tls=True))
    made.close()
    assert page is not None and page.body == b"hello"


def test_F15_the_switch_gives_up_no_verification(tmp_path: Path) -> None:
    error = failure(old(tmp_path, "tls 1.0"), legacy_tls=True)
    assert "certificate" in str(error) or "chain" in str(error)


def test_F15_plain_http_on_the_port_of_tls_is_named(tmp_path: Path) -> None:
    def answer(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer, args=(listener,), daemon=True).start()
        base = f"https://127.0.0.1:{listener.getsockname()[1]}"
        portal = PortalConfig.model_validate(
            {
                "id": "p",
                "name": "P",
                "base_url": base,
                "listings": [ListingConfig(url=base + "/list")],
            }
        )
        with pytest.raises(FetchError) as caught:
            fetcher().get(base + "/list", portal=portal)
    assert caught.value.outcome is Outcome.TLS
    assert "without TLS" in str(caught.value)


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize(
    "reason",
    sorted(code[4:].upper() for code, (_, said) in TLS.items() if said.endswith("({said})")),
)
def test_F15_every_known_fault_is_told_with_its_host_and_its_name(
    reason: str, language: str
) -> None:
    error = ssl.SSLError(1, f"[SSL: {reason}]")
    error.reason = reason
    words = say(explain_certificate(error, "cong.example", None), language)
    assert "'cong.example'" in words and reason in words


def test_D21_one_file_is_believed_by_all_portals(tmp_path: Path) -> None:
    made = Fetcher(
        quick_polling(timeout_s=5), MemoryGate(), lambda: NOW, ca_file=str(write(tmp_path, ROOT))
    )
    with serve(tmp_path, issue("cổng", ROOT, is_ca=False)) as site:
        page = made.get(site.url + "/list", portal=site.portal())
    made.close()
    assert page is not None and page.body == b"hello"


def test_D21_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"network\.ca_file: cannot read '/none/ca.pem'"):
        authorities("/none/ca.pem")
    assert authorities("") == Path(certifi.where())
