"""Public keys as users give them, and new pairs.

Fingerprints are the MD5 of an SSH key's blob and the SHA-1 of a certificate, in pairs of digits
with colons: what the API has always shown, and no secret.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from unkai.kit.errors import BadRequest

KEY_BITS = 2048
SSH_TYPES = frozenset(
    {
        "ssh-rsa",
        "ssh-dss",
        "ssh-ed25519",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "sk-ecdsa-sha2-nistp256@openssh.com",
        "sk-ssh-ed25519@openssh.com",
    }
)
UPN = x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")
"""The user principal name, by which Windows maps a certificate to an account."""


def read_public_key(kind: str, public_key: str) -> str:
    """The fingerprint; BadRequest if the text is no public key of this kind."""
    if kind == "x509":
        try:
            certificate = x509.load_pem_x509_certificate(public_key.encode())
        except ValueError as error:
            raise BadRequest("Keypair data is invalid: it is no PEM certificate.") from error
        return certificate.fingerprint(hashes.SHA1()).hex(":")  # noqa: S303
    words = public_key.split(maxsplit=2)
    if len(words) < 2 or words[0] not in SSH_TYPES:
        raise BadRequest(
            "Keypair data is invalid: failed to generate fingerprint. A public key begins with its"
            " type, such as ssh-ed25519, and goes on with its base64."
        )
    try:
        blob = base64.b64decode(words[1], validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequest("Keypair data is invalid: the key is not base64.") from error
    if not _is_whole(blob, words[0].encode()):
        raise BadRequest("Keypair data is invalid: failed to generate fingerprint.")
    return hashlib.md5(blob, usedforsecurity=False).digest().hex(":")


def _is_whole(blob: bytes, kind: bytes) -> bool:
    """Whether the blob is a row of counted strings of which the first names the type."""
    parts: list[bytes] = []
    at = 0
    while at < len(blob):
        if at + 4 > len(blob):
            return False
        (length,) = struct.unpack_from(">I", blob, at)
        at += 4 + length
        if at > len(blob):
            return False
        parts.append(blob[at - length : at])
    return len(parts) >= 2 and parts[0] == kind and all(parts[1:2])


def generate(kind: str, user_id: str, now: float) -> tuple[str, str]:
    """A new public key (or self-signed certificate) and its private key; takes about 0.1 s."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL
        if kind == "ssh"
        else serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    if kind == "x509":
        return _certificate(key, user_id, now), private
    public = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    return f"{public.decode()} Generated-by-Unkai", private


def _certificate(key: rsa.RSAPrivateKey, user_id: str, now: float) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, user_id[:64])])
    principal = f"{user_id[:64]}@localhost".encode()
    start = datetime.fromtimestamp(now, UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=3650))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.OtherName(UPN, b"\x0c" + bytes([len(principal)]) + principal)]
            ),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
