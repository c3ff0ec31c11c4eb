# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What the tests of this scenario share: they run the collection that is built from this tree and installed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from lab import galaxy
from lab.scenario import State, cluster, pytest_runtest_makereport, state

__all__ = ["State", "cluster", "pytest_runtest_makereport", "state"]


@pytest.fixture(scope="session", autouse=True)
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installed collection, in a path that has nothing else: all that Ansible finds, also of roles, lies there."""
    path = tmp_path_factory.mktemp("collections")
    collection = galaxy.install(galaxy.build(tmp_path_factory.mktemp("archive")), path)
    os.environ.update(ANSIBLE_COLLECTIONS_PATH=str(path), ANSIBLE_ROLES_PATH=str(path))
    return collection
