# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""A program of the lab at work in a node, in the background, read line by line.

Such a program prints JSON objects, first one with its ``pid``, and ends in good order on SIGTERM.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .cluster import Cluster
from .report import LabError


class NodeProgram:
    """One run; each line after the first goes to ``take``, in a thread of its own.

    Args:
        cluster: where the node is.
        node: its name.
        program: a file of Python for the node's own interpreter.
        arguments: of the program.
        take: called with each line.
    """

    def __init__(
        self, cluster: Cluster, node: str, program: Path, arguments: tuple[object, ...], take: Callable[[str], None]
    ) -> None:
        self.node = node
        self._cluster = cluster
        self._command = ["python3", "-c", program.read_text(encoding="utf-8"), *map(str, arguments)]
        self._name = f"{program.name} in {node}"
        self._take = take
        self._pid = 0
        self._failure: Exception | None = None
        self._reader = threading.Thread(target=self._read, name=self._name, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        try:
            for line in self._cluster.stream(self.node, self._command):
                if self._pid:
                    self._take(line)
                else:
                    first: dict[str, Any] = json.loads(line)
                    self._pid = int(first["pid"])
        except Exception as failure:  # for the thread that waits
            self._failure = failure

    @property
    def running(self) -> bool:
        """Whether it has said its first line."""
        return bool(self._pid)

    def check(self) -> None:
        """Raise LabError when it has failed."""
        if self._failure:
            raise LabError(f"{self._name} failed: {self._failure}") from self._failure

    def end(self, within: float) -> None:
        """End it, if its node still lives; return when its last line has been taken.

        Raises:
            LabError: it does not end within ``within`` seconds.
        """
        if self._reader.is_alive() and self._pid and self._cluster.is_up(self.node):
            # It may have come to its own end in between.
            self._cluster.run(self.node, f"kill -TERM {self._pid} 2>/dev/null || true")
        self._reader.join(timeout=within)
        if self._reader.is_alive():
            raise LabError(f"{self._name} does not end")
