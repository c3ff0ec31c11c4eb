# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Which Docker engine stands behind the lab: the machine's own, or the embedded one."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import docker

from . import embedded, image
from .report import LabError
from .settings import RELEASES

_LOCAL_SOCKET = "unix:///var/run/docker.sock"


class Engine(NamedTuple):
    """An engine the lab can use."""

    docker_host: str
    apt_proxy: str  # empty: the nodes reach Debian's archive by themselves
    description: str

    @property
    def is_embedded(self) -> bool:
        """Whether it is the lab's own."""
        return self.docker_host == embedded.DOCKER_HOST

    def environment(self) -> dict[str, str]:
        """Return what Docker clients and the lab's playbooks need in their environment."""
        return {"DOCKER_HOST": self.docker_host, "HA_WEB_APT_PROXY": self.apt_proxy}

    def client(self, timeout: int = 60) -> docker.DockerClient:
        """Return an API client."""
        return docker.DockerClient(base_url=self.docker_host, timeout=timeout)


def _kernel_has_ipvs() -> bool:
    """Tell whether this machine's kernel has IPVS or can load it."""
    if Path("/proc/net/ip_vs").exists():
        return True
    if not shutil.which("modprobe"):
        return False
    done = subprocess.run(["modprobe", "-q", "ip_vs"], capture_output=True, check=False)
    return done.returncode == 0 and Path("/proc/net/ip_vs").exists()


def _foreign() -> Engine | None:
    """Return the engine that the user or the machine offers, None when there is none with IPVS.

    Raises:
        LabError: DOCKER_HOST names one that does not answer: the user wants that one.
    """
    named = os.environ.get("DOCKER_HOST", "")
    if named and named != embedded.DOCKER_HOST:
        if not embedded.answers(named):
            raise LabError(f"DOCKER_HOST={named} does not answer. Start it, or unset DOCKER_HOST to let the lab choose")
        return Engine(named, "", f"DOCKER_HOST={named}")
    if Path("/var/run/docker.sock").exists() and embedded.answers(_LOCAL_SOCKET) and _kernel_has_ipvs():
        return Engine(_LOCAL_SOCKET, "", "this machine's Docker")
    return None


def _embedded() -> Engine:
    return Engine(embedded.DOCKER_HOST, embedded.APT_PROXY, f"embedded kernel {embedded.kernel_in_use()}")


def is_foreign() -> bool:
    """Tell whether the engine is the user's or the machine's."""
    return _foreign() is not None


def find() -> Engine | None:
    """Return the engine in use, starting nothing; None when there is none."""
    foreign = _foreign()
    if foreign:
        return foreign
    return _embedded() if embedded.running() else None


def up(detail: Callable[[str], None]) -> Engine:
    """Return an engine with IPVS and the node images, starting the embedded one where needed."""
    foreign = _foreign()
    if foreign is None:
        embedded.start(detail)
        return _embedded()
    detail(foreign.description)
    _give_images(foreign, detail)
    _demand_ipvs(foreign)
    return foreign


def _give_images(engine: Engine, detail: Callable[[str], None]) -> None:
    client = engine.client(timeout=600)
    for release, kind in image.ALL:
        name = image.name(release, kind)
        if client.images.list(name=name):
            continue
        if not shutil.which("mmdebstrap"):
            detail(f"{name}: no mmdebstrap here, building from tests/lab/Dockerfile")
            image.build_from_registry(client, release, kind)
            continue
        archive = image.archive(release, kind, detail)
        repository, tag = name.split(":")
        detail(f"importing {name}")
        client.api.import_image_from_file(
            str(archive),
            repository=repository,
            tag=tag,
            changes=['CMD ["/sbin/init"]', "STOPSIGNAL SIGRTMIN+3"],
        )


def _demand_ipvs(engine: Engine) -> None:
    try:
        engine.client().containers.run(
            image.name(RELEASES[0], "bare"),
            ["modprobe", "ip_vs"],
            privileged=True,
            remove=True,
            volumes=["/lib/modules:/lib/modules:ro"],
            # Its words are read from there, whatever the engine's own choice is.
            log_config=docker.types.LogConfig(type="json-file"),
        )
    except docker.errors.ContainerError as error:
        words = str(error.stderr).strip()
        raise LabError(
            f"{engine.description}: its kernel has no ip_vs and cannot load it ({words}). "
            "Run `modprobe ip_vs` on its host, or unset DOCKER_HOST to use the embedded engine"
        ) from error
