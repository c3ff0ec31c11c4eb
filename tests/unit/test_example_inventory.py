# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""The example inventory is right, as it is and with every one of its suggestions taken."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from unit.certificates import KEY_TEXT, certificate

REPO = Path(__file__).resolve().parents[2]
EXAMPLE = REPO / "inventories/example"
# What each role would refuse in its preflight, without the hosts: of the roles only the variables are there.
PLAYBOOK = """
- hosts: all
  gather_facts: false
  roles: [lvs.ha_web.validate]

- hosts: web
  gather_facts: false
  roles:
    - {role: lvs.ha_web.php, tags: never}
    - {role: lvs.ha_web.apache, tags: never}
    - {role: lvs.ha_web.nginx, tags: never}
  vars:
    __php_known: {stdout_lines: []}
    __php_packages: []
    __php_version: ""
    __apache_found: {stdout: ""}
  tasks:
    - ansible.builtin.assert:
        that: errors == ""
        fail_msg: "{{ errors }}"
      vars:
        errors: "{{ __php_errors }}{{ __apache_errors }}{{ __nginx_errors }}"

- hosts: directors:web:storage
  gather_facts: false
  roles: [{role: lvs.ha_web.firewall, tags: never}]
  vars:
    __firewall_there: {stdout: ""}
  tasks:
    - ansible.builtin.assert:
        that: __firewall_errors == ""
        fail_msg: "{{ __firewall_errors }}"

- hosts: directors
  gather_facts: false
  roles: [{role: lvs.ha_web.ipvsadm, tags: never}]
  vars:
    __ipvsadm_keepalived: {stdout: ""}
  tasks:
    - ansible.builtin.assert:
        that: __ipvsadm_errors == ""
        fail_msg: "{{ __ipvsadm_errors }}"

- hosts: directors
  gather_facts: false
  roles: [{role: lvs.ha_web.monitor, tags: never}]
  tasks:
    - ansible.builtin.assert:
        that: __monitor_errors == ""
        fail_msg: "{{ __monitor_errors }}"
"""
# What it says a vault holds.
VAULT = {
    "vault_become_password": "",
    "vault_monitor_anna": "correct horse battery",
    "vault_monitor_bert": "staple is not enough",
    "vault_sessions_password": "secret",
    "vault_shop_key": KEY_TEXT,
}


def suggested(text: str) -> str:
    """Take the settings out of their comments, and leave the prose: a block begins with a key at the comment's edge."""
    lines, block = [], False
    for line in text.splitlines():
        comment = re.fullmatch(r"( *)# (.*)", line)
        block = bool(comment and re.match(r"[a-z_]+:( |$)" + "|[ -]" * block, comment[2]))
        lines.append(comment[1] + comment[2] if comment and block else line)
    return "\n".join(lines) + "\n"


@pytest.fixture
def example(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "example"))


def refused(example: Path) -> str:
    """Nothing, or what Ansible says."""
    playbook = example.with_name("playbook.yml")
    playbook.write_text(PLAYBOOK)
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "--inventory", str(example), str(playbook)]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(REPO / "ansible.cfg")}
    done = subprocess.run(command, cwd=REPO, env=environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def test_it_is_right(example: Path) -> None:
    assert not refused(example)


def test_with_its_suggestions_it_is_right(example: Path) -> None:
    for file in example.rglob("*.yml"):
        file.write_text(suggested(file.read_text()))
    (example / "group_vars/all/vault.yml").write_text(yaml.safe_dump(VAULT))
    example.with_name("files").mkdir()
    (example.parent / "files/shop.crt").write_text(certificate("shop.example.org"))
    assert not refused(example)


def test_what_is_wrong_would_be_found(example: Path) -> None:
    (example / "group_vars/web.yml").write_text("nginx_sites: [{name: shop, pool: shop}]")
    assert 'unknown pool "shop"' in refused(example)
