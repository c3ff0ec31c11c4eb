# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Lines to nodes that stay open. A `docker exec` of its own takes longer than most commands do."""

from __future__ import annotations

import atexit
import json
import select
import subprocess
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from .report import LabError

_IDLE_S = 300  # then the far end ends
_ALIVE_WITHIN_S = 5
_FAR_END = ("python3", "-c", Path(__file__).with_name("line_end.py").read_text(encoding="utf-8"), str(_IDLE_S))


class Done(NamedTuple):
    """What became of a script."""

    code: int
    output: bytes
    errors: bytes


class Line:
    """A line to one node, for one script at a time.

    Args:
        prefix: what runs a command in the node, with its input and output.
        environment: of that.

    Raises:
        LabError: the node cannot be reached; says why.
    """

    def __init__(self, prefix: Sequence[str], environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [*prefix, *_FAR_END],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="ascii",
            errors="replace",
        )
        if not self._heard():
            raise LabError(self._end())

    def _heard(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()

    def _say(self, text: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{text}\n")
        self._process.stdin.flush()

    def _end(self) -> str:
        """End it; return what it had to complain about."""
        self._process.kill()
        return self._process.communicate()[1].strip()

    def alive(self) -> bool:
        """Tell whether the far end still answers; ends the line where it does not."""
        assert self._process.stdout
        with suppress(OSError):
            self._say("")
            if select.select([self._process.stdout.fileno()], [], [], _ALIVE_WITHIN_S)[0] and self._heard():
                return True
        self._end()
        return False

    def run(self, script: str) -> Done:
        """Run a shell script.

        Raises:
            LabError: the line ended before the script did.
        """
        with suppress(OSError):
            self._say(json.dumps(script))
            if answer := self._heard():
                code, *said = json.loads(answer)
                return Done(code, *(text.encode("utf-8", "surrogateescape") for text in said))
        raise LabError(f"the node has gone: {self._end() or 'no answer'}")

    def close(self) -> None:
        """Have the far end end as well."""
        assert self._process.stdin
        with suppress(OSError, subprocess.TimeoutExpired):
            self._process.stdin.close()
            self._process.wait(_ALIVE_WITHIN_S)
            return
        self._process.kill()


class Lines:
    """Lines to the containers of an engine, opened where one is needed; as many to one as there are threads at once."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._idle: dict[str, list[Line]] = defaultdict(list)
        atexit.register(self._close)

    def _taken(self, container: str) -> Line:
        idle = self._idle[container]
        while idle:
            line = idle.pop()
            if line.alive():
                return line
        return Line(["docker", "exec", "--interactive", container], self._environment)

    def run(self, container: str, script: str) -> Done:
        """Run a shell script in a container.

        Raises:
            LabError: the container does not run, or ended before the script did.
        """
        line = self._taken(container)
        done = line.run(script)
        self._idle[container].append(line)
        return done

    def _close(self) -> None:
        for idle in self._idle.values():
            while idle:
                idle.pop().close()
