# SPDX-License-Identifier: Apache-2.0
"""Self-made certificates for a broker of tests."""

import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from deploy.embedded.ports import HOST
from shared.clock import SystemClock


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that signs itself, with its key, as PEM in files."""

    authority: Path
    keystore: Path


def self_signed(directory: Path) -> Certificate:
    """Write a certificate for loopback: for clients to trust, and with its key for the broker."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "broker of tests")])
    now = SystemClock().now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    directory.mkdir(parents=True, exist_ok=True)
    found = Certificate(directory / "authority.pem", directory / "keystore.pem")
    found.authority.write_bytes(certificate)
    found.keystore.write_bytes(private + certificate)
    return found
