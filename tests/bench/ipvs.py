# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Large IPVS tables on the running kernel: this collection beside ipvsadm and pyroute2.

Runs as root in the container that ``lab.bench`` makes; writes its figures to a JSON file. Each contender does a
series: first apply, nothing changed, one weight changed, removal of all. Each step is a process of its own, timed
from its start to its end; each series has a network namespace of its own, because IPVS keeps what was removed for
a while and searches it whenever something is added.
"""

from __future__ import annotations

import ctypes
import json
import os
import shlex
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
SITE, COLLECTIONS = Path("/srv/site"), HERE.parents[4]
WORK = Path("/tmp/bench")

OPERATIONS = ("apply", "unchanged", "weight", "removal")
SCOPE = {"addresses": ["10.64.0.0/10"]}
RULES_SAMPLED = 1000

_CLONE_NEWNET = 0x40000000
# Destinations need a way to them, here one that leads nowhere.
_NETWORK = """\
link set lo up
link add hw0 type dummy
address add 10.9.0.1/24 dev hw0
link set hw0 up
route add default via 10.9.0.254
"""


class Shape(NamedTuple):
    """The size of a table, and how often each contender's series is timed with it; pyroute2 takes its time."""

    destinations: int
    per_service: int
    rounds: int
    rounds_of_pyroute2: int

    def __str__(self) -> str:
        return f"{self.destinations:,} destinations, {self.per_service} per service"


SHAPES = (Shape(1000, 10, 5, 3), Shape(5000, 10, 5, 1), Shape(20000, 10, 5, 1), Shape(20000, 100, 3, 0))


class Command(NamedTuple):
    """A process: its arguments, and the file that it reads as its input."""

    arguments: Sequence[str | Path]
    stdin: Path = Path(os.devnull)


Series = dict[str, Command]  # by operation


# The tables


def services(shape: Shape) -> list[dict[str, Any]]:
    """Return a table as the module's option ``services``."""
    count = iter(range(shape.destinations))
    return [
        {
            "address": f"10.64.{number // 250}.{number % 250 + 1}",
            "port": 80,
            "destinations": [
                {"address": f"10.{32 + one // 62500}.{one // 250 % 250}.{one % 250 + 1}", "weight": 1}
                for _place, one in zip(range(shape.per_service), count)
            ],
        }
        for number in range(shape.destinations // shape.per_service)
    ]


def rules(table: Iterable[dict[str, Any]]) -> list[str]:
    """Return a table as ``ipvsadm -Sn`` does."""
    lines = []
    for service in table:
        name = f"-t {service['address']}:{service['port']}"
        lines.append(f"-A {name} -s wlc")
        for one in service["destinations"]:
            lines.append(f"-a {name} -r {one['address']}:{service['port']} -g -w {one['weight']}")
    return lines


def prepare(shape: Shape) -> dict[str, list[str]]:
    """Write what the processes read; return the rules that each operation leaves."""
    table = services(shape)
    left = {}
    for operation in OPERATIONS:
        if operation == "weight" and table:
            table[-1]["destinations"][-1]["weight"] = 7
        elif operation == "removal":
            table = []
        declaration = {"state": "exact", "scope": SCOPE, "services": table}
        Path(WORK, f"{operation}.json").write_text(json.dumps(declaration), encoding="utf-8")
        arguments = {"ANSIBLE_MODULE_ARGS": declaration}
        Path(WORK, f"{operation}.module.json").write_text(json.dumps(arguments), encoding="utf-8")
        left[operation] = rules(table)
    Path(WORK, "rules").write_text("\n".join([*left["apply"], ""]), encoding="utf-8")
    return left


# The contenders


def contenders(shape: Shape, left: dict[str, list[str]]) -> dict[str, Series]:
    """Return each contender's series of processes."""
    module = "ansible_collections.lvs.ha_web.plugins.modules.ipvs"
    engine, pyroute2 = HERE / "converge.py", HERE / "with_pyroute2.py"
    edit = left["weight"][-1].replace("-a ", "-e ", 1)
    found: dict[str, Series] = {
        "engine": {
            operation: Command(["python3", "-I", engine, WORK / f"{operation}.json"]) for operation in OPERATIONS
        },
        "module": {
            operation: Command(["python3", "-m", module], WORK / f"{operation}.module.json") for operation in OPERATIONS
        },
        "ipvsadm": {
            "apply": Command(["ipvsadm", "-R"], WORK / "rules"),
            "unchanged": Command(["ipvsadm", "-Sn"]),
            "weight": Command(["ipvsadm", *shlex.split(edit)]),
            "removal": Command(["ipvsadm", "-C"]),
        },
    }
    if shape.rounds_of_pyroute2:
        declarations = {"removal": "apply.json", "weight": "weight.json"}
        found["pyroute2"] = {
            operation: Command(["python3", "-I", pyroute2, operation, WORK / declarations.get(operation, "apply.json")])
            for operation in OPERATIONS
        }
    return found


# Measuring


def fresh_namespace() -> None:
    """Give this process, and those it starts, an empty IPVS table of their own."""
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "unshare: no network namespace")
    subprocess.run(["ip", "-batch", "-"], input=_NETWORK, text=True, check=True)


def wait_for_quiet(seconds: float = 10.0) -> None:
    """Wait until the processor idles, so that what was before, or beside, is not measured."""

    def times() -> list[int]:
        return [int(word) for word in Path("/proc/stat").read_text(encoding="ascii").split()[1:9]]

    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        before = times()
        time.sleep(0.1)
        spent = [now - then for now, then in zip(times(), before)]
        if spent[3] >= 0.9 * sum(spent):
            return
    print("(not quiet)", end=" ", flush=True)


def timed(command: Command) -> float:
    """Run a process; return its seconds."""
    errors = WORK / "errors"
    started = time.perf_counter()
    process = os.posix_spawnp(
        str(command.arguments[0]),
        [str(one) for one in command.arguments],
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, str(command.stdin), os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, str(errors), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
        ],
    )
    _process, status, _usage = os.wait4(process, 0)
    seconds = time.perf_counter() - started
    if status:
        sys.exit(f"{command.arguments}: {errors.read_text(encoding='utf-8')}")
    return seconds


class Tap:
    """Hears all netlink messages of this network namespace; a context manager."""

    _RCVBUFFORCE, _PACKET, _STATISTICS, _ALL, _REQUEST = 33, 263, 6, 3, 1
    _CHANGES = frozenset((1, 2, 3, 5, 6, 7, 9, 10, 12, 16, 17))  # of IPVS' commands

    def __enter__(self) -> Tap:
        subprocess.run(["ip", "link", "add", "nlmon0", "type", "nlmon"], check=True)
        subprocess.run(["ip", "link", "set", "nlmon0", "up"], check=True)
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, self._RCVBUFFORCE, 1 << 30)
        self._socket.bind(("nlmon0", self._ALL))
        self._socket.setblocking(False)
        return self

    def __exit__(self, *_error: object) -> None:
        self._socket.close()

    def count(self, family: int) -> tuple[int, int]:
        """Return the requests of a family since the last call: changes, questions."""
        changes = questions = 0
        while True:
            try:
                data = self._socket.recv(1 << 20)
            except BlockingIOError:
                break
            offset = 0
            while offset < len(data):
                length, kind, flags, _sequence, _port, command = struct.unpack_from("=IHHIIB", data, offset)
                if kind == family and flags & self._REQUEST:
                    changes += command in self._CHANGES
                    questions += command not in self._CHANGES
                offset += (length + 3) & ~3
        _heard, lost = struct.unpack("=II", self._socket.getsockopt(self._PACKET, self._STATISTICS, 8))
        if lost:
            sys.exit(f"{lost} messages were not heard")
        return changes, questions


def family_number() -> int:
    """Ask the kernel for its number of IPVS' messages."""
    name = b"IPVS\0"
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16) as conversation:
        attribute = struct.pack("=HH8s", 4 + len(name), 2, name)
        conversation.send(struct.pack("=IHHIIBBH", 20 + len(attribute), 16, 1, 1, 0, 3, 1, 0) + attribute)
        answer = conversation.recv(1 << 16)
    offset = 20
    while offset < len(answer):
        length, number = struct.unpack_from("=HH", answer, offset)
        if number == 1:
            return int(struct.unpack_from("=H", answer, offset + 4)[0])
        offset += (length + 3) & ~3
    sys.exit("the kernel has no IPVS")


# The process in question is a child of a shell, which is small: a process that begins as a copy of another
# begins with its peak. The shell becomes the program that tells its children's peak.
_PEAK = """
"$@" || exit
exec python3 -I -c 'from resource import *; print(getrusage(RUSAGE_CHILDREN).ru_maxrss)' >&2
"""


def watched(command: Command, tap: Tap) -> tuple[dict[str, int], str]:
    """Run a process; return its peak of memory and the messages it sent, and its output."""
    family = family_number()
    tap.count(family)
    with command.stdin.open("rb") as stdin:
        done = subprocess.run(
            ["sh", "-c", _PEAK, "sh", *command.arguments], stdin=stdin, capture_output=True, text=True, check=False
        )
    changes, questions = tap.count(family)
    if done.returncode:
        sys.exit(f"{command.arguments}: {done.stderr}{done.stdout[-2000:]}")
    peak = int(done.stderr.split()[-1])
    return {"peak_kib": peak, "changing_messages": changes, "asking_messages": questions}, done.stdout


def saved() -> list[str]:
    """Return the kernel's table."""
    return subprocess.run(["ipvsadm", "-Sn"], capture_output=True, text=True, check=True).stdout.splitlines()


def watched_series(name: str, series: Series, left: dict[str, list[str]]) -> dict[str, dict[str, int]]:
    """Run a series untimed; return its figures, after each step has left the right table."""
    figures = {}
    fresh_namespace()
    with Tap() as tap:
        for operation, command in series.items():
            figures[operation], output = watched(command, tap)
            if sorted(saved()) != sorted(left[operation]):
                sys.exit(f"{name}: {operation} left another table than it should")
            if name in ("engine", "module"):
                told = int(output) if name == "engine" else len(json.loads(output)["operations"])
                if told != figures[operation]["changing_messages"]:
                    sys.exit(f"{name}: {operation} tells {told} operations, its messages are {figures[operation]}")
    return figures


def timed_series(series: Series) -> dict[str, float]:
    """Run a series; return the seconds of each step."""
    seconds = {}
    fresh_namespace()
    for operation, command in series.items():
        wait_for_quiet()
        seconds[operation] = timed(command)
        print(f"{operation} {seconds[operation]:.3f} s", end="   ", flush=True)
    print(flush=True)
    return seconds


def measure(shape: Shape) -> list[dict[str, Any]]:
    """Run all contenders' series by turns; return a record for each operation of each contender."""
    left = prepare(shape)
    found = contenders(shape, left)
    watched_figures: dict[str, dict[str, dict[str, int]]] = {}
    seconds: dict[str, dict[str, list[float]]] = {}
    for name, series in found.items():
        print(f"  messages and memory   {name}", flush=True)
        watched_figures[name] = watched_series(name, series, left)
        seconds[name] = {operation: [] for operation in OPERATIONS}
    for turn in range(shape.rounds):
        names = list(found)
        for name in [*names[turn % len(names) :], *names[: turn % len(names)]]:
            if name == "pyroute2" and turn >= shape.rounds_of_pyroute2:
                continue
            print(f"  round {turn + 1} of {shape.rounds}   {name:<9}", end=" ", flush=True)
            for operation, value in timed_series(found[name]).items():
                seconds[name][operation].append(value)
    return [
        {
            **{"contender": name, "operation": operation, "seconds": [round(one, 4) for one in values]},
            **watched_figures[name][operation],
        }
        for name in found
        for operation, values in seconds[name].items()
    ]


def measure_processes(shape: Shape) -> dict[str, Any]:
    """Apply a table with one process for each rule; of a large one, the last rules on top of the others."""
    lines = prepare(shape)["apply"]
    sample = lines if len(lines) < 2 * RULES_SAMPLED else lines[-RULES_SAMPLED:]
    before, script = WORK / "before", WORK / "script"
    before.write_text("".join(f"{line}\n" for line in lines[: -len(sample)]), encoding="utf-8")
    script.write_text("".join(f"ipvsadm {line} || exit\n" for line in sample), encoding="utf-8")
    fresh_namespace()
    if len(sample) < len(lines):
        timed(Command(["ipvsadm", "-R"], before))
    wait_for_quiet()
    print(f"  one process for each of {len(sample):,} rules", end="   ", flush=True)
    seconds = timed(Command(["sh", script]))
    print(f"{seconds:.1f} s", flush=True)
    if sorted(saved()) != sorted(lines):
        sys.exit("one process per rule left another table than it should")
    return {
        **{"contender": "one process per rule", "operation": "apply"},
        "seconds": [round(seconds * len(lines) / len(sample), 4)],
        "changing_messages": len(lines),
        "extrapolated_from_rules": len(sample) if len(sample) < len(lines) else None,
    }


def measure_start() -> dict[str, list[float]]:
    """Return what a process costs that has nothing to do: Python alone, and the engine."""
    prepare(Shape(0, 10, 0, 0))
    nothing = {
        "python": Command(["python3", "-I", "-c", "pass"]),
        "engine": Command(["python3", "-I", HERE / "converge.py", WORK / "removal.json"]),
    }
    fresh_namespace()
    for command in nothing.values():
        timed(command)
    wait_for_quiet()
    return {name: [round(timed(command), 4) for _turn in range(9)] for name, command in nothing.items()}


def main() -> None:
    """Measure all, and write it to the file that is named."""
    os.environ["PYTHONPATH"] = f"{SITE}:{COLLECTIONS}"
    WORK.mkdir(exist_ok=True)
    records = []
    for shape in SHAPES:
        print(shape, flush=True)
        measured = measure(shape)
        if shape.rounds_of_pyroute2:
            measured.append(measure_processes(shape))
        size = {"destinations": shape.destinations, "per_service": shape.per_service}
        records += [{**size, **record} for record in measured]
    Path(sys.argv[1]).write_text(json.dumps({"start_seconds": measure_start(), "records": records}), encoding="utf-8")


if __name__ == "__main__":
    main()
