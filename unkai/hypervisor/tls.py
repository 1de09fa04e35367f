"""Who may talk to whom between the cloud and its hosts: a small certificate authority of our own.

Both sides show a certificate. The cloud's may only be a client's and a host's only a server's, so a
host that was broken into cannot command the others. Certificates name hosts as clients call them.
Rejected: the public web's authorities (hosts have no public names) and shared passwords (a host
would learn what opens the others).
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import ssl
from collections.abc import Collection
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA_CERTIFICATE, CA_KEY = "ca.pem", "ca.key"
_AUTHORITY_DAYS, _CERTIFICATE_DAYS = 3650, 825
_BEFORE = dt.timedelta(hours=1)  # clocks of two machines differ


def make_authority(folder: Path, *, now: float) -> None:
    """Have ca.pem and ca.key in the folder; those that are there stay."""
    if (folder / CA_KEY).exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Unkai hypervisor authority")
    certificate = (
        _begin(name, name, key, now, _AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write(folder / CA_CERTIFICATE, certificate.public_bytes(serialization.Encoding.PEM))
    _write(folder / CA_KEY, _pem(key))


def issue(
    folder: Path,
    name: str,
    *,
    role: Literal["client", "server"],
    hosts: Collection[str] = (),
    now: float,
) -> None:
    """Write NAME.pem and NAME.key, signed by the folder's authority, over those that are there.

    hosts: the names and addresses by which a server is called.
    """
    authority = x509.load_pem_x509_certificate((folder / CA_CERTIFICATE).read_bytes())
    signing = serialization.load_pem_private_key((folder / CA_KEY).read_bytes(), None)
    assert isinstance(signing, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    purpose = {
        "client": ExtendedKeyUsageOID.CLIENT_AUTH,
        "server": ExtendedKeyUsageOID.SERVER_AUTH,
    }[role]
    builder = (
        _begin(_name(name), authority.subject, key, now, _CERTIFICATE_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False
        )
    )
    if hosts:
        names = x509.SubjectAlternativeName([_general(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
    certificate = builder.sign(signing, hashes.SHA256())
    _write(folder / f"{name}.pem", certificate.public_bytes(serialization.Encoding.PEM))
    _write(folder / f"{name}.key", _pem(key))


def client_context(folder: Path, name: str) -> ssl.SSLContext:
    """For a client that shows NAME's certificate and trusts only the folder's authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(folder / CA_CERTIFICATE)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return context


def _begin(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: float, days: int
) -> x509.CertificateBuilder:
    start = dt.datetime.fromtimestamp(now, dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start - _BEFORE)
        .not_valid_after(start + dt.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write(path: Path, data: bytes) -> None:
    """A key is for its owner alone from its first byte on."""
    mode = 0o600 if path.suffix == ".key" else 0o644
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
