# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Which virtual router carries which service, and with what priorities."""

from __future__ import annotations

import ipaddress

from .declaration import Declaration, by_rank
from .model import Vip, family
from .routers import DeclaredRouter
from .services import DeclaredService


class Carriers:
    """The services' routers and the routers' addresses, found once for a whole declaration."""

    def __init__(self, declared: Declaration) -> None:
        self._declared = declared
        self._by_name = {router.name: router for router in declared.routers}
        self._listed = [{bare(vip): vip for vip in router.vips} for router in declared.routers]
        self._families = [self._family(router) for router in declared.routers]
        self._of_service = {service.item: self._find(service) for service in declared.services}

    def family(self, router: DeclaredRouter) -> str:
        return self._families[self._declared.routers.index(router)]

    def router(self, service: DeclaredService) -> DeclaredRouter | None:
        """The router a service names, or that lists its address, or that is the only one of its family."""
        return self._of_service[service.item]

    def vips(self, router: DeclaredRouter) -> list[Vip]:
        """The addresses of its services, in their order, and those that only it lists; spelt as it lists them."""
        listed = self._listed[self._declared.routers.index(router)]
        vips: dict[str, Vip] = {}
        for service in self._declared.services:
            if self._of_service[service.item] is router:
                for address in service.addresses():
                    vips.setdefault(address, listed.get(address) or Vip(host_route(address)))
        for address, vip in listed.items():
            vips.setdefault(address, vip)
        return list(vips.values())

    def gateways(self, service: DeclaredService) -> list[str]:
        """The NAT gateways of its family that are always where the service is."""
        router = self.router(service)
        together = self._together(router) if router else []
        return [
            gateway
            for gateway in self._declared.nat_gateways
            if family(gateway) == service.family and self.carrier(gateway) in together
        ]

    def carrier(self, address: str) -> DeclaredRouter | None:
        """The router that lists an address as one of its vips."""
        routers = zip(self._declared.routers, self._listed)
        return next((router for router, listed in routers if address in listed), None)

    def _together(self, router: DeclaredRouter) -> list[DeclaredRouter]:
        for group in self._declared.sync_groups:
            if router.name in group.routers:
                return [self._by_name[name] for name in group.routers if name in self._by_name]
        return [router]

    def sender(self, router: DeclaredRouter, director: str) -> str:
        """The address a director's adverts come from, empty where it has none of the family."""
        return router.addresses.get(director) or self._declared.address(director, self.family(router))

    def priorities(self, router: DeclaredRouter) -> dict[str, int]:
        if router.priorities:
            return router.priorities
        directors = self._declared.directors
        if router.master:
            order = [router.master, *(name for name in directors if name != router.master)]
            return {name: by_rank(order.index(name)) for name in directors}
        return dict(self._declared.priorities)

    def _find(self, service: DeclaredService) -> DeclaredRouter | None:
        if service.router:
            return self._by_name.get(service.router)
        addresses = service.addresses()
        same = []
        for router, listed, its_family in zip(self._declared.routers, self._listed, self._families):
            if any(address in listed for address in addresses):
                return router
            if its_family == service.family:
                same.append(router)
        return same[0] if len(same) == 1 else None

    def _family(self, router: DeclaredRouter) -> str:
        """As stated, or as its own addresses or the services that name it tell, or as all services do."""
        if router.family:
            return router.family
        if router.vips:
            return family(bare(router.vips[0]))
        services = self._declared.services
        for service in services:
            if service.router == router.name:
                return service.family
        return "ipv6" if services and all(service.family == "ipv6" for service in services) else "ipv4"


def bare(vip: Vip) -> str:
    return str(ipaddress.ip_interface(vip.address).ip)


def host_route(address: str) -> str:
    return f"{address}/{32 if family(address) == 'ipv4' else 128}"
