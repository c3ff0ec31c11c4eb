# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What was read on all nodes, against the topology."""

from __future__ import annotations

DOCUMENTATION = r"""
name: audit_findings
short_description: What of a cluster is not as declared
version_added: 0.3.0
author:
  - The lvs.ha_web authors (@lvs)
description:
  - Holds what the playbook C(audit.yml) has read on the nodes against the topology, the nodes' own configuration and
    each other.
  - Contacts no host.
options:
  _input:
    description:
      - The variable C(hostvars). Of each host these are read, where they are defined, C(ha_web_topology),
        C(audit_roles) (by role, what its entry point C(audit) said), C(audit_broken) (by role, why it said nothing),
        C(audit_facts), C(audit_read), C(audit_table) and C(audit_heard) (results of the modules C(setup),
        M(lvs.ha_web.audit_info), M(lvs.ha_web.ipvs_info) and M(lvs.ha_web.vrrp_info)).
    type: dict
    required: true
  hosts:
    description: The hosts to audit; those of which nothing was read are findings.
    type: list
    elements: str
    required: true
  groups:
    description: The variable C(groups).
    type: dict
    required: true
  certificate_days:
    description: A certificate that ends sooner is a finding.
    type: float
    default: 14
  clock_offset:
    description: A clock that is further from the controller's is a finding, in seconds.
    type: float
    default: 1
positional: hosts, groups
seealso:
  - plugin: lvs.ha_web.audit_report
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Hold what was read against what is declared
  ansible.builtin.set_fact:
    audit: "{{ hostvars | lvs.ha_web.audit_findings(groups['directors'] + groups['web'], groups) }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: The audit.
  type: dict
  contains:
    schema:
      description: The version of this form. It grows when a field goes or changes its meaning.
      type: int
      sample: 1
    time:
      description: The controller's clock, in UTC.
      type: str
      sample: "2026-06-01T12:00:00+00:00"
    findings:
      description: What is wrong, by node and subject. RV(ignore:aspect) is C(rendered) (what stands on the node is not
        what is declared), C(kernel) (the kernel is not what stands on the node), C(services), C(cluster) (what several
        nodes together have wrong) or C(node).
      type: list
      elements: dict
      sample:
        - node: lvs1
          subject: 192.0.2.100:80/tcp -> 192.0.2.22:80 (web2)
          words: weight 0 in the kernel, 1 declared (drained? no track file says so)
          remedy: "Drain by drain.yml, which lasts; or take it back: reload keepalived."
          aspect: kernel
    information:
      description: What is out of the ordinary and wanted, such as a drained server; each without remedy and aspect.
      type: list
      elements: dict
    nodes:
      description: By name, what was read of each, RV(ignore:tier), RV(ignore:reachable), RV(ignore:differences) (the
        number of findings by aspect), RV(ignore:versions), RV(ignore:certificates) (with RV(ignore:days_left)),
        RV(ignore:clock) (with RV(ignore:offset) and RV(ignore:error)), RV(ignore:ntp_synchronised), and of directors
        RV(ignore:routers) (MASTER or BACKUP) and RV(ignore:holds).
      type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.lvs.ha_web.plugins.plugin_utils._audit.audit import Limits, Reading, audit
from ansible_collections.lvs.ha_web.plugins.plugin_utils._inventory import plain

_TIERS = ("directors", "web", "storage", "monitor")


def audit_findings(
    hostvars: Mapping[str, Any],
    hosts: Sequence[str],
    groups: Mapping[str, Sequence[str]],
    certificate_days: float = 14,
    clock_offset: float = 1,
) -> dict[str, Any]:
    topology = next((hostvars[host].get("ha_web_topology") for host in hosts), None)
    if not topology:
        raise AnsibleFilterError("ha_web_topology is not defined: run the role lvs.ha_web.validate first.")
    names = [str(host) for host in hosts]
    tiers = {host: next((tier for tier in _TIERS if host in groups.get(tier, ())), "other") for host in names}
    limits = Limits(float(certificate_days), float(clock_offset))
    return audit(plain(topology), {host: _reading(hostvars[host]) for host in names}, tiers, limits)


def _reading(variables: Mapping[str, Any]) -> Reading:
    def known(name: str) -> dict[str, Any]:
        value = plain(variables.get(name))
        return value if isinstance(value, dict) else {}

    facts = known("audit_facts")
    listened = [one for one in known("audit_heard").get("results", ()) if not one.get("skipped")]
    return Reading(
        unreachable=str(facts.get("msg", "")),
        release=str(facts.get("ansible_facts", {}).get("ansible_distribution_major_version", "")),
        roles=known("audit_roles"),
        broken=known("audit_broken"),
        read=known("audit_read"),
        table=known("audit_table"),
        heard=[speaker for one in listened for speaker in one.get("speakers", ())],
        deaf=next((str(one.get("msg")) for one in listened if "speakers" not in one), ""),
    )


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"audit_findings": audit_findings}
