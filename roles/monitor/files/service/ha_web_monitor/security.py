# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Who may do what, and how that is proved; nothing here asks anybody."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote, urlencode

from .configuration import Configuration

LIFETIME = 120  # seconds of a token
CLOCK = 30  # seconds that the clocks of two hosts may differ
PROOF = ("X-HA-Web-Time", "X-HA-Web-Nonce", "X-HA-Web-Signature")
_KEPT = 10_000  # used tokens, or nonces, of the last moments


class DeniedError(Exception):
    """What is not allowed, and why."""


def role_of(configuration: Configuration, user: str) -> str | None:
    """Return "operator", "viewer", or nothing for somebody who is neither."""
    if user in configuration.operators:
        return "operator"
    return "viewer" if user in configuration.viewers else None


def check_origin(configuration: Configuration, origin: str, host: str) -> None:
    """Stop a request that another site made in the user's name.

    Raises:
        DeniedError: it comes from elsewhere.
    """
    if origin not in configuration.origins or origin != f"https://{host}":
        raise DeniedError("The request does not come from the monitor's own page. Open the page anew, and act there.")


class Once:
    """Remembers what may be used only once, for as long as it could be."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._used: dict[str, float] = {}
        self._lock = threading.Lock()

    def use(self, text: str) -> bool:
        """Return whether this is the first time. Where too much is remembered nothing is."""
        now = self._clock()
        with self._lock:
            # In order of their times: the oldest are in front.
            while self._used and next(iter(self._used.values())) < now:
                del self._used[next(iter(self._used))]
            if text in self._used or len(self._used) >= _KEPT:
                return False
            self._used[text] = now + self._seconds
            return True


class Tokens:
    """Permissions for one change each, of one user on this node, from this run of the service."""

    def __init__(self, node: str, clock: Callable[[], float] = time.time) -> None:
        self._node = node
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._once = Once(LIFETIME + 1, clock)

    def issue(self, user: str) -> tuple[str, int]:
        """Return a token, and when it ends."""
        ends = int(self._clock()) + LIFETIME
        nonce = secrets.token_hex(16)
        return f"{ends}.{nonce}.{self._code(user, ends, nonce)}", ends

    def redeem(self, user: str, token: str) -> None:
        """Use a token up.

        Raises:
            DeniedError: it is none of this user's, too old or used.
        """
        ends, _dot, rest = token.partition(".")
        nonce, _dot, code = rest.partition(".")
        genuine = ends.isascii() and ends.isdigit() and len(ends) <= 12 and code.isascii()
        if not genuine or not hmac.compare_digest(self._code(user, int(ends), nonce), code):
            raise DeniedError("The permission of this page is not valid here. Reload the page, and act again.")
        if self._clock() > int(ends) or not self._once.use(nonce):
            raise DeniedError("The permission of this page has ended, or is used. Reload the page, and act again.")

    def _code(self, user: str, ends: int, nonce: str) -> str:
        text = "\n".join(["token", self._node, str(ends), nonce, user])
        return hmac.new(self._key, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def signature(secret: bytes, asked: Sequence[str], body: bytes) -> str:
    """Return the proof of a request to a host's agent.

    Args:
        asked: the node, the method, the path with its query, the time and the nonce.
    """
    text = "\n".join([*asked, hashlib.sha256(body).hexdigest()])
    return hmac.new(secret, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def signed(secret: bytes, node: str, method: str, target: str, body: bytes = b"") -> dict[str, str]:
    """Return the headers of a request to a host's agent."""
    at, nonce = str(int(time.time())), secrets.token_hex(16)
    code = signature(secret, (node, method, target, at, nonce), body)
    return dict(zip(PROOF, (at, nonce, code)))


class Gate:
    """Lets requests of other hosts in, each once."""

    def __init__(self, secret: bytes, node: str, clock: Callable[[], float] = time.time) -> None:
        self._secret = secret
        self._node = node
        self._clock = clock
        self._once = Once(2 * CLOCK + 1, clock)
        # What was used before the service started is not remembered, and not let in.
        self._started = int(clock())

    def check(self, method: str, target: str, proof: Mapping[str, str], body: bytes) -> None:
        """Stop what no host of the role has signed for this one.

        Args:
            proof: the request's headers of these names.

        Raises:
            DeniedError: it was not.
        """
        at, nonce, code = (proof[name] for name in PROOF)
        right = signature(self._secret, (self._node, method, target, at, nonce), body)
        if not code.isascii() or not hmac.compare_digest(right, code):
            raise DeniedError(
                f"The signature is wrong. Are all hosts deployed by the same site.yml? This is {self._node}."
            )
        # Only who knows the secret comes here.
        if not (at.isascii() and at.isdigit() and len(at) <= 12) or len(nonce) != 32:
            raise DeniedError("Time or nonce is none.")
        if abs(self._clock() - int(at)) > CLOCK or int(at) < self._started:
            raise DeniedError(
                f"The clocks of the hosts differ by more than {CLOCK} s, or the service has just started."
            )
        if not self._once.use(nonce):
            raise DeniedError("The request was made before.")


def peer_secret(secret: bytes) -> bytes:
    """Return what the opcode caches of web nodes know; it opens nothing else."""
    return hmac.new(secret, b"opcache", hashlib.sha256).hexdigest().encode()


def peer_request(secret: bytes, node: str, action: str) -> bytes:
    """Return the signed form that a web node's peer.php takes, as its Signature.php makes it."""
    fields = {"time": str(int(time.time())), "node": node, "action": action}
    query = urlencode(sorted(fields.items()), quote_via=quote, safe="")
    code = hmac.new(secret, b"request\n" + query.encode(), hashlib.sha256).hexdigest()
    return urlencode({**fields, "signature": code}, quote_via=quote, safe="").encode()
