# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What may happen to real servers: to one, to all at once, and to one again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from .. import outage
from ..cluster import Cluster
from ..load import PATIENCE_S, TIMEOUT_S
from ..report import wait_for
from .scene import DEADLINE_S, SETTLE_S, TOLERANCE_S, Outcome, Scene, Tell, scene

CALM_S = 10.0  # after an ejection, no request may fail for this long: reused source ports show by then
# Out of step with checks, which come every second: they find it now this way, now that.
_FLAPS = 12
_REFUSES_S, _TAKES_S = 0.7, 0.6
_FLAPPING = f"""
nft 'add table inet lab_fault; add chain inet lab_fault input {{ type filter hook input priority -300; }}'
for time in $(seq {_FLAPS}); do
    nft add rule inet lab_fault input tcp dport 80 reject with tcp reset
    sleep {_REFUSES_S}
    nft flush chain inet lab_fault input
    sleep {_TAKES_S}
done
nft delete table inet lab_fault
"""
_SLOW_MS = 1500  # above the checks' time-out

# A service's bounds, by what a failed server still does.
_REFUSES, _SILENT, _WRONG = "ejection_refused_s", "ejection_s", "ejection_content_s"


def stops(cluster: Cluster, node: str, tell: Tell) -> Outcome:
    """Stop a web server's nginx: its kernel refuses connections."""
    return _eject(
        cluster,
        node,
        tell,
        fault=f"nginx stopped on {node}",
        bound_name=_REFUSES,
        break_it=lambda: cluster.command_at(node, "systemctl stop nginx"),
        mend_it=lambda: cluster.command_at(node, "systemctl start nginx"),
    )


def dies(cluster: Cluster, node: str, tell: Tell) -> Outcome:
    """Cut a web server's power, and give it back."""
    return _eject(
        cluster,
        node,
        tell,
        fault=f"power loss of {node}",
        bound_name=_SILENT,
        break_it=lambda: cluster.unplug(node),
        mend_it=lambda: cluster.power_cycle(node),
    )


def hangs(cluster: Cluster, node: str, tell: Tell) -> Outcome:
    """Freeze nginx: its port is open, the kernel takes connections, and nobody answers."""
    return _eject(
        cluster,
        node,
        tell,
        fault=f"nginx hangs on {node}",
        bound_name=_SILENT,
        break_it=lambda: cluster.command_at(node, "systemctl kill --signal=STOP nginx"),
        mend_it=lambda: cluster.command_at(node, "systemctl kill --signal=CONT nginx"),
    )


def slow(cluster: Cluster, node: str, tell: Tell) -> Outcome:
    """Delay all that a web server sends, beyond the checks' time-out."""
    return _eject(
        cluster,
        node,
        tell,
        fault=f"answers of {node} are {_SLOW_MS / 1000:g} s late",
        bound_name=_SILENT,
        break_it=lambda: cluster.command_at(node, f"tc qdisc add dev eth0 root netem delay {_SLOW_MS}ms"),
        mend_it=lambda: cluster.command_at(node, "tc qdisc del dev eth0 root"),
    )


def wrong_content(cluster: Cluster, tell: Tell) -> Iterator[Outcome]:
    """Change the content of each URL that is looked at for it, one after the other."""
    for url in cluster.topology["virtual_services"][0]["check"]["urls"]:
        means = next((key for key in ("regex", "digest") if url[key]), None)
        if means:
            yield _shows_something_else(cluster, cluster.real_servers[1], url["path"], means, tell)


def _shows_something_else(cluster: Cluster, node: str, path: str, means: str, tell: Tell) -> Outcome:
    page = f"/var/www/html{path}"
    return _eject(
        cluster,
        node,
        tell,
        fault=f"wrong content at one URL of {node}, seen by {means}",
        bound_name=_WRONG,
        break_it=lambda: cluster.command_at(node, f"cp {page} /run/right && echo other > {page}"),
        mend_it=lambda: cluster.command_at(node, f"cp /run/right {page}"),
    )


def script_says_no(cluster: Cluster, node: str, tell: Tell) -> Outcome:
    """Let the script that checks a web server say no on every director."""
    server = next(one for one in cluster.topology["virtual_services"][0]["real_servers"] if one["name"] == node)
    command = next(check["script"]["command"] for check in server["checks"] if check["type"] == "misc")
    flag = command.split()[-1]
    return _eject(
        cluster,
        node,
        tell,
        fault=f"script says no to {node}",
        bound_name=_REFUSES,
        break_it=lambda: min(cluster.command_at(name, f"rm {flag}") for name in cluster.directors),
        mend_it=lambda: max(cluster.command_at(name, f"touch {flag}") for name in cluster.directors),
    )


def _eject(
    cluster: Cluster,
    node: str,
    tell: Tell,
    *,
    fault: str,
    bound_name: str,
    break_it: Callable[[], float],
    mend_it: Callable[[], float],
) -> Outcome:
    """Break a web server and mend it; each of the two says when it did.

    Claims: removed within the bound; no request fails in the CALM_S after that, and no SYN is lost, as one from
    a source port is whose old connection led to this server; mended, it gets requests again, and the same holds.
    """
    bound = cluster.topology["virtual_services"][0][bound_name]
    with scene(cluster, tell, fault, *cluster.directors, node) as at:
        broken_at = break_it()
        left_at = at.watch.wait_until_out(at.holder(), cluster.address(node), broken_at, bound + 30)
        calm_until = left_at + CALM_S
        at.load.wait_until_sent(calm_until)
        # A server may be broken a while before anybody asks it, and while it is being stopped.
        ejection_s = round(left_at - at.first_failure(broken_at, left_at), 3)
        at.demand_below(f"time to eject {node}", ejection_s, bound)
        calm = at.demand_calm(f"in {CALM_S:g} s after the ejection", left_at, calm_until)
        at.demand(f"{node} gets no request after its ejection", node not in calm.servers, calm)
        tell(f"{node} is being mended")
        mended_at = mend_it()
        returned_at = at.load.wait_for_answer_of(node, mended_at, DEADLINE_S)
        at.load.wait_until_quiet(SETTLE_S)
        at.load.stop()
        at.demand_calm(f"when {node} returns", calm_until)
        reading = outage.read([*at.in_time(broken_at, left_at), *at.load.samples(left_at)], PATIENCE_S)
    remark = f"then 0; returned after {returned_at - mended_at:.1f} s"
    return Outcome(fault, "ejected after", ejection_s, bound, reading.failed, remark, reading)


def all_down(cluster: Cluster, tell: Tell) -> Outcome:
    """Stop nginx on all real servers at once; start them one after the other.

    Claims: the sorry server answers within the bound, alone and without a failure, until so many
    servers are back that quorum and hysteresis are met; then it gets nothing more. In that moment
    keepalived takes it out before it puts the servers in: what is sent just then may be refused, and
    what it has under way be cut.
    """
    service = cluster.topology["virtual_services"][0]
    sorry = service["sorry_server"]["name"]
    bound = service["ejection_refused_s"]
    needed = service["quorum"] + service["hysteresis"]
    fault = f"nginx stopped on {' '.join(cluster.real_servers)}"
    with (
        scene(cluster, tell, fault, *cluster.directors, sorry) as at,
        ThreadPoolExecutor(len(cluster.real_servers)) as pool,
    ):
        # At once indeed: on nodes that share a processor, systemctl takes its time before anything stops.
        stop = "kill -QUIT $(cat /run/nginx.pid)"
        begun = list(pool.map(lambda node: cluster.command_at(node, stop), cluster.real_servers))
        broken_at = max(begun)
        sorry_at = at.load.wait_for_answer_of(sorry, min(begun), bound + 30)
        at.load.wait_until_quiet(SETTLE_S)
        failures = [one.at for one in at.in_time(min(begun)) if one.failed]
        seconds = round(sorry_at - broken_at, 3)
        at.demand_below("time until the sorry server answers", seconds, bound)
        for number, node in enumerate(cluster.real_servers, start=1):
            tell(f"{node} is being mended")
            mended_at = cluster.command_at(node, "systemctl start nginx")
            if number < needed:
                _seen_alive(at, node)
                at.load.wait_for_requests(100)
                while_few = at.reading(mended_at)
                at.demand(f"{sorry} alone answers while {number} are back", set(while_few.servers) == {sorry})
            else:
                back_at = at.load.wait_for_answer_of(node, mended_at, DEADLINE_S)
                at.load.wait_until_quiet(SETTLE_S)
                break
        for node in cluster.real_servers[needed:]:
            cluster.run(node, "systemctl start nginx")
        at.settle()
        at.load.stop()
        taken_at = max(failures, default=broken_at) + 0.001
        servers_at = next(one.at for one in at.load.samples(mended_at) if one.server in cluster.real_servers)
        change = servers_at - TIMEOUT_S - TOLERANCE_S, servers_at + TOLERANCE_S
        at.demand_calm("while the sorry server serves", taken_at, change[0])
        at.demand_calm("once the servers are back", change[1])
        cut = at.reading(*change).failed
        last = max(one.at for one in at.load.samples() if one.server == sorry)
        at.demand_below(f"time until {sorry} gets nothing more", last - back_at, 0.0)
        reading = at.reading(min(begun))
    return Outcome(
        fault,
        f"{sorry} answers after",
        seconds,
        bound,
        reading.failed,
        f"then 0, and {cut} as the servers took over again; quorum back with {needed} servers",
        reading,
    )


def _seen_alive(at: Scene, node: str) -> None:
    """Wait until every director has found a server alive, which the IPVS table does not show below quorum."""
    address = at.cluster.address(node)
    for director in at.cluster.directors:
        look = (
            "journalctl --boot --unit=keepalived --lines=200 --output=cat"
            f" | grep -F 'service [{address}]:' | grep -E '^(Adding|Removing)' | tail -n 1"
        )
        wait_for(
            f"{director} to find {node} alive",
            partial(lambda director, look: at.cluster.run(director, look).startswith("Adding"), director, look),
            DEADLINE_S,
        )


def flaps(cluster: Cluster, node: str, tell: Tell) -> Outcome:
    """Refuse and take connections in turn, faster than checks look.

    Claims: the server enters and leaves the table no oftener than it is checked; in the end it is
    back, and no request fails any more.
    """
    interval = cluster.topology["virtual_services"][0]["check"]["interval"]
    fault = f"{node} flaps every {_REFUSES_S + _TAKES_S:g} s"
    with scene(cluster, tell, fault, *cluster.directors, node) as at:
        holder = at.holder()
        begun_at = cluster.command_at(node, _FLAPPING)
        at.settle()
        at.load.stop()
        changes = [at_ for at_, _used in at.watch.use_of(holder, cluster.address(node), begun_at)]
        at.demand(f"{node} leaves the table at least once", bool(changes))
        shortest = min((after - before for before, after in zip(changes, changes[1:])), default=0.0)
        at.demand(
            f"changes of the table at least {interval:g} s apart, were {shortest:.2f}",
            shortest > interval - TOLERANCE_S,
        )
        reading = at.reading(begun_at)
    return Outcome(
        fault, "table changed every", round(shortest, 3), interval, reading.failed, f"{len(changes)} changes", reading
    )
