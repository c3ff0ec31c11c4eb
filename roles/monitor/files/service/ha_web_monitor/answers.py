# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What pages and other hosts get, whatever they send."""

from __future__ import annotations

import json
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from .orders import BODY_LIMIT

HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


class ProblemError(Exception):
    """An answer that refuses."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


def answer(data: dict[str, Any], status: int = 200) -> Response:
    """Return an answer in JSON."""
    return Response(json.dumps(data, allow_nan=False), status, mimetype="application/json")


def body() -> bytes:
    """Return the request's body.

    Raises:
        ProblemError: it is too large, or does not say how large it is.
    """
    length = request.content_length
    if length is None:
        raise ProblemError(400, "The request has no Content-Length. Reload the page.")
    if length > BODY_LIMIT:
        raise ProblemError(413, f"The body is larger than {BODY_LIMIT} bytes. Reload the page.")
    return request.stream.read(length)


def word(header: str) -> str:
    """Return a header as nginx has got it; nothing where it is no text."""
    try:
        text = request.headers.get(header, "").encode("latin-1").decode()
    except UnicodeError:
        return ""
    return text if text.isprintable() and len(text) <= 200 else ""


def prepare(app: Flask) -> None:
    """Have all answers of an application alike, mistakes too."""

    @app.after_request
    def headers(response: Response) -> Response:
        response.headers.update(HEADERS)
        return response

    @app.errorhandler(HTTPException)
    def known(error: HTTPException) -> Response:
        made = answer({"error": f"{error.name}."}, error.code or 500)
        allowed = getattr(error, "valid_methods", None)
        if allowed:
            made.headers["Allow"] = ", ".join(sorted(allowed))
        return made

    @app.errorhandler(Exception)
    def unknown(error: Exception) -> Response:
        # Its words may hold what no page shall get.
        app.logger.error("%s", type(error).__name__, exc_info=error)
        return answer({"error": "The monitor has failed. Its journal says more: journalctl -u ha-web-monitor."}, 500)
