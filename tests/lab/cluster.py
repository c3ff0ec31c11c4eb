# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""A running cluster of the lab: readings of its nodes, and the hands that break and mend them."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import docker
from docker.models.containers import Container

from . import engine, ipvs_table
from .ipvs_table import Table
from .line import Lines
from .report import LabError, wait_for
from .settings import BUILD, REPO

_DESCRIPTION = (
    "{{ {'groups': groups, 'topology': hostvars | lvs.ha_web.topology(groups),"
    " 'containers': dict(groups['all'] | zip(groups['all']"
    " | map('extract', hostvars, 'ansible_host')))} | to_json }}"
)


class Director(NamedTuple):
    """What one director says of itself."""

    active: bool
    holds_vip: bool
    table: Table


def _describe(inventory: Path) -> dict[str, Any]:
    """Return groups, containers and normalised topology, as Ansible sees the inventory.

    It takes seconds, and each fault of a scenario has a process of its own: kept for the next one, by all that it
    depends on.
    """
    sources = (
        *inventory.rglob("*"),
        *(REPO / "plugins").rglob("*.py"),
        REPO / "ansible.cfg",
        REPO / "requirements.txt",
    )
    own = sorted(one for one in os.environ.items() if one[0].startswith(("HA_WEB_", "ANSIBLE_COLLECTIONS")))
    digest = hashlib.sha256(repr((inventory, own, _DESCRIPTION)).encode())
    for path in sorted(sources):
        if path.is_file():
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    kept = BUILD / "described" / f"{digest.hexdigest()}.json"
    if not kept.exists():
        description = _described(inventory)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.with_suffix(f".{os.getpid()}").write_text(json.dumps(description), encoding="utf-8")
        kept.with_suffix(f".{os.getpid()}").rename(kept)
    described: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
    return described


def _described(inventory: Path) -> dict[str, Any]:
    """Ask Ansible."""
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("ansible")),
            *("-i", str(inventory), "localhost", "-m", "ansible.builtin.debug"),
            *("-a", f"msg={_DESCRIPTION}"),
        ],
        cwd=REPO,
        env={
            **os.environ,
            "ANSIBLE_CONFIG": str(REPO / "ansible.cfg"),
            "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
            "ANSIBLE_STRATEGY": "linear",
            "ANSIBLE_NOCOLOR": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise LabError(f"the inventory {inventory} cannot be read: {done.stdout}{done.stderr}")
    message = json.loads(done.stdout[done.stdout.index("{") :])["msg"]
    description: dict[str, Any] = json.loads(message) if isinstance(message, str) else message
    return description


def _seconds(docker_time: str) -> float:
    """Return Docker's time of nanoseconds as seconds since the epoch."""
    whole, _point, fraction = docker_time.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}+00:00").timestamp() + float(f"0.{fraction or 0}")


class Cluster:
    """The nodes of an inventory, by their inventory names. Times are of the engine's wall clock.

    Raises:
        LabError: no engine runs, or the inventory does not describe a cluster.
    """

    def __init__(self, inventory: Path) -> None:
        found = engine.find()
        if found is None:
            raise LabError("no engine is running. Start the cluster: make up")
        self.engine = found
        self.inventory = inventory
        self._client = found.client()
        self._environment = {**os.environ, **found.environment()}
        self._lines = Lines(self._environment)
        description = _describe(inventory)
        self.topology: dict[str, Any] = description["topology"]
        self.directors: list[str] = description["groups"]["directors"]
        self.web: list[str] = description["groups"]["web"]
        self.storage: list[str] = description["groups"].get("storage", [])
        self.client: str = description["groups"]["outside"][0]
        self._names: dict[str, str] = description["containers"]

    @property
    def nodes(self) -> list[str]:
        """All nodes."""
        return list(self._names)

    @property
    def real_servers(self) -> list[str]:
        """The real servers of the first virtual service."""
        return [server["name"] for server in self.topology["virtual_services"][0]["real_servers"]]

    @property
    def vip(self) -> str:
        """The address of the first virtual service, which the faults are measured on."""
        return str(self.topology["virtual_services"][0]["address"])

    @property
    def endpoint(self) -> str:
        """The first virtual service's address and port."""
        return f"{self.vip}:{self.topology['virtual_services'][0]['port']}"

    @property
    def router(self) -> dict[str, Any]:
        """The virtual router that moves the VIP."""
        name = self.topology["virtual_services"][0]["router"]
        found: dict[str, Any] = next(one for one in self.topology["virtual_routers"] if one["name"] == name)
        return found

    @cached_property
    def declared_table(self) -> Table:
        """The IPVS table of the cluster when all is well."""
        return ipvs_table.declared(self.topology)

    @property
    def preferred_master(self) -> str:
        """The director of the highest priority for the VIP."""
        priorities: dict[str, int] = self.router["priorities"]
        return max(priorities, key=lambda name: priorities[name])

    @property
    def backup(self) -> str:
        """The director that takes over first from the preferred master."""
        priorities: dict[str, int] = self.router["priorities"]
        return sorted(priorities, key=lambda name: -priorities[name])[1]

    def container_name(self, node: str) -> str:
        """Return the name that Docker knows a node by."""
        return self._names[node]

    def address(self, node: str) -> str:
        """Return a cluster node's own address."""
        return str(self.topology["nodes"][node]["address"])

    # Commands in nodes

    def _container(self, node: str) -> Container:
        try:
            return self._client.containers.get(self._names[node])
        except docker.errors.NotFound as error:
            raise LabError(f"{node} does not exist. Start the cluster: make up") from error

    def is_up(self, node: str) -> bool:
        """Tell whether the node has power."""
        return bool(self._container(node).status == "running")

    def run(self, node: str, script: str) -> str:
        """Run a shell script in a node and return its output.

        Raises:
            LabError: it failed, or the node is down.
        """
        try:
            code, *said = self._lines.run(self._names[node], script)
        except LabError as error:
            raise LabError(f"{node}: {script!r}: {error}") from error
        output, errors = (words.decode("utf-8", "replace").replace("\r\n", "\n") for words in said)
        if code:
            raise LabError(f"{node}: exit {code} of {script!r}: {errors.strip() or output.strip()}")
        return output

    def stream(self, node: str, command: Sequence[str]) -> Iterator[str]:
        """Run a command in a node and yield its output, line by line, as it comes.

        Raises:
            LabError: it ended with an error.
        """
        # The command line client, as Ansible uses it: docker-py waits for an end of stream that
        # a relayed socket may not pass on.
        with subprocess.Popen(
            ["docker", "exec", self._names[node], *command],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            last = ""
            for line in process.stdout or ():
                last = line
                yield line
        if process.returncode:
            raise LabError(f"{node}: exit {process.returncode} of {command[0]}: {last.strip()}")

    def python(self, node: str, program: Path, *arguments: object) -> str:
        """Run one of the lab's programs for nodes in a node and return its output."""
        command = ["python3", "-c", program.read_text(encoding="utf-8"), *map(str, arguments)]
        return "".join(self.stream(node, command))

    # Readings

    def director(self, node: str) -> Director:
        """Read a director's whole state in one command."""
        text = self.run(
            node,
            f"systemctl is-active keepalived; echo =; ip -o address show to {self.vip}; echo =;"
            " ipvsadm --save --numeric",
        )
        active, held, table = text.split("=\n")
        return Director(active.strip() == "active", bool(held.strip()), ipvs_table.parse(table))

    def running_directors(self) -> dict[str, Director]:
        """Read every director that has power."""
        return {node: self.director(node) for node in self.directors if self.is_up(node)}

    def holders(self) -> list[str]:
        """Return the directors that hold the VIP."""
        return [node for node, state in self.running_directors().items() if state.holds_vip]

    def the_holder(self) -> str | None:
        """Return the only holder of the VIP; None when there is none or more than one."""
        holders = self.holders()
        return holders[0] if len(holders) == 1 else None

    def unhealthy(self, master: str = "") -> str:
        """Say what keeps the cluster from being as declared; empty when nothing does.

        Args:
            master: the director that must hold the VIP; the preferred one where it is empty.
        """
        master = master or self.preferred_master
        down = [node for node in self.nodes if not self.is_up(node)]
        if down:
            return f"down: {' '.join(down)}"
        states = self.running_directors()
        holders = [node for node, state in states.items() if state.holds_vip]
        if holders != [master]:
            return f"holders of {self.vip}: {' '.join(holders) or 'none'}, not {master} alone"
        for node, state in states.items():
            if not state.active:
                return f"{node}: keepalived is not active"
            if state.table != self.declared_table:
                return f"{node}: the IPVS table is {state.table}, declared is {self.declared_table}"
        return ""

    def wait_until_healthy(self, seconds: float = 60, master: str = "") -> None:
        """Wait until all is as declared: nodes, the one holder, the tables of all directors."""
        found = [""]

        def healthy() -> bool:
            found[0] = self.unhealthy(master)
            return not found[0]

        try:
            wait_for("the cluster as declared", healthy, seconds)
        except LabError as error:
            raise LabError(f"{error}; {found[0]}\n{self.evidence(self.directors)}") from error

    def evidence(self, nodes: Iterable[str]) -> str:
        """Return the journals' ends of nodes, and the directors' addresses and tables."""
        script = (
            "ip -brief address; ipvsadm -Ln 2>/dev/null; cat /proc/loadavg;"
            " journalctl --boot --no-pager --output=short-precise --lines=40"
            " _TRANSPORT=journal _TRANSPORT=stdout _TRANSPORT=syslog"
        )
        return self._said(nodes, script)

    def _said(self, nodes: Iterable[str], script: str) -> str:
        """Return what a script says on nodes, or why it cannot."""
        parts = []
        for node in nodes:
            try:
                words = self.run(node, script)
            except LabError as error:
                words = str(error)
            parts.append(f"--- {node}\n{words.rstrip()}")
        return "\n".join(parts)

    def connections_from(self, ports: Iterable[int]) -> str:
        """Return what all nodes that have power know of connections from the client's ports; empty without ports."""
        wanted = sorted(ports)
        if not wanted:
            return ""
        listed = "|".join(f"{port:04X}" for port in wanted)
        sockets = " or ".join(f"dport = :{port}" for port in wanted)
        script = (
            f"test ! -e /proc/net/ip_vs_conn || awk '$3 ~ /^({listed})$/' /proc/net/ip_vs_conn;"
            f" ss --no-header --all --numeric --tcp --options '( {sockets} )'"
        )
        return self._said([node for node in (*self.directors, *self.web) if self.is_up(node)], script)

    def last_words(self) -> str:
        """Return what keepalived said last on the directors, and how busy they are: short, for a summary."""
        script = "cat /proc/loadavg; journalctl --unit=keepalived --no-pager --output=short-precise --lines=12"
        return self._said(self.directors, script)

    @contextmanager
    def on_failure_show(self, *nodes: str) -> Iterator[None]:
        """Add the evidence of ``nodes`` to a LabError that passes."""
        try:
            yield
        except LabError as error:
            raise LabError(f"{error}\n{self.evidence(nodes)}") from error

    # Faults and repairs

    def unplug(self, node: str) -> float:
        """Take a node off the network in one instant, as a power loss looks to all others.

        Killed, a container's network lives on for about a second: its kernel goes on forwarding
        with no process left, which hides an outage, and its end then stalls the whole engine,
        which looks like one. So a power loss is this, measured, and then ``kill``.

        Returns:
            when it happened.
        """
        return self.command_at(node, "ip link set group default down")

    def kill(self, node: str) -> None:
        """End all of a node at once, with no chance to tidy up."""
        container = self._container(node)
        try:
            container.kill()
        except docker.errors.APIError as error:
            # Docker has ten seconds of patience; the end of a node that has NFS mounted, or serves it, asks the other
            # side first, which has been unplugged.
            if "did not receive an exit event" not in str(error):
                raise
        container.wait(timeout=120)

    def shut_down(self, node: str) -> float:
        """Shut a node down, as for a new kernel; return when it began. It is off in the end."""
        at = self.command_at(node, "true")
        self._container(node).stop(timeout=60)
        return at

    def power_on(self, node: str) -> float:
        """Start a node; return when. What runs on it is its own business."""
        container = self._container(node)
        container.start()
        container.reload()
        return _seconds(container.attrs["State"]["StartedAt"])

    def power_cycle(self, node: str) -> float:
        """Kill and start a node; return when it started."""
        self.kill(node)
        return self.power_on(node)

    def command_at(self, node: str, command: str) -> float:
        """Run a command in a node; return when it began."""
        return float(self.run(node, f"date +%s.%N && {command}"))

    def mend(self) -> None:
        """Give power to every node and start nginx again: the end of whatever fault was left."""
        for node in self.nodes:
            if not self.is_up(node):
                self.power_on(node)
            elif node in self.web:
                self.run(node, "systemctl start nginx")
