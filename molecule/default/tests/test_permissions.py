# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Who may change what the roles have written, who may read what is secret, and who listens, on every node."""

from __future__ import annotations

from conftest import State
from lab.cluster import Cluster
from testinfra.host import Host

testinfra_hosts = ["ansible://directors", "ansible://web", "ansible://storage"]

# Groups to which files of the distribution belong, on a node without any role.
_DEBIANS = r"-group utmp -o -group mail -o -group staff -o -group redis"
# One secret in a line: the monitor's, that of the opcode cache, hashes of passwords, and how private keys begin.
_GATHER = r"""
umask 077
grep --only-matching --no-filename --extended-regexp '[0-9a-f]{32,}|\$6\$[^:]+' /etc/ha-web-monitor/secret \
  /etc/ha-web-monitor/users /etc/nginx/ha-web.d/exporter.conf 2>/dev/null | sort -u >/run/secrets-of-this-test
for kind in '' 'EC ' 'RSA '; do echo "-----BEGIN ${kind}PRIVATE KEY"; done >>/run/secrets-of-this-test
"""
# Files come and go meanwhile: what exporters tell is written anew every few seconds.
_HOLD = "grep --no-messages --fixed-strings --file=/run/secrets-of-this-test"
_FIND = "find %s -ignore_readdir_race -xdev"
_FILES = (
    rf"{_FIND % '/etc /opt /srv /tmp /root /run /var /usr/local /dev/shm'} -type f ! -path '*/journal/*'"
    rf" ! -path /run/secrets-of-this-test %s -print0 | xargs -0 --no-run-if-empty {_HOLD} --files-with-matches"
)
COMMANDS = {
    "writable": rf"{_FIND % '/'} ! -type l -perm /022 ! -perm -1000 ! \( {_DEBIANS} \) -printf '%p %g\n'",
    "gathered": f"{_GATHER} wc --lines </run/secrets-of-this-test",
    "hold_secrets": _FILES % "",
    "show_secrets": _FILES % "-perm -004",
    # With which arguments daemons run, and what has been said.
    "told": f"{{ ps -ewwo cgroup:99,args | grep system.slice; journalctl --quiet --no-pager; }} | {_HOLD};"
    " rm /run/secrets-of-this-test",
    "listens": "ss --no-header --listening --numeric --tcp --udp | awk '{print $1, $5}'",
}
TRACKS = "/var/lib/ha-web/track/"
EXPORTERS = {"directors": {9100}, "web": {9100, 9113, 9117, 9145}, "storage": {9100}}


def groups(host: Host) -> list[str]:
    return [group for group in EXPORTERS if group in host.ansible.get_variables()["group_names"]]


def test_only_operators_and_readers_may_write_beside_root(state: State) -> None:
    for line in state["writable"].lines:
        path, group = line.split()
        if group == "ha-web-operators":
            assert path.startswith(TRACKS)
        else:
            assert line == "/var/lib/prometheus/node-exporter ha-web-exporter"


def test_secrets_stand_where_others_cannot_read_them(state: State, host: Host, cluster: Cluster) -> None:
    if cluster.topology["monitor"]["enabled"] and "storage" not in groups(host):
        # Three are how keys begin; what is searched for is there, and found by its reader.
        assert int(state["gathered"].text) > 3
        assert state["hold_secrets"].text
    assert state["show_secrets"].text == ""
    assert state["told"].text == ""


def test_who_listens_is_declared(state: State, host: Host, cluster: Cluster) -> None:
    topology = cluster.topology
    expected = {("tcp", service["port"]) for service in topology["virtual_services"] if "web" in groups(host)}
    if topology["monitor"]["enabled"]:
        expected |= {("tcp", port) for group in groups(host) for port in EXPORTERS[group]}
        if host.ansible.get_variables()["inventory_hostname"] in topology["monitor"]["hosts"]:
            expected.add(("tcp", topology["monitor"]["port"]))
    if "storage" in groups(host):
        expected.add(("tcp", 2049))
    found = set()
    for line in state["listens"].lines:
        kind, address = line.split()
        place, _colon, port = address.rpartition(":")
        if not place.startswith(("127.", "[::1]")):
            found.add((kind, int(port)))
    # What a backup learns of the master's connections, while it is one.
    assert found - ({("udp", 8848)} if "directors" in groups(host) else set()) == expected
