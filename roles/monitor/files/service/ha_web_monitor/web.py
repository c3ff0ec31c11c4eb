# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the service answers: /api/ to pages, /agent/ to other hosts of the role."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Flask, Response, g, request

from . import actions, agent, orders, timeline
from .answers import ProblemError, answer, body, prepare, word
from .audit_log import AuditLog
from .configuration import Configuration, Node
from .history import UnknownError, history, hours_of
from .orders import MalformedError, RefusalError
from .scrape import Scraper
from .security import PROOF, DeniedError, Gate, Tokens, check_origin, role_of
from .transport import TransportError

STREAMS = 72
STREAM_SECONDS = 600.0  # then the browser asks anew, and says who it is
PING_SECONDS = 15.0
RATE, RATE_SECONDS = 30, 60.0  # changes of one user
_AUDIT_LIMIT = 4 << 20  # bytes


class Service:
    """What outlives a request."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration
        self.scraper = Scraper(configuration)
        self.log = AuditLog(configuration.actions_file, configuration.node)
        self.tokens = Tokens(configuration.node)
        self.gate = Gate(configuration.secret, configuration.node)
        self.streams = threading.BoundedSemaphore(STREAMS)
        self.acting = threading.Lock()
        self.rates: dict[str, deque[float]] = {}

    def check_rate(self, user: str) -> None:
        """Stop who acts faster than anybody can mean it.

        Raises:
            ProblemError: somebody does.
        """
        now = time.monotonic()
        times = self.rates.setdefault(user, deque(maxlen=RATE))  # of operators, who are few
        if len(times) == RATE and now - times[0] < RATE_SECONDS:
            raise ProblemError(429, f"{user} has done {RATE} things within a minute. Wait a minute.")
        times.append(now)


def create(configuration: Configuration) -> tuple[Flask, Service]:
    """Return the application, and what it keeps."""
    service = Service(configuration)
    app = Flask("ha_web_monitor", static_folder=None)
    prepare(app)
    _agent(app, service)
    if configuration.page:
        _page(app, service)

    @app.errorhandler(ProblemError)
    def problem(error: ProblemError) -> Response:
        """Answer a refusal, and write it down where something was to be changed, or somebody is not known."""
        if request.method == "POST" or error.status == 403:
            fields = g.get("fields", {})
            named = {name: fields[name] for name in ("action", "target") if name in fields}
            try:
                service.log.refused(user=g.get("user", ""), address=word("X-Real-IP"), **named, text=str(error))
            except OSError as failure:
                app.logger.error("a refusal was not written down: %s", failure)
        return answer({"error": str(error)}, error.status)

    return app, service


def _agent(app: Flask, service: Service) -> None:
    configuration = service.configuration

    def let_in(data: bytes = b"") -> None:
        query = request.query_string.decode("latin-1")
        target = request.path + (f"?{query}" if query else "")
        try:
            service.gate.check(request.method, target, {name: request.headers.get(name, "") for name in PROOF}, data)
        except DeniedError as error:
            raise ProblemError(403, str(error)) from None

    @app.post("/agent/act")
    def agent_act() -> Response:
        data = body()
        let_in(data)
        try:
            return answer(agent.act(configuration, data))
        except MalformedError as error:
            raise ProblemError(400, str(error)) from None
        except RefusalError as error:
            raise ProblemError(409, str(error)) from None

    @app.get("/agent/events")
    def agent_events() -> Response:
        let_in()
        try:
            return answer({"events": timeline.local(configuration, hours_of(request.args.get("hours", "")))})
        except UnknownError as error:
            raise ProblemError(400, str(error)) from None

    @app.get("/agent/configuration")
    def agent_configuration() -> Response:
        let_in()
        return answer(agent.shown(configuration))


def _page(app: Flask, service: Service) -> None:
    configuration = service.configuration

    @app.before_request
    def who() -> None:
        if request.path.startswith("/api/"):
            user = word("X-Remote-User")
            role = role_of(configuration, user)
            g.user, g.role = user, role
            if role is None:
                raise ProblemError(403, f"{user or 'Nobody'} is neither an operator nor a viewer of the monitor.")

    @app.get("/api/state")
    def state() -> Response:
        try:
            text = service.scraper.current()[2]
        except TransportError as error:
            raise ProblemError(503, f"{error}.") from None
        return Response(_head() + text, mimetype="application/json")

    @app.get("/api/stream")
    def stream() -> Response:
        if not service.streams.acquire(blocking=False):
            raise ProblemError(503, f"{STREAMS} pages look already. Close one of them.")
        made = Response(_events(service.scraper, b"event: state\ndata: " + _head()), mimetype="text/event-stream")
        made.headers["X-Accel-Buffering"] = "no"
        made.call_on_close(service.streams.release)
        return made

    @app.get("/api/timeline")
    def timeline_of_all() -> Response:
        hours = _hours()
        with ThreadPoolExecutor(len(configuration.hosts())) as askers:
            found = list(askers.map(lambda host: _events_of(configuration, host, hours), configuration.hosts()))
        errors = [{"node": name, "error": error} for name, _events, error in found if error]
        events = timeline.newest([one for _name, events, _error in found for one in events])
        return answer({"events": events, "errors": errors})

    @app.get("/api/history")
    def chart() -> Response:
        try:
            return answer(history(configuration, request.args.to_dict()))
        except UnknownError as error:
            raise ProblemError(400, str(error)) from None
        except TransportError as error:
            raise ProblemError(503, f"{error}.") from None

    @app.get("/api/configuration")
    def configurations() -> Response:
        with ThreadPoolExecutor(len(configuration.directors)) as askers:
            found = askers.map(lambda host: agent.configuration_of(configuration, host), configuration.directors)
            return answer({"directors": list(found)})

    @app.get("/api/audit")
    def audit() -> Response:
        return answer(_report(configuration.audit_file))

    @app.get("/api/token")
    def token() -> Response:
        _only_operators()
        text, ends = service.tokens.issue(g.user)
        return answer({"token": text, "expires": ends})

    @app.post("/api/actions")
    def act() -> Response:
        return _act(service)


def _head() -> bytes:
    """Return the part of the state that is each user's own."""
    return json.dumps({"user": g.user, "role": g.role}, separators=(",", ":")).encode()[:-1] + b","


def _events(scraper: Scraper, head: bytes) -> Iterator[bytes]:
    ends = time.monotonic() + STREAM_SECONDS
    number = 0
    yield b"retry: 2000\n\n"
    while not scraper.closed and time.monotonic() < ends:
        number, text = scraper.after(number, min(PING_SECONDS, max(ends - time.monotonic(), 0)))
        yield head + text + b"\n\n" if text else b": ping\n\n"


def _hours() -> int:
    try:
        return hours_of(request.args.get("hours", "24"))
    except UnknownError as error:
        raise ProblemError(400, str(error)) from None


def _events_of(configuration: Configuration, host: Node, hours: int) -> tuple[str, list[dict[str, Any]], str]:
    try:
        return host.name, agent.events_of(configuration, host, hours), ""
    except (RefusalError, TransportError) as error:
        return host.name, [], str(error)


def _report(path: str) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            return {"at": os.fstat(file.fileno()).st_mtime, "report": json.loads(file.read(_AUDIT_LIMIT))}
    except FileNotFoundError:
        return {"at": None, "report": None}
    except (OSError, ValueError, RecursionError):
        raise ProblemError(503, f"{path} holds no report. Run audit.yml again.") from None


def _only_operators() -> None:
    if g.role != "operator":
        raise ProblemError(403, f"{g.user} may look, and change nothing. Ask an operator.")


def _act(service: Service) -> Response:
    configuration = service.configuration
    _only_operators()
    if request.headers.get("X-HA-Web-Action") != "1":
        raise ProblemError(403, "The request does not come from the monitor's page. Act there.")
    try:
        check_origin(configuration, request.headers.get("Origin", ""), request.headers.get("Host", ""))
        if request.mimetype != "application/json":
            raise ProblemError(400, "The body must be application/json. Reload the page.")
        g.fields = orders.fields_of(body(), "token")
        service.tokens.redeem(g.user, g.fields["token"])
        order = orders.order_of(configuration, g.fields)
    except DeniedError as error:
        raise ProblemError(403, str(error)) from None
    except MalformedError as error:
        raise ProblemError(400, str(error)) from None
    service.check_rate(g.user)
    if not service.acting.acquire(blocking=False):
        raise ProblemError(409, "Another action is under way. Wait until it has ended.")
    try:
        service.log.check()
        done = actions.act(configuration, order, service.scraper.current()[1])
        told = {name: value for name, value in order._asdict().items() if value not in ("", None)}
        service.log.acted(user=g.user, address=word("X-Real-IP"), **told, ok=done["ok"], text=done["text"])
        return answer(done)
    except RefusalError as error:
        raise ProblemError(409, str(error)) from None
    except TransportError as error:
        raise ProblemError(503, f"{error}.") from None
    except OSError as error:
        raise ProblemError(
            503, f"{error.filename}: {error.strerror}. What cannot be written down is not done."
        ) from None
    finally:
        service.acting.release()
