# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The kernel itself: all that IPVS can be told, every refusal, other writers, sudden ends. ipvsadm is the witness."""

from __future__ import annotations

import errno
import subprocess
import threading
from collections.abc import Callable, Iterator

import pytest
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs import declaration, model, rules
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.converge import Outcome, Policy, converge
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.kernel import Kernel, KernelError
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.model import (
    Daemon,
    Destination,
    DestinationId,
    Operation,
    ServiceId,
    Settings,
    Table,
    Timeouts,
)
from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.refusals import explain
from hypothesis import HealthCheck, given, settings
from unit.ipvs_tables import tables

Saved = Callable[[], str]
Ipvsadm = Callable[..., str]

EVERYTHING = {"addresses": ["0.0.0.0/0", "::/0"], "fwmarks": [1, 2, 2147483647]}
# Each example meets the whole kernel; what it leaves is the next one's beginning.
REAL = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

WEB = ServiceId("ipv4", "tcp", "10.9.1.1", 80, 0)
SIX = ServiceId("ipv6", "tcp", "fd00:9:1::1", 80, 0)
WLC = Settings("wlc", (), False, 0, "255.255.255.255", "")
WLC6 = WLC._replace(persistence_netmask="128")
ONE, TWO = DestinationId("10.9.2.1", 80), DestinationId("10.9.2.2", 80)
DR = Destination("dr", 1)
MASTER = Daemon("master", "hw0", 51, max_length=1472)


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    with Kernel() as opened:
        yield opened


def possible(table: Table) -> Table:
    """Return a table that the kernel can hold: it has the interface, and no daemon beside mixed families."""
    daemons = {state: daemon._replace(interface="hw0") for state, daemon in table.daemons.items()}
    mixed = any(
        model.family(server.address) != key.family
        for key, service in table.services.items()
        for server in service.destinations
    )
    return table._replace(daemons={} if mixed else daemons)


def declare(kernel: Kernel, table: Table, policy: Policy | None = None) -> Outcome:
    wanted = {"state": "exact", "scope": EVERYTHING, **declaration.as_parameters(table)}
    return converge(kernel, declaration.read(wanted), policy or Policy())


def words(lines: list[str], without: tuple[str, ...] = ("-x", "-y")) -> list[list[str]]:
    """Return rules in any order of lines and words, less the options that ipvsadm does not save."""
    found = []
    for line in lines:
        kept = line.split()
        for option in without:
            if option in kept:
                del kept[kept.index(option) : kept.index(option) + 2]
        found.append(sorted(kept))
    return sorted(found)


def services_only(table: Table) -> list[str]:
    return rules.table(table._replace(daemons={}, timeouts=Timeouts(0, 0, 0)))


def every_choice() -> Table:
    """Return a table in which each scheduler, flag, protocol, family, forwarding method and tunnel occurs."""
    services = {}
    for number, scheduler in enumerate(model.SCHEDULERS, 1):
        flags = model.SCHEDULER_FLAGS.get(scheduler, model.NUMBERED_FLAGS)
        for mark, family in enumerate(model.HOST_NETMASKS):
            settings = WLC._replace(scheduler=scheduler, persistence_netmask=model.HOST_NETMASKS[family])
            key = ServiceId(family, "", "", 0, 2 * number + mark)
            services[key] = model.Service(settings._replace(scheduler_flags=flags if mark else flags[:1]), {})
    tunnels = [("ipip", 0, "none"), ("gre", 0, "none"), ("gre", 0, "csum")]
    tunnels += [("gue", 6080, checksum) for checksum in model.TUNNEL_CHECKSUMS]
    values = [Destination(forwarding, 2, 9, 3) for forwarding in ("dr", "nat")]
    values += [Destination("tun", 1, 0, 0, *tunnel) for tunnel in tunnels]
    for family, netmask, address in (("ipv4", "255.255.0.0", "10.9.2.{}"), ("ipv6", "64", "fd00:9::{}")):
        for protocol in model.PROTOCOLS:
            servers = {DestinationId(address.format(n), 80): value for n, value in enumerate(values, 1)}
            other = "fd00:9::99" if family == "ipv4" else "10.9.2.99"
            servers[DestinationId(other, 80)] = Destination("tun", 0)
            datagrams = protocol == "udp"
            settings = Settings("rr", (), datagrams, 300, netmask, "sip" if datagrams else "")
            services[ServiceId(family, protocol, address.format("77"), 80, 0)] = model.Service(settings, servers)
    return Table(services, {}, Timeouts(1, 2, 3))


def test_every_choice(kernel: Kernel, saved: Saved) -> None:
    wanted = every_choice()
    marks = [key.fwmark for key in wanted.services if key.fwmark]
    declared = {"state": "exact", "scope": {**EVERYTHING, "fwmarks": marks}, **declaration.as_parameters(wanted)}
    assert not converge(kernel, declaration.read(declared), Policy()).failed
    assert kernel.table() == wanted
    assert words(saved().splitlines()) == words(services_only(wanted))


@REAL
@given(table=tables())
def test_any_table_is_made_and_ipvsadm_sees_it(table: Table, saved: Saved, ipvsadm: Ipvsadm) -> None:
    wanted = possible(table)
    with Kernel() as kernel:
        outcome = declare(kernel, wanted)
        assert not outcome.failed, [explain(*failure) for failure in outcome.failed]
        assert kernel.table() == wanted
        assert not declare(kernel, wanted).applied
    assert words(saved().splitlines()) == words(services_only(wanted))
    seconds = " ".join(map(str, wanted.timeouts))
    assert f"Timeout (tcp tcpfin udp): {seconds}" in ipvsadm("--list", "--timeout")


@REAL
@given(table=tables())
def test_any_table_that_ipvsadm_writes_is_read(table: Table, ipvsadm: Ipvsadm) -> None:
    wanted = possible(table)._replace(daemons={})
    ipvsadm("--clear")
    done = subprocess.run(
        ["ipvsadm", "--restore"], input="\n".join(rules.table(wanted)), capture_output=True, text=True, check=False
    )
    assert not done.stderr
    with Kernel() as kernel:
        assert kernel.table() == wanted
        assert not declare(kernel, wanted).applied


def test_thresholds(kernel: Kernel, ipvsadm: Ipvsadm) -> None:
    limited = DR._replace(upper_threshold=2000000000, lower_threshold=7)
    declare(kernel, kernel.table()._replace(services={WEB: model.Service(WLC, {ONE: limited})}))
    (row,) = [line for line in ipvsadm("--list", "--numeric", "--thresholds").splitlines() if "10.9.2.1:80" in line]
    assert row.split()[1:4] == ["10.9.2.1:80", "2000000000", "7"]


def test_the_largest_fwmark(kernel: Kernel) -> None:
    """ipvsadm shows it as -1."""
    largest = ServiceId("ipv4", "", "", 0, 4294967295)
    kernel.execute([Operation("add", largest, None, WLC)])
    assert set(kernel.table().services) == {largest}


def test_daemons(kernel: Kernel, ipvsadm: Ipvsadm) -> None:
    backup = Daemon("backup", "hw0", 7, "ff02::51", 8849, 3, 1400)
    declare(kernel, kernel.table()._replace(daemons={"master": MASTER, "backup": backup}))
    listed = ipvsadm("--list", "--daemon").replace(" ", "")
    assert "mastersyncdaemon(mcast=hw0,syncid=51,maxlen=1472,group=224.0.0.81,port=8848,ttl=1)" in listed
    assert "backupsyncdaemon(mcast=hw0,syncid=7,maxlen=1400,group=ff02::51,port=8849,ttl=3)" in listed
    # A change, straight after the start.
    changed = declare(kernel, kernel.table()._replace(daemons={"master": MASTER._replace(sync_id=52)}))
    assert not changed.failed
    assert {state: daemon.sync_id for state, daemon in kernel.table().daemons.items()} == {"master": 52}


BASE = [Operation("add", WEB, None, WLC), Operation("add", WEB, ONE, DR), Operation("add", SIX, None, WLC6)]
# what was done before, what is refused; the kernel's number, the explanation
REFUSALS = {
    "the service twice": (BASE[0], errno.EEXIST, "exists already"),
    "the destination twice": (BASE[1], errno.EEXIST, "exists already"),
    "a change of no service": (Operation("update", WEB._replace(port=81), None, WLC), errno.ESRCH, "it is gone"),
    "the end of no service": (Operation("remove", WEB._replace(port=81), None, None), errno.ESRCH, "it is gone"),
    "a destination of no service": (Operation("add", WEB._replace(port=81), ONE, DR), errno.ESRCH, "it is gone"),
    "a change of no destination": (Operation("update", WEB, TWO, DR), errno.ENOENT, "it is gone"),
    "the end of no destination": (Operation("remove", WEB, TWO, None), errno.ENOENT, "it is gone"),
    "an unknown scheduler": (
        Operation("add", WEB._replace(port=81), None, WLC._replace(scheduler="nope")),
        errno.ENOENT,
        "no scheduler nope",
    ),
    "a change to an unknown scheduler": (
        Operation("update", WEB, None, WLC._replace(scheduler="nope")),
        errno.ENOENT,
        "no scheduler nope",
    ),
    "an unknown persistence engine": (
        Operation("update", WEB, None, WLC._replace(persistence_timeout=1, persistence_engine="nope")),
        errno.ENOENT,
        "no persistence engine nope",
    ),
    "a negative weight": (Operation("add", WEB, TWO, DR._replace(weight=2**32 - 1)), errno.ERANGE, "out of range"),
    "a lower threshold above": (
        Operation("update", WEB, ONE, DR._replace(upper_threshold=1, lower_threshold=2)),
        errno.ERANGE,
        "out of range",
    ),
    "a destination that is no host": (
        Operation("add", WEB, DestinationId("224.0.0.9", 80), DR),
        errno.EINVAL,
        "not a unicast one",
    ),
    "direct routing between families": (
        Operation("add", WEB, DestinationId("fd00:9::9", 80), DR),
        errno.EINVAL,
        "without a tunnel",
    ),
    "a netmask that is none": (
        Operation("add", SIX._replace(port=81), None, WLC6._replace(persistence_timeout=1, persistence_netmask="129")),
        errno.EINVAL,
        "no such thing",
    ),
    "a daemon on no interface": (Operation("add", None, None, MASTER._replace(interface="hw9")), errno.ENODEV, "hw9"),
    "the end of no daemon": (Operation("remove", None, None, MASTER), errno.ESRCH, "does not run"),
}


@pytest.mark.parametrize(("operation", "number", "phrase"), REFUSALS.values(), ids=REFUSALS)
def test_refusals(kernel: Kernel, operation: Operation, number: int, phrase: str) -> None:
    assert not any(answer.error for answer in kernel.execute(BASE))
    before = kernel.table()
    (answer,) = kernel.execute([operation])
    assert answer.error == number, explain(operation, answer)
    problem = explain(operation, answer)
    assert phrase in problem.message and problem.remedy
    assert kernel.table() == before


def test_mixed_families_and_a_daemon_exclude_each_other(kernel: Kernel) -> None:
    far = Operation("add", WEB, DestinationId("fd00:9::9", 80), Destination("tun", 1))
    start = Operation("add", None, None, MASTER)
    kernel.execute([*BASE, start])
    (answer,) = kernel.execute([far])
    assert answer.error == errno.EINVAL
    assert "beside a sync daemon" in explain(far, answer).message
    kernel.execute([start._replace(action="remove"), far])
    (answer,) = kernel.execute([start])
    assert answer.error == errno.EINVAL
    assert "another address family" in explain(start, answer).message


def test_a_daemon_that_runs_already(kernel: Kernel) -> None:
    start = Operation("add", None, None, MASTER)
    answers = kernel.execute([start, start])
    assert [answer.error for answer in answers] == [0, errno.EEXIST]


@pytest.mark.parametrize(
    "command",
    [
        ["setpriv", "--reuid=65534", "--clear-groups"],
        ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"],
        ["unshare", "--user", "--map-root-user", "--net"],
    ],
    ids=["not root", "no capability", "a user namespace"],
)
def test_without_permission(command: list[str]) -> None:
    program = (
        "from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.kernel import Kernel, KernelError\n"
        "try:\n    Kernel().table()\nexcept KernelError as error:\n    print(error)"
    )
    done = subprocess.run([*command, "python3", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("The kernel lets only root see or change IPVS. Run the task with become: true")


def test_a_new_network_namespace_has_a_table_of_its_own(kernel: Kernel) -> None:
    kernel.execute(BASE)
    program = (
        "from ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.kernel import Kernel\n"
        "print(len(Kernel().table().services))"
    )
    done = subprocess.run(["unshare", "--net", "python3", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"


def pool(size: int) -> Table:
    servers = {DestinationId(f"10.9.{3 + n // 250}.{1 + n % 250}", 80): DR for n in range(size)}
    return Table({WEB: model.Service(WLC, servers)}, {}, Timeouts(900, 120, 300))


def test_a_batch_that_does_not_fit_one_datagram(kernel: Kernel) -> None:
    declare(kernel, pool(3000))
    assert kernel.table() == pool(3000)


def test_another_writer_at_the_same_time(kernel: Kernel) -> None:
    """Another program adds and removes the same things all the while: each run ends as declared, or says why not."""
    over = threading.Event()

    def write() -> None:
        service, server = ("-t", "10.9.1.1:80"), ("-r", "10.9.3.2:80")
        while not over.is_set():
            for command in (["-D", *service], ["-A", *service, "-s", "rr"], ["-a", *service, *server, "-m"]):
                subprocess.run(["ipvsadm", *command], capture_output=True, check=False)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        outcomes = [declare(kernel, pool(40)) for _round in range(40)]
    finally:
        over.set()
        writer.join()
    for outcome in outcomes:
        for failure in outcome.failed:
            assert "what else writes this table" in explain(*failure).remedy
    assert any(outcome.applied for outcome in outcomes)
    # The other is gone: one run is enough.
    assert not declare(kernel, pool(40)).failed
    assert kernel.table() == pool(40)


def test_a_reading_is_bounded_while_another_writes(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansible_collections.lvs.ha_web.plugins.module_utils._ipvs.netlink.DUMP_INTERRUPTED", 0xFFFF)
    with pytest.raises(KernelError, match="another program keeps writing it"):
        kernel.table()
