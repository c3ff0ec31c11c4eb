# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Scripts and settings that change: what is stale, what is fresh, and what reaches all web servers."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

import pytest
from lab import opcode_cache, playbook
from lab.cluster import Cluster
from lab.report import wait_for
from lab.settings import REPO

SITE = REPO / "playbooks/site.yml"
SCRIPT = "/var/www/html/release.php"
CURL = "curl --silent --show-error --fail --max-time 20"
CONTROL = "http://127.0.0.1:8405"
LOGIN = "--user 'operator:seen & \"cleared\": 100%'"
# OPcache takes no file that is younger than two seconds, and tells two apart that differ by a second.
WRITE = f"echo '<?php echo \"{{release}}\";' > {SCRIPT}; touch --date='-{{hours}} hours' {SCRIPT}"
SETTINGS = {"shm_size": 48, "name_space": "lab"}


def changed(cluster: Cluster, **variables: Any) -> dict[str, int]:
    wanted = ("--limit=web", "--tags=eaccelerator", "--extra-vars", json.dumps(variables))
    return playbook.changes(cluster.engine, cluster.inventory, SITE, *wanted)


def deploy(cluster: Cluster, release: str, hours: int) -> None:
    for node in cluster.web:
        cluster.run(node, WRITE.format(release=release, hours=hours))


def clear_all(cluster: Cluster, node: str) -> None:
    """With the control page of a node, as its form is sent."""
    token = cluster.run(node, f'{CURL} {LOGIN} {CONTROL} | sed -n \'s/.*name="token" value="\\([^"]*\\)".*/\\1/p\'')
    form = f"--data-urlencode token={shlex.quote(token.split()[0])} --data what=all --data sure=1 --data node={node}"
    said = cluster.run(node, f"{CURL} {LOGIN} --location {form} {CONTROL}")
    for one in cluster.web:
        assert f"{one} was cleared" in re.sub("<[^>]*>", "", said), said


def served(cluster: Cluster, node: str) -> str:
    return cluster.run(node, f"{CURL} http://127.0.0.1:8080/release.php")


def served_by_all(cluster: Cluster) -> set[str]:
    return {served(cluster, node) for node in cluster.web}


@pytest.fixture(scope="module", autouse=True)
def as_declared(cluster: Cluster) -> Iterator[None]:
    """Whatever a test leaves behind: the next module finds the scenario as it was."""
    yield
    changed(cluster)
    assert set(changed(cluster).values()) == {0}


def test_a_changed_script_is_fresh_at_once(cluster: Cluster) -> None:
    deploy(cluster, "first", hours=4)
    assert served_by_all(cluster) == {"first"}
    deploy(cluster, "second", hours=3)
    assert served_by_all(cluster) == {"second"}


def test_without_check_mtime_it_is_stale_until_all_are_cleared(cluster: Cluster) -> None:
    deploy(cluster, "old", hours=2)
    assert min(changed(cluster, eaccelerator_settings={**SETTINGS, "check_mtime": False}).values()) > 0
    for node in cluster.web:
        wait_for(f"old on {node}", lambda node=node: served(cluster, node) == "old", 20)
    deploy(cluster, "new", hours=1)
    assert served_by_all(cluster) == {"old"}
    clear_all(cluster, cluster.web[1])
    assert served_by_all(cluster) == {"new"}


def test_what_is_wrong_is_refused_and_the_old_serves(cluster: Cluster) -> None:
    files = "cat /etc/php/*/fpm/conf.d/95-ha-web-eaccelerator.ini /etc/nginx/ha-web.d/* | sha256sum"
    before = [cluster.run(node, files) for node in cluster.web]
    wrong = {
        "eaccelerator_settings": {"compress": True, "filter": "*.php"},
        "eaccelerator_control_secret": "short",
        "eaccelerator_native": {"archive": "/nowhere"},
    }
    arguments = ("--limit=web", "--tags=eaccelerator", "--extra-vars", json.dumps(wrong))
    said = playbook.refused(cluster.engine, cluster.inventory, SITE, *arguments)
    for words in (
        "4 errors in the settings of eAccelerator; nothing was changed",
        "compress has nothing to become",
        "OPcache can leave scripts out",
        "could not tell each other from strangers",
        "is for PHP 5, and compat serves",
    ):
        assert words in said
    assert [cluster.run(node, files) for node in cluster.web] == before


def test_what_is_taken_back_is_gone_and_a_cache_that_is_off_says_so(cluster: Cluster) -> None:
    pools = [
        {"name": "www", "php_value": {"auto_prepend_file": "/var/www/html/before.php"}},
        {"name": "api", "user": "ha-api", "uid": 2001, "gid": 2001},
    ]
    off = {"shm_size": 48, "enable": False}
    # By the role alone: php-fpm.conf, which is another's, still asks for the API.
    changed(cluster, php_pools=pools, eaccelerator_settings=off)
    for node in cluster.web:
        wait_for(f"no API on {node}", lambda node=node: not page(cluster, node)["api"], 20)
        assert page(cluster, node)["before"], "what was loaded before still is"
        assert not cluster.run(node, "ls /etc/ha-web-eaccelerator")
        assert not opcode_cache.snapshot(cluster, node)["enabled"]
        assert "switched off" in cluster.run(node, f"cat {opcode_cache.FACT}")


def page(cluster: Cluster, node: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(cluster.run(node, f"{CURL} http://127.0.0.1:8080/cache.php"))
    return found
