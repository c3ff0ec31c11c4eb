# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What is published: all that a user needs, and nothing of what is the project's own."""

from __future__ import annotations

import re
import subprocess
import tarfile
from collections.abc import Mapping

import pytest
import yaml
from lab import galaxy
from lab.settings import REPO

ABOVE = {
    *("CHANGELOG.md", "FILES.json", "LICENSE", "MANIFEST.json", "README.md"),
    *("execution-environment.yml", "requirements.yml"),
    *("changelogs", "docs", "inventories", "meta", "playbooks", "plugins", "roles"),
}
SECRET = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/]{40}")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, bytes]:
    """Return the files of the built collection."""
    with tarfile.open(galaxy.build(tmp_path_factory.mktemp("collection"))) as opened:
        return {one.name: file.read() for one in opened if (file := opened.extractfile(one))}


def test_nothing_of_the_project_itself_is_published(published: Mapping[str, bytes]) -> None:
    assert {name.partition("/")[0] for name in published} == ABOVE
    assert not [name for name in published if "__pycache__" in name or name.endswith((".pyc", ".tar.gz", ".retry"))]
    assert not [name for name in published if name.startswith("inventories/") and "/example/" not in name]


def test_all_that_is_published_is_tracked(published: Mapping[str, bytes]) -> None:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=REPO, check=True, capture_output=True, text=True).stdout
    assert set(published) - {"FILES.json", "MANIFEST.json"} <= set(listing.split("\0"))


def test_all_roles_playbooks_and_plugins_are_published(published: Mapping[str, bytes]) -> None:
    listing = subprocess.run(
        ["git", "ls-files", "-z", "roles", "playbooks", "plugins"], cwd=REPO, check=True, capture_output=True, text=True
    ).stdout
    assert set(listing.rstrip("\0").split("\0")) <= set(published)


def test_no_key_is_published(published: Mapping[str, bytes]) -> None:
    assert not [name for name, content in published.items() if SECRET.search(content)]


def test_what_ansible_wants_is_there(published: Mapping[str, bytes]) -> None:
    runtime = yaml.safe_load(published["meta/runtime.yml"])
    assert runtime["requires_ansible"]
    environment = yaml.safe_load(published["meta/execution-environment.yml"])
    assert set(environment["dependencies"].values()) <= set(published)
    assert b"MIT" in published["roles/monitor/files/page/vendor/uplot/LICENSE"]
