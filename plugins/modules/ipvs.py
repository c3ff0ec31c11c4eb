#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The kernel's load balancing table as it is declared."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ipvs
short_description: Converge the kernel's IPVS table
version_added: 0.2.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Makes virtual services, their destinations, the connection synchronisation daemons and the time-outs of IPVS (the
    Linux Virtual Server) in the kernel what is declared, with the fewest changes. What is right is not touched.
  - Speaks to the kernel itself, by netlink. It needs neither C(ipvsadm) nor any library on the host.
  - Everything declared is checked before anything is changed, and all mistakes are told at once.
  - Capacity is added before it is taken away. Where the kernel refuses one thing, the rest of the same service waits,
    other services are finished, the result says what was done and what was not, and the next run begins with that.
  - The table lasts until the next boot. The role P(lvs.ha_web.ipvsadm#role) also restores it then.
  - A service that keepalived manages belongs to keepalived. Two writers of one service undo each other's work.
requirements:
  - Linux with IPVS (module C(ip_vs)) on the host; root, or CAP_NET_ADMIN over the network namespace
options:
  services:
    description: The virtual services. Each is named either by O(services[].address), O(services[].port) and
      O(services[].protocol), or by O(services[].fwmark) and O(services[].family).
    type: list
    elements: dict
    default: []
    suboptions:
      address:
        description: The VIP, an IPv4 or IPv6 address. Names are not looked up.
        type: str
      port:
        description: Required with O(services[].address). V(0) with O(services[].persistence_timeout) stands for all.
        type: int
      protocol:
        description: The transport, V(tcp) if not given.
        type: str
        choices: [tcp, udp, sctp]
      fwmark:
        description: The firewall's mark of the packets, 1 to 4294967295.
        type: int
      family:
        description: The address family of packets with O(services[].fwmark), V(ipv4) if not given.
        type: str
        choices: [ipv4, ipv6]
      scheduler:
        description: How new connections are given to destinations. Its module C(ip_vs_NAME) must be there.
        type: str
        choices: [rr, wrr, lc, wlc, lblc, lblcr, dh, sh, sed, nq, fo, ovf, mh]
        default: wlc
      scheduler_flags:
        description:
          - What the scheduler does beyond that. V(sh-fallback) and V(mh-fallback) choose another destination for one
            without weight, V(sh-port) and V(mh-port) reckon with the client's port.
          - V(flag-1), V(flag-2) and V(flag-3) are such choices of other schedulers, by number.
        type: list
        elements: str
        choices: [sh-fallback, sh-port, mh-fallback, mh-port, flag-1, flag-2, flag-3]
      persistence_timeout:
        description: Seconds that a client stays with its destination after its last connection, 1 to 2147483. V(0), or
          not given, is no persistence.
        type: int
      persistence_netmask:
        description: Which clients count as one, with persistence. A netmask for IPv4, a prefix length for IPv6; each
          address is a client of its own if not given.
        type: str
      persistence_engine:
        description: Tells clients apart by more than their address, with persistence. V(sip) by the call, in SIP over
          UDP.
        type: str
        choices: [sip]
      one_packet:
        description: Schedule each datagram by itself. For V(udp) and firewall marks.
        type: bool
        default: false
      destinations:
        description:
          - The real servers. With O(state=present), others are left alone; with O(state=exact), others are removed;
            with O(state=absent), these alone are removed and the service stays.
          - With O(state=drained), only their addresses and ports matter.
          - Not given, O(state=present) leaves them as they are, O(state=absent) removes the service with all, and
            O(state=drained) drains them all.
          - Required with O(state=exact); an empty list is a service without destinations.
        type: list
        elements: dict
        suboptions:
          address:
            description: An IPv4 or IPv6 address. Names are not looked up.
            type: str
            required: true
          port:
            description: The service's port if not given. Another one only with
              O(services[].destinations[].forwarding=nat).
            type: int
          forwarding:
            description:
              - V(dr) is direct routing, the server answers the client itself (C(ipvsadm --gatewaying)).
              - V(nat) changes addresses, the answers come back through the director (C(ipvsadm --masquerading)).
              - V(tun) packs packets into a tunnel (C(ipvsadm --ipip)), also to an address of the other family.
            type: str
            choices: [dr, nat, tun]
            default: dr
          weight:
            description: Its share of new connections, 0 to 65535. V(0) gets none and keeps those it has.
            type: int
            default: 1
          upper_threshold:
            description: Connections at which it gets no more; V(0), or not given, is no limit.
            type: int
          lower_threshold:
            description: Connections below which it gets new ones again after it was full. Not above the upper one.
            type: int
          tunnel_type:
            description: Of V(tun). Plain IP in IP, generic UDP encapsulation, or GRE; V(ipip) if not given.
            type: str
            choices: [ipip, gue, gre]
          tunnel_port:
            description: The port that the server receives V(gue) at. Required with it.
            type: int
          tunnel_checksum:
            description: Of the tunnel's packets. V(csum) for V(gue) and V(gre), V(remcsum), which is remote checksum
              offload, for V(gue); V(none) if not given.
            type: str
            choices: [none, csum, remcsum]
  state:
    description:
      - V(present), what is declared exists so; nothing is removed.
      - V(absent), what is declared does not exist.
      - V(exact), what is declared exists so, and nothing else of the declared services or in O(scope) does. No service
        outside is touched.
      - V(drained), what is declared and exists gets no new connections, its weight is 0, and has O(drain_timeout) to
        finish those it has. All else of it stays, nothing is added or removed. Whoever raises a weight while it waits
        is undone.
    type: str
    choices: [present, absent, exact, drained]
    default: present
  scope:
    description: With O(state=exact), whose services are removed when they are not declared. All of O(services) must lie
      in it. Not given, it is the declared services alone, so that only destinations are removed.
    type: dict
    suboptions:
      addresses:
        description: VIPs, or networks of VIPs.
        type: list
        elements: str
      fwmarks:
        description: Firewall marks, of both families.
        type: list
        elements: int
  sync_daemons:
    description:
      - The daemons that tell other directors of connections (V(master)) or listen to them (V(backup)), one of each.
      - With O(state=exact), one that is not in the list is stopped. Not given, they are left alone.
      - The kernel cannot change a daemon. It is stopped and started anew.
    type: list
    elements: dict
    suboptions:
      state:
        description: Which of the two.
        type: str
        choices: [master, backup]
        required: true
      interface:
        description: The network interface. Required unless O(state=absent).
        type: str
      sync_id:
        description: The number that master and backup share, 0 to 255. Required unless O(state=absent).
        type: int
      multicast_group:
        description: The IPv4 or IPv6 group, V(224.0.0.81) if not given.
        type: str
      multicast_port:
        description: The UDP port, V(8848) if not given.
        type: int
      multicast_ttl:
        description: Hops that the messages may take, 1 to 255, V(1) if not given.
        type: int
      max_length:
        description: Bytes of a message, 1 to 65487, for a backup at least 1024. Not given, the kernel takes what fits
          the interface.
        type: int
  timeouts:
    description: Seconds after which a connection is forgotten, 1 to 2147483. One that is not given stays as it is.
    type: dict
    suboptions:
      tcp:
        description: Of established TCP connections.
        type: int
      tcp_fin:
        description: Of TCP connections after a FIN.
        type: int
      udp:
        description: Of UDP.
        type: int
  allow:
    description: What may be done. Differences that would need something else stay, and RV(withheld) names them.
    type: list
    elements: str
    choices: [add, update, remove]
    default: [add, update, remove]
  keep_weights:
    description: Leave the weight of a destination that exists as it is; O(services[].destinations[].weight) is for new
      ones.
    type: bool
    default: false
  drain_timeout:
    description:
      - Seconds that a destination gets to finish its active connections before it is removed. Its weight is taken
        first. It is removed when the last connection has ended, or when the time is over. V(0) removes at once.
      - With O(state=drained), how long the module waits at most; it goes on when there has been no active connection
        for a second, and warns of what is left. V(0) does not wait.
    type: int
    default: 0
attributes:
  check_mode:
    description: Reads the kernel's table, says what it would do, and changes nothing.
    support: full
  diff_mode:
    description: Shows the declared part of the table before and after, as C(ipvsadm --save --numeric) would, with
      thresholds, daemons and time-outs, which that leaves out.
    support: full
  idempotent:
    description: A second run sends the kernel questions only.
    support: full
  platform:
    description: Where it runs.
    support: full
    platforms: linux
seealso:
  - module: lvs.ha_web.ipvs_info
  - name: ipvsadm(8)
    description: The administrator's command for the same table.
    link: https://manpages.debian.org/ipvsadm
"""

EXAMPLES = r"""
- name: Two web servers behind a VIP, by direct routing
  lvs.ha_web.ipvs:
    services:
      - address: 192.0.2.100
        port: 80
        destinations:
          - address: 192.0.2.21
          - address: 192.0.2.22
            weight: 3

- name: Just these services on this VIP, whatever was there; connections of what goes get a minute
  lvs.ha_web.ipvs:
    state: exact
    scope:
      addresses: [192.0.2.100]
    drain_timeout: 60
    services:
      - address: 192.0.2.100
        port: 443
        persistence_timeout: 300
        destinations:
          - {address: 192.0.2.21, forwarding: nat, port: 8443, upper_threshold: 5000, lower_threshold: 4000}
          - {address: 192.0.2.22, forwarding: nat, port: 8443}

- name: One server out of a service, the others untouched
  lvs.ha_web.ipvs:
    state: absent
    services:
      - address: 192.0.2.100
        port: 80
        destinations:
          - address: 192.0.2.22

- name: No new connections for one server, and a minute for those it has
  lvs.ha_web.ipvs:
    state: drained
    drain_timeout: 60
    services:
      - address: 192.0.2.100
        port: 80
        destinations:
          - address: 192.0.2.22

- name: HTTP and HTTPS together by a mark of the firewall, tunnelled to servers far away
  lvs.ha_web.ipvs:
    services:
      - fwmark: 1
        family: ipv6
        scheduler: mh
        scheduler_flags: [mh-port, mh-fallback]
        destinations:
          - {address: 198.51.100.7, forwarding: tun, tunnel_type: gue, tunnel_port: 6080, tunnel_checksum: csum}

- name: Tell the other director of connections, and forget idle ones after five minutes
  lvs.ha_web.ipvs:
    sync_daemons:
      - {state: master, interface: eth0, sync_id: 51}
      - {state: backup, interface: eth0, sync_id: 51}
    timeouts:
      tcp: 300
"""

RETURN = r"""
operations:
  description: What was done, or would be in check mode, in its order and in the words of C(ipvsadm). Each was one
    message to the kernel.
  returned: when the kernel was asked
  type: list
  elements: str
  sample:
    - -a -t 192.0.2.100:80 -r 192.0.2.23:80 -g -w 1
    - -e -t 192.0.2.100:80 -r 192.0.2.22:80 -g -w 2 -x 100
    - -d -t 192.0.2.100:80 -r 192.0.2.21:80
withheld:
  description: What O(allow) kept from being done.
  returned: when the kernel was asked
  type: list
  elements: str
  sample:
    - -E -t 10.9.1.1:80 -s rr
failed_operations:
  description: What the kernel refused.
  returned: when the kernel was asked
  type: list
  elements: dict
  contains:
    operation:
      description: In the words of C(ipvsadm).
      type: str
      sample: -a -t 10.9.1.1:80 -r 10.9.2.9:80 -g -w 1
    item:
      description: The service and the destination, or the daemon.
      type: str
      sample: 10.9.1.1:80/tcp -> 10.9.2.9:80
    message:
      description: What the kernel said.
      type: str
      sample: "add refused: to this host, its address is not a unicast one (Invalid argument)."
    remedy:
      description: What to do about it.
      type: str
      sample: >-
        Look at ip route get ADDRESS and at ip address: broadcast addresses take no connections, and in a network
        namespace without any address of its own nothing is known.
pending:
  description: What was not done because something else of the same service was refused. The next run does it.
  returned: when the kernel was asked
  type: list
  elements: str
  sample:
    - -d -t 10.9.1.1:80 -r 10.9.2.1:80
drained:
  description: Destinations that got time to finish their connections. None in check mode.
  returned: when the kernel was asked
  type: list
  elements: dict
  contains:
    service:
      description: The service.
      type: str
      sample: 10.9.0.1:81/tcp
    destination:
      description: The destination.
      type: str
      sample: 127.0.0.1:8081
    seconds:
      description: How long it took.
      type: float
      sample: 3.0
    active_connections:
      description: How many were left when O(drain_timeout) was over. What was removed then has cut them.
      type: int
      sample: 0
rules:
  description: The declared part of the table, as it is now or would be in check mode. C(ipvsadm --restore) makes the
    same of an empty table.
  returned: when the kernel was asked
  type: list
  elements: str
  sample:
    - -A -t 192.0.2.100:80 -s wlc
    - -a -t 192.0.2.100:80 -r 192.0.2.22:80 -g -w 2 -x 100
    - -a -t 192.0.2.100:80 -r 192.0.2.23:80 -g -w 1
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs import declaration, rules
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.converge import (
    Outcome,
    Policy,
    StoppedError,
    converge,
    preview,
)
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.kernel import Kernel, KernelError
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.model import FLAGS, SCHEDULERS, Table, Timeouts
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.refusals import explain
from ansible_collections.lvs.ha_web.plugins.module_utils._problems import report


def argument_spec() -> dict[str, Any]:
    """Return the module's parameters for Ansible; their ranges are the declaration's business."""
    destination = {
        "address": {"type": "str", "required": True},
        "port": {"type": "int"},
        "forwarding": {"type": "str", "choices": ["dr", "nat", "tun"], "default": "dr"},
        "weight": {"type": "int", "default": 1},
        "upper_threshold": {"type": "int"},
        "lower_threshold": {"type": "int"},
        "tunnel_type": {"type": "str", "choices": ["ipip", "gue", "gre"]},
        "tunnel_port": {"type": "int"},
        "tunnel_checksum": {"type": "str", "choices": ["none", "csum", "remcsum"]},
    }
    service = {
        "address": {"type": "str"},
        "port": {"type": "int"},
        "protocol": {"type": "str", "choices": ["tcp", "udp", "sctp"]},
        "fwmark": {"type": "int"},
        "family": {"type": "str", "choices": ["ipv4", "ipv6"]},
        "scheduler": {"type": "str", "choices": list(SCHEDULERS), "default": "wlc"},
        "scheduler_flags": {"type": "list", "elements": "str", "choices": list(FLAGS)},
        "persistence_timeout": {"type": "int"},
        "persistence_netmask": {"type": "str"},
        "persistence_engine": {"type": "str", "choices": ["sip"]},
        "one_packet": {"type": "bool", "default": False},
        "destinations": {"type": "list", "elements": "dict", "options": destination},
    }
    daemon = {
        "state": {"type": "str", "choices": ["master", "backup"], "required": True},
        "interface": {"type": "str"},
        "sync_id": {"type": "int"},
        "multicast_group": {"type": "str"},
        "multicast_port": {"type": "int"},
        "multicast_ttl": {"type": "int"},
        "max_length": {"type": "int"},
    }
    scope = {
        "addresses": {"type": "list", "elements": "str"},
        "fwmarks": {"type": "list", "elements": "int"},
    }
    timeouts = {name: {"type": "int"} for name in ("tcp", "tcp_fin", "udp")}
    actions = ["add", "update", "remove"]
    return {
        "services": {"type": "list", "elements": "dict", "options": service, "default": []},
        "state": {"type": "str", "choices": list(declaration.STATES), "default": "present"},
        "scope": {"type": "dict", "options": scope},
        "sync_daemons": {"type": "list", "elements": "dict", "options": daemon},
        "timeouts": {"type": "dict", "options": timeouts},
        "allow": {"type": "list", "elements": "str", "choices": actions, "default": actions},
        "keep_weights": {"type": "bool", "default": False},
        "drain_timeout": {"type": "int", "default": 0},
    }


def declared_rules(table: Table, declared: declaration.Declaration) -> list[str]:
    """Return the part of a table that a declaration speaks of, as rules."""
    timeouts = Timeouts(*(now if wanted else 0 for now, wanted in zip(table.timeouts, declared.timeouts)))
    daemons = {} if declared.daemons is None else dict(table.daemons)
    for state, wanted in (declared.daemons or {}).items():
        if state in daemons and not wanted.max_length:  # The kernel's choice, whatever it is.
            daemons[state] = daemons[state]._replace(max_length=0)
    return rules.table(Table(table.services, daemons, timeouts))


def result(outcome: Outcome, declared: declaration.Declaration) -> dict[str, Any]:
    """Return an outcome as the module's result."""
    return {
        "changed": bool(outcome.applied),
        "operations": [rules.operation(operation) for operation in outcome.applied],
        "withheld": [rules.operation(operation) for operation in outcome.withheld],
        "pending": [rules.operation(operation) for operation in outcome.pending],
        "failed_operations": [
            {"operation": rules.operation(operation), **explain(operation, answer)._asdict()}
            for operation, answer in outcome.failed
        ],
        "drained": [
            {
                "service": str(drained.service),
                "destination": str(drained.destination),
                "seconds": round(drained.seconds, 1),
                "active_connections": drained.active_connections,
            }
            for drained in outcome.drained
        ],
        "rules": declared_rules(outcome.after, declared),
    }


def difference(outcome: Outcome, declared: declaration.Declaration) -> dict[str, str]:
    """Return an outcome as Ansible shows it with --diff."""
    tables = {"before": outcome.before, "after": outcome.after}
    return {when: "".join(f"{line}\n" for line in declared_rules(table, declared)) for when, table in tables.items()}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec(), supports_check_mode=True)
    parameters = module.params
    try:
        declared = declaration.read(parameters)
        policy = Policy(parameters["allow"], parameters["keep_weights"], parameters["drain_timeout"])
        with Kernel() as kernel:
            outcome = (preview if module.check_mode else converge)(kernel, declared, policy)
    except StoppedError as error:
        done = [rules.operation(operation) for operation in error.applied]
        module.fail_json(
            msg=f"{error} {len(done)} operations were done; run it again.", changed=bool(done), operations=done
        )
    except (declaration.DeclarationError, KernelError) as error:
        module.fail_json(msg=str(error))
    answer = result(outcome, declared)
    if module._diff:
        answer["diff"] = difference(outcome, declared)
    for drained in outcome.drained if declared.state == "drained" else ():
        if drained.active_connections:
            module.warn(
                f"{drained.destination} of {drained.service} still has {drained.active_connections} active connections"
                f" after {drained.seconds:.0f} s."
            )
    if outcome.failed:
        problems = [explain(*failure) for failure in outcome.failed]
        counts = (
            f"{len(outcome.applied)} operations were done, {len(outcome.pending)} wait for what failed; run it again"
        )
        module.fail_json(msg=report(problems, "what the kernel was asked", counts), **answer)
    module.exit_json(**answer)


if __name__ == "__main__":
    main()
