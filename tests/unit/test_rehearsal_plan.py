# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""What a rehearsal breaks, and what it refuses to break."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.lvs.ha_web.plugins.filter.rehearsal_difference import rehearsal_difference
from ansible_collections.lvs.ha_web.plugins.module_utils._topology.derivation import build
from unit.rehearsals import GROUPS, RULES, director, healthy, planned, words
from unit.topology_inventories import VIP, long, service, short

POWER = {"power_off": "ipmi off lvs1", "power_on": "ipmi on lvs1"}


def test_holder_is_broken_and_the_next_must_take_over() -> None:
    plan = planned()
    assert (plan["errors"], plan["director"], plan["heir"], plan["probe"]) == ([], "lvs1", "lvs2", "client")
    assert (plan["url"], plan["host"], plan["service"]) == (f"http://{VIP}/", "", "web")
    assert plan["bound_s"] == pytest.approx(0.3258)
    assert plan["states"]["lvs1"] == {"active": True, "vips": [VIP], "rules": RULES.splitlines()}
    assert plan["states"]["lvs2"]["vips"] == []
    assert plan["fixed_vips"] == [VIP]
    # Nobody may forget a load.
    assert 700 < plan["life_s"] < 3600


def test_holder_may_be_another_than_the_preferred_one() -> None:
    plan = planned([director("lvs1", words("lvs1")), director("lvs2", words("lvs2", VIP))])
    assert (plan["director"], plan["heir"]) == ("lvs2", "lvs1")


@pytest.mark.parametrize(
    ("wishes", "said", "told"),
    [
        ({}, healthy(), "all processes of keepalived on lvs1 are killed (SIGKILL)"),
        ({"kill": "interface", "down_s": 7}, healthy(), "lvs1 itself takes it up again after 7 s"),
        ({"kill": "host"}, healthy(), "lvs1 crashes and boots, and writes nothing to disk before"),
        ({"kill": "host"}, healthy(**POWER), "lvs1 loses its power: ipmi off lvs1"),
        ({"kill": "host"}, healthy(**POWER), "this playbook gives it back: ipmi on lvs1"),
        ({"rate": 50, "path": "/x"}, healthy(), f"by client, 50 requests a second to http://{VIP}/x"),
        ({}, healthy(), f"lvs2 must take {VIP} over; for up to 0.33 s requests may fail"),
    ],
)
def test_warning_says_all(wishes: dict[str, Any], said: list[dict[str, Any]], told: str) -> None:
    assert told in planned(said, **wishes)["warning"]


@pytest.mark.parametrize(
    ("wishes", "error"),
    [
        ({"kill": "bang"}, "rehearse_kill is 'bang'. It must be keepalived, interface or host."),
        ({"director": "lvs9"}, "rehearse_director is lvs9. The directors are lvs1, lvs2."),
        (
            {"director": "lvs2"},
            f"lvs2 does not hold {VIP}, lvs1 does. Nobody would notice the loss of a backup, so that it would prove"
            " nothing. Move the VIP first, or leave rehearse_director out.",
        ),
        ({"service": "mail"}, "rehearse_service is 'mail', which cannot be asked over HTTP. These can: web."),
        ({"probe": "nobody"}, "rehearse_probe is nobody, which the inventory does not have."),
        (
            {"probe": "web1"},
            "web1 is to measure and is of the group web. It must stand outside of the cluster, as clients do.",
        ),
        ({"path": "x"}, "rehearse_path is 'x'. It must begin with a slash."),
        ({"rate": "many"}, "rehearse_rate is 'many'. It must be a number."),
        ({"rate": 5000}, "rehearse_rate is 5000. It must be from 10 to 1000."),
        ({"timeout": 2}, "rehearse_timeout is 2. It must be from 0.05 to 0.99."),
        ({"limit": "lvs1"}, "--limit leaves hosts out that a rehearsal needs. Run it without."),
    ],
)
def test_wish_that_is_refused(wishes: dict[str, Any], error: str) -> None:
    assert planned(**wishes) == {"errors": [error]}


@pytest.mark.parametrize(
    ("said", "kill", "error"),
    [
        (
            [healthy()[0], director("lvs2", None)],
            "keepalived",
            "lvs2 is out of reach. All directors must be well before one is broken.",
        ),
        (
            [healthy()[0], director("lvs2", words("lvs2", active="failed", rules=""))],
            "keepalived",
            "keepalived of lvs2 is not active. All directors must be well before one is broken.",
        ),
        ([healthy()[0], director("lvs2", words("lvs2", rules=""))], "keepalived", "lvs2 has an empty IPVS table."),
        (
            [healthy()[0], director("lvs2", words("lvs2", rules=RULES.replace("-w 1", "-w 0")))],
            "keepalived",
            f"The IPVS tables of lvs1 and lvs2 differ: -a -t {VIP}:80 -r 192.0.2.21:80 -g -w 0;"
            f" -a -t {VIP}:80 -r 192.0.2.21:80 -g -w 1.",
        ),
        (
            [director("lvs1", words("lvs1")), director("lvs2", words("lvs2"))],
            "keepalived",
            f"{VIP} is held by no director. Exactly one must hold it.",
        ),
        (
            [director("lvs1", words("lvs1", VIP)), director("lvs2", words("lvs2", VIP))],
            "keepalived",
            f"{VIP} is held by lvs1 and lvs2. Exactly one must hold it.",
        ),
        (
            [healthy()[0], director("lvs2", "")],
            "keepalived",
            "lvs2 does not tell its state (not enough values to unpack (expected 4, got 1)). Is it deployed?",
        ),
        (
            healthy(words=words("lvs1", VIP, container="docker")),
            "host",
            "lvs1 is a container (docker): a crash would be its host's. Give the commands that cut its power and give"
            " it back, run on the controller, as rehearse_power_off and rehearse_power_on.",
        ),
        (
            healthy(power_off="ipmi off"),
            "host",
            "rehearse_power_off and rehearse_power_on go together: one of them is not given.",
        ),
    ],
)
def test_cluster_that_is_not_to_be_broken(said: list[dict[str, Any]], kill: str, error: str) -> None:
    assert planned(said, kill=kill) == {"errors": [error]}


def test_power_commands_come_before_the_crash_and_make_a_container_breakable() -> None:
    said = healthy(words=words("lvs1", VIP, container="docker"), **POWER)
    assert planned(said, kill="host")["power_off"] == "ipmi off lvs1"


def test_nobody_outside() -> None:
    [error] = planned(groups={"outside": []})["errors"]
    assert error.startswith("No host measures.")


def test_one_director_is_refused() -> None:
    topology = build(short(directors={"lvs1": "192.0.2.11"})).as_dict()
    assert planned(healthy()[:1], topology=topology)["errors"] == [
        "lvs1 is the only director: nobody could take the VIP over."
    ]


def test_all_errors_are_told_at_once() -> None:
    errors = planned([director("lvs1", None), director("lvs2", None)], {"outside": []}, kill="x", rate=1)["errors"]
    assert len(errors) == 5


@pytest.mark.parametrize(
    ("check", "port", "chosen"),
    [("http", 8080, "web"), ("tcp", 80, "web"), ("tcp", 443, ""), ("https", 443, "")],
)
def test_service_must_speak_http(check: str, port: int, chosen: str) -> None:
    topology = build(long(service(name="web", ports=[port], check={"type": check}))).as_dict()
    plan = planned(topology=topology)
    assert plan.get("service", "") == chosen
    assert bool(plan["errors"]) == (not chosen)
    assert planned(topology=topology, service="web")["service"] == "web"


def test_interface_is_that_of_the_directors_address() -> None:
    said = healthy(words=words("lvs1", VIP, device="bond0.7"))
    assert planned(said, kill="interface")["device"] == "bond0.7"


@pytest.mark.parametrize(
    ("said", "preempt", "difference"),
    [
        (words("lvs1", VIP), True, ""),
        (words("lvs1"), True, f"lvs1 does not hold {VIP}"),
        (words("lvs1"), False, ""),
        (words("lvs1", VIP, active="activating"), True, "keepalived of lvs1 is not active"),
        (words("lvs1", VIP, rules=""), True, f"the IPVS table of lvs1 is another: {'; '.join(RULES.splitlines())}"),
        ("", True, "lvs1 does not tell its state"),
    ],
)
def test_difference_to_the_state_before(said: str, preempt: bool, difference: str) -> None:
    plan = planned(healthy(preempt=preempt))
    assert rehearsal_difference(said, plan, "lvs1") == difference


def test_vip_that_stayed_with_the_other_is_a_difference_there_too() -> None:
    assert rehearsal_difference(words("lvs2", VIP), planned(), "lvs2") == f"lvs2 holds {VIP}"


def test_group_outside_gives_the_first() -> None:
    assert planned(groups={"outside": ["other", "client"], "all": [*GROUPS["all"], "other"]})["probe"] == "other"
