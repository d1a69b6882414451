"""Whom we believe on TLS: the public roots, and per portal a file that was checked first.

Verification is never off. Where a chain breaks, the message names the certificate that is missing.
"""

from __future__ import annotations

import socket
import ssl
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from service.errors import ConfigurationError
from service.words import coded
from service.words.sentences_tls import TLS

_LEGACY_SERVER_CONNECT = 0x4  # SSL_OP_LEGACY_SERVER_CONNECT, which Python names from 3.12 on
_MISSING_ISSUER = frozenset(
    {2, 20, 21}
)  # X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, …_LOCALLY, …_VERIFY_LEAF_SIGNATURE


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a host shows of itself."""

    host: str
    issuer: str
    expires_at: datetime


def portal_context(
    authorities: Path, ca_file: Path | None, now: datetime, *, is_legacy: bool
) -> ssl.SSLContext:
    """Whom and how a portal is believed: the roots of all, its own `ca_file`, old ciphers where it
    needs them.

    Reading the roots takes 25 ms: make it once. Raises ConfigurationError for a file that cannot
    help.
    """
    context = ssl.create_default_context(cafile=str(authorities))
    if ca_file is not None:
        check_ca_file(ca_file, now)
        context.load_verify_locations(cafile=str(ca_file))
    if is_legacy:
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.options |= _LEGACY_SERVER_CONNECT
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", DeprecationWarning
            )  # that it is old is what the switch is for
            context.minimum_version = ssl.TLSVersion.TLSv1
    return context


def name_of(name: x509.Name) -> str:
    """The common name, else the organisation, else all of it."""
    for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        found = name.get_attributes_for_oid(oid)
        if found:
            return str(found[0].value)
    return name.rfc4514_string()


def check_ca_file(ca_file: Path, now: datetime) -> tuple[x509.Certificate, ...]:
    """The certificates of a file, each a CA of today that ends at a root: a public one, or one of
    the file."""
    try:
        certificates = x509.load_pem_x509_certificates(ca_file.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"ca_file: cannot read '{ca_file}' as PEM certificates: {error}"
        ) from error
    for certificate in certificates:
        _check_one(ca_file, certificate, tuple(certificates), now)
    return tuple(certificates)


def _check_one(
    ca_file: Path,
    certificate: x509.Certificate,
    others: tuple[x509.Certificate, ...],
    now: datetime,
) -> None:
    name = name_of(certificate.subject)
    if not _is_ca(certificate):
        raise ConfigurationError(
            f"ca_file: '{ca_file}': {name!r} is the certificate of a site, not of an issuer"
        )
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise ConfigurationError(
            f"ca_file: '{ca_file}': {name!r} is valid from "
            f"{certificate.not_valid_before_utc:%Y-%m-%d}"
            f" to {certificate.not_valid_after_utc:%Y-%m-%d} only"
        )
    missing = missing_issuer(certificate, others)
    if missing is not None:
        raise ConfigurationError(
            f"ca_file: '{ca_file}': {name!r} was issued by {missing!r}, which is not known"
        )


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def missing_issuer(
    certificate: x509.Certificate, others: tuple[x509.Certificate, ...]
) -> str | None:
    """The name of the issuer where the way to a root breaks off; None when it reaches one."""
    current = certificate
    for _ in range(len(others) + 1):
        if _issued(current, current):
            return None
        if any(_issued(current, root) for root in _roots().get(current.issuer.public_bytes(), ())):
            return None
        issuer = next((other for other in others if _issued(current, other)), None)
        if issuer is None:
            break
        current = issuer
    return name_of(current.issuer)


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


@lru_cache(maxsize=1)
def _roots() -> dict[bytes, tuple[x509.Certificate, ...]]:
    """The public roots by their name in DER."""
    by_name: dict[bytes, tuple[x509.Certificate, ...]] = {}
    with warnings.catch_warnings():
        # some public roots have serial numbers that RFC 5280 forbids; they are roots all the same
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        roots = x509.load_pem_x509_certificates(Path(certifi.where()).read_bytes())
    for root in roots:
        key = root.subject.public_bytes()
        by_name[key] = (*by_name.get(key, ()), root)
    return by_name


def explain_certificate(error: ssl.SSLError, host: str, shown: x509.Certificate | None) -> str:
    """What is wrong with a host's certificate, and what would mend it: coded."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        return _explain_protocol(error, host)
    if error.verify_code == 18:
        return coded("tls.self_signed", host=host)
    if error.verify_code == 10:
        if shown is None:
            return coded("tls.expired", host=host)
        return coded("tls.expired_on", host=host, on=f"{shown.not_valid_after_utc:%Y-%m-%d}")
    if error.verify_code in _MISSING_ISSUER and shown is not None:
        return _explain_missing(host, shown)
    return coded("tls.invalid", host=host, said=error.verify_message)


def _explain_protocol(error: ssl.SSLError, host: str) -> str:
    """By OpenSSL's name of the reason, where it is one that is explained."""
    code = f"tls.{(error.reason or '').lower()}"
    if code not in TLS:
        return coded("tls.failed", said=error.reason or str(error))
    return coded(code, host=host, said=error.reason or "")


def _explain_missing(host: str, shown: x509.Certificate) -> str:
    where, issuer = _issuer_address(shown), name_of(shown.issuer)
    if where is None:
        return coded("tls.incomplete", host=host, issuer=issuer)
    return coded("tls.incomplete_at", host=host, issuer=issuer, where=where)


def _issuer_address(certificate: x509.Certificate) -> str | None:
    try:
        access = certificate.extensions.get_extension_for_class(
            x509.AuthorityInformationAccess
        ).value
    except (x509.ExtensionNotFound, ValueError):
        return None
    for one in access:
        if one.access_method == AuthorityInformationAccessOID.CA_ISSUERS:
            return str(one.access_location.value)
    return None


def shown_certificate(
    host: str, address: tuple[str, int], timeout_s: float
) -> x509.Certificate | None:
    """The certificate that a host shows, to explain why it was refused; nothing is sent to it,
    nothing believed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = (
        ssl.CERT_NONE
    )  # only to read what was already refused by a context that verifies
    try:
        with (
            socket.create_connection(address[:2], timeout=timeout_s) as plain,
            context.wrap_socket(plain, server_hostname=host) as encrypted,
        ):
            der = encrypted.getpeercert(binary_form=True)
            return x509.load_der_x509_certificate(der) if der else None
    except (OSError, ValueError):
        return None


def read_certificate(host: str, peer: dict[str, object]) -> Certificate:
    """What `SSLSocket.getpeercert()` says of a verified host."""
    expires = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(peer["notAfter"])), UTC)
    fields = {key: value for part in peer["issuer"] for key, value in part}  # type: ignore[attr-defined]  # typeshed: object
    return Certificate(
        host, str(fields.get("commonName") or fields.get("organizationName") or ""), expires
    )
