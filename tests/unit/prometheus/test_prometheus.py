# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Prometheus' own opinion of its configuration, and of when each alert fires."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import Environment, StrictUndefined
from lab.promtool import promtool

ROLE = Path(__file__).resolve().parents[3] / "roles/monitor"
RULES = ROLE / "files/rules.yml"
TESTS = Path(__file__).with_name("rules_test.yml")

NODES = [
    {"name": "lvs1", "groups": ["directors"], "address": "10.0.0.11"},
    {"name": "web1", "groups": ["web"], "address": "10.0.0.21"},
    {"name": "web6", "groups": ["web", "storage"], "address": "fd00::21"},
]
PORTS = {"node": 9100, "nginx": 9113, "apache": 9117, "opcache": 9145}


def run(*arguments: str | Path) -> None:
    done = subprocess.run([promtool(), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def rendered(**variables: Any) -> str:
    environment = Environment(trim_blocks=True, undefined=StrictUndefined)
    environment.filters["to_json"] = json.dumps
    environment.tests["contains"] = lambda value, one: one in value
    known = {
        "ansible_managed": "managed",
        "__monitor_nodes": NODES,
        "__monitor_ports": PORTS,
        "__monitor_rules": RULES,
        "monitor_alertmanagers": [],
    }
    return environment.from_string((ROLE / "templates/prometheus.yml.j2").read_text()).render(known | variables)


@pytest.mark.parametrize(
    "variables", [{}, {"monitor_alertmanagers": ["10.0.0.9:9093"]}, {"__monitor_nodes": NODES[:1]}]
)
def test_prometheus_accepts_it(tmp_path: Path, variables: dict[str, Any]) -> None:
    file = tmp_path / "prometheus.yml"
    file.write_text(rendered(**variables))
    run("check", "config", file)


def test_what_is_scraped() -> None:
    jobs = {job["job_name"]: job for job in yaml.safe_load(rendered())["scrape_configs"]}
    targets = {name: [one["targets"][0] for one in job["static_configs"]] for name, job in jobs.items()}
    assert targets == {
        "node": ["10.0.0.11:9100", "10.0.0.21:9100", "[fd00::21]:9100"],
        "nginx": ["10.0.0.21:9113", "[fd00::21]:9113"],
        "apache": ["10.0.0.21:9117", "[fd00::21]:9117"],
        "opcache": ["10.0.0.21:9145", "[fd00::21]:9145"],
    }
    assert jobs["opcache"]["metrics_path"] == "/opcache"
    assert [one["labels"] for one in jobs["node"]["static_configs"]] == [{"node": one["name"]} for one in NODES]
    assert {name: job["scrape_interval"] for name, job in jobs.items()} == {
        "node": "5s",
        "nginx": "10s",
        "apache": "10s",
        "opcache": "10s",
    }


def test_rules() -> None:
    run("test", "rules", TESTS)


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


def test_each_alert_is_seen_to_fire_and_to_be_silent() -> None:
    fires, silent = set(), set()
    for test in yaml.safe_load(TESTS.read_text())["tests"]:
        for query in test["promql_expr_test"]:
            fired = {re.search(r'alertname="(\w+)"', one["labels"]).group(1) for one in query.get("exp_samples", [])}
            fires |= fired
            silent |= {rule["alert"] for rule in alerts()} - fired
    names = {rule["alert"] for rule in alerts()}
    assert fires == names
    assert silent == names


def test_each_alert_has_words_and_a_severity() -> None:
    assert len(alerts()) > 10
    for rule in alerts():
        assert rule["labels"]["severity"] in ("warning", "critical"), rule["alert"]
        assert set(rule["annotations"]) == {"summary", "description"}, rule["alert"]
        # What to do.
        assert re.search(
            r"\b(look|restore|run|renew|drain|start|restart)\b", rule["annotations"]["description"].lower()
        )
