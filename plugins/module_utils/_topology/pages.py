# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Pages whose digest is found by asking the servers that show them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from .checks import AUTO
from .model import Check, Page, PageServer, RealServer, VirtualService


def name_pages(service: VirtualService) -> VirtualService:
    """Let each URL whose digest is auto name its page."""
    where = f"{service.name} port {service.port}" if service.port else service.name
    checks = _named(where, service.checks)
    return replace(
        service,
        check=checks[0],
        checks=checks,
        real_servers=[
            replace(server, checks=_named(f"{where}, real server {server.name}", server.checks))
            for server in service.real_servers
        ],
    )


def pages(service: VirtualService) -> Iterator[Page]:
    """The pages that a service's URLs name."""
    yield from _pages(service, service.checks, [server for server in service.real_servers if not server.checks])
    for server in service.real_servers:
        yield from _pages(service, server.checks, [server])


def _named(where: str, checks: Sequence[Check]) -> list[Check]:
    return [
        replace(
            check,
            urls=[
                replace(url, page=f"{where}, check {number}, URL {place}") if url.digest == AUTO else url
                for place, url in enumerate(check.urls)
            ],
        )
        for number, check in enumerate(checks)
    ]


def _pages(service: VirtualService, checks: Sequence[Check], servers: Sequence[RealServer]) -> Iterator[Page]:
    for check in checks:
        for url in check.urls:
            if url.page and servers:
                yield Page(
                    name=url.page,
                    type=check.type,
                    path=url.path,
                    statuses=url.statuses,
                    sni=check.sni,
                    timeout=check.timeout,
                    retries=check.retries,
                    retry_delay=check.retry_delay,
                    servers=[
                        PageServer(
                            name=server.name,
                            address=server.address,
                            port=check.port or server.port,
                            # In keepalived's order.
                            host=url.virtual_host or check.virtual_host or server.virtual_host or service.virtual_host,
                        )
                        for server in servers
                    ],
                )
