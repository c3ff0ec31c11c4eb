# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The execution environment but for its image: the context to build it from, and the Python packages that go into it.

These are installed into an environment of their own, in which the built collection then reads inventories.
"""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
import venv
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from lab import galaxy
from lab.settings import REPO

EXAMPLE = REPO / "inventories/example"
DEFINITION = REPO / "execution-environment.yml"
BUILDER = "ansible-builder~=3.1"
# Has a plugin read a certificate that is none: that needs what it would read a real one with.
READ = """
from datetime import datetime
from ansible_collections.lvs.ha_web.plugins.plugin_utils._certificates import lasts
assert lasts("-----BEGIN CERTIFICATE-----\\n-----END CERTIFICATE-----", datetime.now()) == (None, [])
"""
VALIDATE = "[{hosts: all, gather_facts: false, roles: [lvs.ha_web.validate]}]"


class Parts(NamedTuple):
    """What ansible-builder makes of the definition."""

    folder: Path
    context: Path
    python: list[str]
    system: list[str]


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command with no environment but this one, and nothing of this interpreter's packages."""
    plain = {"HOME": "/nonexistent", "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", **environment}
    return subprocess.run(command, cwd="/", env=plain, capture_output=True, text=True, check=False)


def said(*command: str | Path, **environment: str) -> str:
    """Run a command that must succeed, and return its output."""
    done = run(*command, **environment)
    assert not done.returncode, f"{done.args}\n{done.stdout}{done.stderr}"
    return done.stdout


def installed(folder: Path, *packages: str) -> Path:
    """Return the programs of a new environment with these packages."""
    venv.create(folder, with_pip=True)
    command = [str(folder / "bin/pip"), "install", "--quiet", "--disable-pip-version-check", *packages]
    subprocess.run(command, check=True)
    return folder / "bin"


@pytest.fixture(scope="module")
def collections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the collection as it is published, and the one that it depends on."""
    folder = tmp_path_factory.mktemp("collections")
    galaxy.install(galaxy.build(folder), folder)
    posix = "ansible_collections/ansible/posix"
    shutil.copytree(Path(sysconfig.get_path("purelib"), posix), folder / posix)
    return folder


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory, collections: Path) -> Parts:
    folder = tmp_path_factory.mktemp("parts")
    builder = installed(folder / "builder", BUILDER) / "ansible-builder"
    context = folder / "context"
    said(builder, "create", "--file", DEFINITION, "--context", context, "--output-filename", "Containerfile")
    written = {"pip": folder / "requirements.txt", "bindep": folder / "bindep.txt"}
    write = [word for kind, file in written.items() for word in (f"--write-{kind}", file)]
    # As the image's build does it.
    said(builder, "introspect", f"--user-bindep={context / '_build/bindep.txt'}", *write, collections)
    return Parts(folder, context, *(file.read_text(encoding="utf-8").splitlines() for file in written.values()))


@pytest.fixture(scope="module")
def environment(parts: Parts) -> Path:
    """The programs of an environment with what the image would have of Python."""
    dependencies = yaml.safe_load(DEFINITION.read_text(encoding="utf-8"))["dependencies"]
    of_ansible = [dependencies[name]["package_pip"] for name in ("ansible_core", "ansible_runner")]
    return installed(parts.folder / "environment", *of_ansible, *(line.split("#")[0].strip() for line in parts.python))


def test_context_installs_the_collection_and_what_it_asks_for(parts: Parts) -> None:
    steps = (parts.context / "Containerfile").read_text(encoding="utf-8")
    assert "ansible-galaxy collection install" in steps
    wanted = yaml.safe_load((parts.context / "_build/requirements.yml").read_text(encoding="utf-8"))
    assert wanted == {"collections": [{"name": "lvs.ha_web"}]}
    assert [line.split()[0] for line in parts.python] == ["cryptography"]
    # ansible.posix asks for a program of its own.
    assert "openssh-clients" in [line.split()[0] for line in parts.system]


def test_site_playbook_is_understood(environment: Path, collections: Path) -> None:
    command = (environment / "ansible-playbook", "--syntax-check", "-i", EXAMPLE, "lvs.ha_web.site")
    said(*command, ANSIBLE_COLLECTIONS_PATH=str(collections))


def test_inventories_are_read_and_wrong_ones_refused(environment: Path, collections: Path, tmp_path: Path) -> None:
    playbook = tmp_path / "validate.yml"
    playbook.write_text(VALIDATE)
    command = (environment / "ansible-playbook", "-i", EXAMPLE, playbook)
    settings = {"ANSIBLE_COLLECTIONS_PATH": str(collections), "ANSIBLE_HOME": str(tmp_path)}
    assert "failed=0" in said(*command, **settings)
    refused = run(*command, "-e", "ha_web_management_address=nonsense", **settings)
    assert refused.returncode and "nonsense" in refused.stdout, refused.stdout + refused.stderr


def test_certificates_can_be_read(environment: Path, collections: Path) -> None:
    said(environment / "python", "-c", READ, PYTHONPATH=str(collections))
