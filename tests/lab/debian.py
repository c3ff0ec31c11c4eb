# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Debian systems from packages, by mmdebstrap."""

from __future__ import annotations

import re
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path

from .report import LabError
from .settings import MIRROR

# Documentation and translations: no use in a disposable machine, a third of its size.
_SLIM = (
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/info/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    "--dpkgopt=path-exclude=/usr/share/lintian/*",
)
# The machine's own wishes that decide whether its mirror can be used at all.
_INHERITED = re.compile(r'^(Acquire::(?:Check-Valid-Until|Check-Date|https?::Proxy(?:::[^ ]+)?)) "([^"]*)";$', re.M)


def sources(release: str) -> list[str]:
    """Return the sources.list lines of a release."""
    lines = [f"deb {_archive('debian')} {release} main"]
    if release != "sid":
        lines.append(f"deb {_archive('debian-security')} {release}-security main")
    return lines


def _archive(name: str) -> str:
    """Return the address of ``debian`` or ``debian-security``.

    Raises:
        LabError: nobody says which to use.
    """
    if MIRROR:
        return f"{MIRROR.rstrip('/').removesuffix('/debian')}/{name}"
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
    known = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    for address in known:
        if address.rstrip("/").endswith(f"/{name}"):
            return address.rstrip("/")
    if name != "debian":  # it lies beside the main one
        return f"{_archive('debian').removesuffix('/debian')}/{name}"
    raise LabError(
        "apt here knows no archive of Debian. Run apt-get update, or name one with HA_WEB_MIRROR=http://HOST/debian"
    )


def check_mirror(release: str) -> None:
    """Raise LabError in one line when the package mirror does not answer."""
    url = f"{_archive('debian')}/dists/{release}/InRelease"
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            answer.read(64)
    except (urllib.error.URLError, OSError) as error:
        raise LabError(
            f"the package mirror does not answer: {url}: {error}. "
            "Check the network, or name another with HA_WEB_MIRROR=http://..."
        ) from error


def _machine_options() -> list[str]:
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True)
    return [f'--aptopt={name} "{value}"' for name, value in _INHERITED.findall(dump.stdout)]


def bootstrap(
    release: str,
    packages: Iterable[str],
    target: Path,
    *,
    variant: str = "minbase",
    form: str = "directory",
    hooks: Iterable[str] = (),
    options: Iterable[str] = (),
) -> None:
    """Make a Debian system of ``packages`` at ``target``.

    Args:
        variant: mmdebstrap's: ``minbase`` installs, ``extract`` only unpacks.
        form: ``directory`` or ``tar``.
        hooks: shell commands run with the system's root as ``$1``.
        options: more of mmdebstrap's own.

    Raises:
        LabError: with the last lines of mmdebstrap's own words.
    """
    check_mirror(release)
    command = ["mmdebstrap", f"--variant={variant}", f"--format={form}"]
    command += [*_SLIM, *_machine_options(), *options]
    command += [f"--include={','.join(packages)}"]
    command += [f"--customize-hook={hook}" for hook in hooks]
    command += [release, str(target), *sources(release)]
    target.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        tail = "\n  ".join(done.stderr.strip().splitlines()[-12:])
        raise LabError(f"mmdebstrap could not make a {release} system at {target}:\n  {tail}")
