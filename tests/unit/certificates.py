# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Certificates and keys for tests, in PEM."""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

NOW = datetime.now(timezone.utc)


def new_key() -> tuple[ec.EllipticCurvePrivateKey, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return key, text.decode()


KEY, KEY_TEXT = new_key()
OTHER_KEY_TEXT = new_key()[1]


def certificate(*names: str, begins: int = -1, ends: int = 30) -> str:
    """One for the key; days from now."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "example")])
    general = [
        x509.IPAddress(ipaddress.ip_address(name)) if name[0].isdigit() else x509.DNSName(name) for name in names
    ]
    builder = x509.CertificateBuilder(subject, subject, KEY.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(NOW + timedelta(begins)).not_valid_after(NOW + timedelta(ends))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(general), critical=False)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
