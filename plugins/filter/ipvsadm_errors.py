# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""All that stands against a static IPVS table, as a report."""

from __future__ import annotations

DOCUMENTATION = r"""
name: ipvsadm_errors
short_description: All that stands against the static IPVS table of a host
version_added: 0.2.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Tells what is wrong with the variables of the role P(lvs.ha_web.ipvsadm#role), and what of them belongs to
    keepalived on that host.
  - Contacts no host. Each error names the variable and the remedy.
options:
  _input:
    description:
      - What the role shall manage, C(services), C(scope), C(sync_daemons), C(timeouts) and C(drain_timeout), as
        M(lvs.ha_web.ipvs) takes them.
    type: dict
    required: true
  keepalived:
    description: The lines of the host's files C(/etc/keepalived/**.conf), each as C(FILE:NUMBER:TEXT).
    type: str
    default: ""
  virtual_services:
    description: Those of the topology that the role P(lvs.ha_web.keepalived#role) manages on the host.
    type: list
    elements: dict
    default: []
positional: keepalived, virtual_services
seealso:
  - module: lvs.ha_web.ipvs
"""

EXAMPLES = r"""
- name: Stop where keepalived manages what is declared
  ansible.builtin.assert:
    that: __errors | length == 0
    fail_msg: "{{ __errors }}"
  vars:
    __errors: "{{ {'services': ipvsadm_services} | lvs.ha_web.ipvsadm_errors(virtual_services=services) }}"
    services: "{{ ha_web_topology.virtual_services }}"
"""

RETURN = r"""
_value:
  description: The report; empty when nothing stands against it.
  type: str
"""

import ipaddress
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError
from ansible_collections.lvs.ha_web.plugins.module_utils._claims import Claim
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.declaration import (
    Declaration,
    DeclarationError,
    Scope,
    read,
)
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.model import endpoint
from ansible_collections.lvs.ha_web.plugins.module_utils._problems import Problem, report
from ansible_collections.lvs.ha_web.plugins.modules.ipvs import argument_spec
from ansible_collections.lvs.ha_web.plugins.plugin_utils import _keepalived
from ansible_collections.lvs.ha_web.plugins.plugin_utils._keepalived import Configuration


def ipvsadm_errors(
    declared: Mapping[str, Any], keepalived: str = "", virtual_services: Sequence[Mapping[str, Any]] = ()
) -> str:
    problems = list(_problems(declared, _keepalived.read(keepalived), [_claim(one) for one in virtual_services]))
    return report(problems, "the static IPVS table", "nothing was changed") if problems else ""


def _problems(declared: Mapping[str, Any], found: Configuration, topology: list[Claim]) -> Iterator[Problem]:
    parameters = ArgumentSpecValidator(argument_spec()).validate({"state": "exact", **declared})
    if parameters.error_messages:
        for error in parameters.errors:
            unknown = "not known: " if isinstance(error, UnsupportedError) else ""
            remedy = "The module lvs.ha_web.ipvs takes the same; see its documentation."
            yield Problem("ipvsadm", f"{unknown}{error.msg.rstrip('.')}.", remedy)
        return
    try:
        declaration = read(parameters.validated_parameters)
    except DeclarationError as error:
        yield from (problem._replace(item=f"ipvsadm_{problem.item}") for problem in error.problems)
        return
    yield from _claimed(declaration, topology + found.claims)
    for where, text in found.unreadable:
        yield Problem(
            where,
            f'"{text}" does not tell by itself what keepalived manages.',
            f"Write out address and port, in a file *.conf of {_keepalived.FOLDER}.",
        )
    yield from _contested(declaration, found.keywords, topology)


def _claim(service: Mapping[str, Any]) -> Claim:
    """Return what the topology lets keepalived manage."""
    address = ipaddress.ip_address(service["address"])
    return Claim(
        f"ha_web_virtual_services, {service['name']}",
        f"{endpoint(str(address), service['port'])}/{service['protocol']}",
        service["protocol"],
        address,
        address,
        service["port"],
    )


def _claimed(declaration: Declaration, claims: list[Claim]) -> Iterator[Problem]:
    # What the topology declares stands in keepalived's configuration as well; there is one place to remove it.
    claims = list({claim[2:]: claim for claim in reversed(claims)}.values())[::-1]
    named = set()
    for index, key in enumerate(declaration.services):
        for claim in claims:
            if claim.is_on(key):
                named.add(claim)
                yield Problem(
                    f"ipvsadm_services[{index}] {key}",
                    f"keepalived manages it ({claim.where}).",
                    "Remove it here, or there: a service has one owner.",
                )
    for claim in claims:
        if claim not in named and _is_in(claim, declaration.scope):
            yield Problem(
                "ipvsadm_scope",
                f'holds "{claim.text}", which keepalived manages ({claim.where}).',
                "Narrow it to addresses and firewall marks of which keepalived has none.",
            )


def _is_in(claim: Claim, scope: Scope) -> bool:
    if claim.first is None or claim.last is None:
        return claim.fwmark in scope.fwmarks
    return any(
        network.version == claim.first.version
        and int(network[0]) <= int(claim.last)
        and int(claim.first) <= int(network[-1])
        for network in scope.networks
    )


def _contested(declaration: Declaration, keywords: Mapping[str, str], topology: list[Claim]) -> Iterator[Problem]:
    for keyword, event in (("lvs_flush", "starts"), ("lvs_flush_on_stop", "stops")):
        if keyword in keywords:
            yield Problem(
                "ipvsadm_manage",
                f"keepalived empties the whole table when it {event} ({keyword}, {keywords[keyword]}).",
                f"Remove {keyword} there.",
            )
    daemon = keywords.get("lvs_sync_daemon") or (topology and "the role lvs.ha_web.keepalived")
    if declaration.daemons is not None and daemon:
        yield Problem(
            "ipvsadm_sync_daemons",
            f"keepalived runs the synchronisation daemon ({daemon}).",
            "Remove ipvsadm_sync_daemons: the kernel runs one of each.",
        )
    if any(declaration.timeouts) and "lvs_timeouts" in keywords:
        yield Problem(
            "ipvsadm_timeouts",
            f"keepalived sets them (lvs_timeouts, {keywords['lvs_timeouts']}).",
            "Set them in one of the two.",
        )


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"ipvsadm_errors": ipvsadm_errors}
