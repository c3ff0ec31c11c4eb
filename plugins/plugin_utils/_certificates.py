# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Certificates and keys on the controller: read, and held against each other, the clock and the names they are for."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible_collections.lvs.ha_web.plugins.module_utils._nginx.model import Site, Tls
from ansible_collections.lvs.ha_web.plugins.module_utils._problems import Problem

# ansible-core brings it along; only the environments in which ansible-test imports every plugin lack it.
with suppress(ImportError):
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

DIRECTORY = "/etc/nginx/tls"
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True)
class Pair:
    """Certificate and key as they go to the nodes, in one file named by its content: none is ever overwritten."""

    site: str
    content: str

    @property
    def path(self) -> str:
        return f"{DIRECTORY}/{self.site}-{hashlib.sha256(self.content.encode()).hexdigest()[:16]}.pem"


class _UnusableError(Exception):
    """What is wrong, and the remedy."""


def read(sites: Iterable[Site], now: datetime | None = None) -> tuple[list[Pair], list[Problem]]:
    """Return the pairs of the sites whose certificates are not on the nodes already."""
    pairs, problems = [], []
    for site in sites:
        if site.tls is None or site.tls.remote or not (site.tls.certificate and site.tls.key):
            continue
        try:
            pair, found = _pair(site, site.tls, now or datetime.now(timezone.utc))
        except _UnusableError as error:
            problems.append(Problem(site.tls.item, *error.args))
            continue
        pairs.append(pair)
        problems += found
    return pairs, problems


def lasts(pem: str, now: datetime) -> tuple[float | None, list[str]]:
    """Return for how many days the first certificate of a text still holds, and its names; None where there is none."""
    found = _CERTIFICATE.search(pem)
    if not found:
        return None, []
    try:
        certificate = x509.load_pem_x509_certificate(found[0].encode())
    except ValueError:
        return None, []
    return (_validity(certificate)[1] - now).total_seconds() / 86400, _names(certificate)


def against(item: str, certificate: str, key: str, names: Sequence[str]) -> list[Problem]:
    """Return what stands against a pair for these names, given as texts or as paths on the controller."""
    try:
        return [Problem(item, *found) for found in _joined(certificate, key, names, datetime.now(timezone.utc))[1]]
    except _UnusableError as error:
        return [Problem(item, *error.args)]


def _pair(site: Site, tls: Tls, now: datetime) -> tuple[Pair, list[Problem]]:
    text, found = _joined(tls.certificate, tls.key, site.server_names, now)
    return Pair(site.name, text), [Problem(tls.item, *one) for one in found]


def _joined(certificate: str, key: str, names: Sequence[str], now: datetime) -> tuple[str, list[tuple[str, str]]]:
    """Return a pair as one text, and what stands against it."""
    certificates = _content("certificate", certificate)
    key = _content("key", key)
    try:
        chain = [x509.load_pem_x509_certificate(one.encode()) for one in _CERTIFICATE.findall(certificates)]
    except ValueError:
        chain = []
    if not chain:
        raise _UnusableError(
            "certificate is not a certificate in PEM.", "Write that of the server, then those above it."
        )
    try:
        private = serialization.load_pem_private_key(key.encode(), None)
    except TypeError as error:
        raise _UnusableError("key is encrypted.", "Decrypt it: nobody types a password when nginx starts.") from error
    except Exception as error:
        raise _UnusableError(
            "key is not a private key in PEM.", "Write the key that the certificate is for."
        ) from error
    return f"{certificates.strip()}\n{key.strip()}\n", list(_against(names, chain, private, now))


def _content(what: str, value: str) -> str:
    if "-----BEGIN" in value:
        return value
    try:
        found = Path(value).read_text(encoding="ascii")
    except OSError as error:
        raise _UnusableError(
            f"{what} {value} cannot be read: {error.strerror}.", "Correct the path, which is one on the controller."
        ) from error
    except UnicodeDecodeError as error:
        raise _UnusableError(f"{what} {value} is not in PEM.", "Convert it: openssl x509 or openssl pkey.") from error
    if found.startswith("$ANSIBLE_VAULT"):
        raise _UnusableError(
            f"{what} {value} is in a vault.",
            f"Write {what}: \"{{{{ lookup('ansible.builtin.unvault', '{value}') }}}}\".",
        )
    return found


def _against(
    names: Sequence[str], chain: Sequence[x509.Certificate], private: Any, now: datetime
) -> Iterator[tuple[str, str]]:
    leaf = chain[0]
    if _public(leaf.public_key()) != _public(private.public_key()):
        yield (
            "certificate and key do not match.",
            "Write the key it was made for; the server's certificate comes first.",
        )
    begins, ends = _validity(leaf)
    if now >= ends:
        yield f"certificate has expired on {ends:%Y-%m-%d}.", "Renew it."
    elif now < begins:
        yield f"certificate is not valid before {begins:%Y-%m-%d}.", "Look at the clock of the controller, or wait."
    covered = _names(leaf)
    missing = [name for name in names if not name.startswith("~") and not _covers(covered, name)]
    if missing:
        yield (
            f"certificate does not cover {', '.join(missing)}; it is for {', '.join(covered) or 'no name'}.",
            "Take one that does, or write a site of its own for the name.",
        )


def _public(key: Any) -> bytes:
    found: bytes = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return found


def _validity(certificate: x509.Certificate) -> tuple[datetime, datetime]:
    # cryptography before 42 has only the times without a zone, which are UTC.
    if hasattr(certificate, "not_valid_after_utc"):
        return certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return (
        certificate.not_valid_before.replace(tzinfo=timezone.utc),
        certificate.not_valid_after.replace(tzinfo=timezone.utc),
    )


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    names = [name.lower() for name in alternatives.get_values_for_type(x509.DNSName)]
    return names + [str(address) for address in alternatives.get_values_for_type(x509.IPAddress)]


def _covers(covered: Sequence[str], name: str) -> bool:
    with suppress(ValueError):
        name = str(ipaddress.ip_address(name.strip("[]")))
    _label, dot, parent = name.partition(".")
    return name in covered or bool(dot and f"*.{parent}" in covered)
