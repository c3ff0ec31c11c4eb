# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Figures in Prometheus' text format, and files that are replaced at once."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping
from typing import Union

Sample = tuple[Mapping[str, str], Union[int, float]]
_ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


def metric(name: str, kind: str, meaning: str, samples: Iterable[Sample]) -> str:
    """Return a metric with its samples; nothing where it has none."""
    lines = [f"{name}{_labels(labels)} {value}" for labels, value in samples]
    return "\n".join([f"# HELP {name} {meaning}", f"# TYPE {name} {kind}", *lines, ""]) if lines else ""


def _labels(labels: Mapping[str, str]) -> str:
    pairs = ",".join(f'{name}="{value.translate(_ESCAPED)}"' for name, value in labels.items())
    return f"{{{pairs}}}" if pairs else ""


def replace(path: str, text: str, mode: int = 0o644) -> None:
    """Write a file so that nobody reads half of it."""
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
