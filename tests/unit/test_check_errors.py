# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Bad health checks, and the whole of what the user is told about each."""

from __future__ import annotations

from typing import Any

import pytest
from unit.topology_inventories import Inventory, long, report_of, service

API = 'ha_web_virtual_services[0] "api"'
CORRECT_IT = "Correct it, or remove it for the default."
HOST = "Write the name that the Host header has."
COMMAND = (
    "keepalived starts no shell: write /path/to/script argument 'argument with spaces', "
    "and put the rest into the script."
)
DIGEST = "9b3a0c85a887a256d6939da88aabd8cd"
DIGITS = "Write 32 hexadecimal digits in lower case, as genhash prints them, or auto to have them found."
HEXADECIMAL = "Write hexadecimal digits, two for each byte."


def checked(**check: Any) -> Inventory:
    return long(service(check=check))


ONE_ERROR: dict[str, tuple[Inventory, str, str]] = {
    "check and checks": (
        long(service(check={"type": "tcp"}, checks=[{"type": "tcp"}])),
        f"{API}: both check and checks.",
        "Write all of them as checks: [...].",
    ),
    "no checks": (long(service(checks=[])), f"{API}: no checks.", "Write at least one, or remove it for the default."),
    "second check": (
        long(service(checks=[{"type": "tcp"}, "tcp"])),
        f"{API}: check 1 is not a mapping.",
        "Write check: {type: tcp}, for one.",
    ),
    "check of a real server": (
        long(service(real_servers=[{"name": "web1", "check": {"type": "htpp"}}])),
        f'{API}, real server web1, check: unknown type "htpp".',
        "Use one of: http, https, tcp, udp, ping, smtp, dns, misc, file, bfd.",
    ),
    "key of another type": (
        checked(type="tcp", sni=True),
        f'{API}, check: unknown key "sni".',
        "Known are: type, interval, timeout, retries, retry_delay, port, raw.",
    ),
    "misspelt key": (checked(interval_s=1), f'{API}, check: unknown key "interval_s".', "Did you mean interval?"),
    "port": (checked(port=0), f"{API}, check: port 0 is not a whole number from 1 to 65535.", CORRECT_IT),
    "digest of wrong length": (
        checked(digest="abc"),
        f'{API}, check: digest "abc" is not an MD5 sum.',
        DIGITS,
    ),
    "digest in capitals": (
        checked(digest=DIGEST.upper()),
        f'{API}, check: digest "{DIGEST.upper()}" is not an MD5 sum.',
        DIGITS,
    ),
    "digest in a word": (
        checked(digest="Auto"),
        f'{API}, check: digest "Auto" is not an MD5 sum.',
        DIGITS,
    ),
    "digest of another request": (
        checked(urls=[{"path": "/", "digest": "auto"}], raw=["warmup 5", "  http_protocol 1.1"]),
        f'{API}, check: digest auto, and "  http_protocol 1.1" in raw, without which the page would be looked at.',
        "Remove that line, or write the digest that genhash prints.",
    ),
    "status range": (
        checked(status="299-200"),
        f'{API}, check: status "299-200" is neither a status nor a range.',
        'Write 200, or "200-299", 100 to 599.',
    ),
    "status in a list": (
        checked(status=[200, 42]),
        f"{API}, check: status 42 is neither a status nor a range.",
        'Write 200, or "200-299", 100 to 599.',
    ),
    "status that is none": (
        checked(status=[None]),
        f"{API}, check: status None is neither a status nor a range.",
        'Write 200, or "200-299", 100 to 599.',
    ),
    "regex": (
        checked(regex="a["),
        f'{API}, check: regex "a[" is not a regular expression: unterminated character set at position 1.',
        "Correct it. What only PCRE knows can stand in the lines of raw.",
    ),
    "regex of two lines": (
        checked(regex="a\nb"),
        f'{API}, check: regex "a\nb" is not a regular expression: it is no text in one line.',
        "Correct it. What only PCRE knows can stand in the lines of raw.",
    ),
    "regex for the beginning of the page": (
        checked(regex="^alive"),
        f'{API}, check: regex "^alive" never matches: keepalived looks at the whole answer, which begins with HTTP/.',
        "Remove the ^, or add regex_options: [multiline], with which it is the beginning of a line.",
    ),
    "regex options alone": (
        checked(regex_options=["caseless"]),
        f"{API}, check: regex_options without a regex.",
        "Write the regex, or remove them.",
    ),
    "regex option": (
        checked(regex="a", regex_options=["loose"]),
        f'{API}, check: unknown regex_options "loose".',
        "Use one of: caseless, dotall, extended, firstline, multiline, ungreedy, utf.",
    ),
    "urls and path": (
        checked(urls=[{"path": "/"}], path="/"),
        f"{API}, check: both urls and path.",
        "Write it into each URL that it is meant for.",
    ),
    "no urls": (checked(urls=[]), f"{API}, check: no URLs.", "Write at least one, or remove urls for /health."),
    "urls not a list": (checked(urls="/"), f"{API}, check: urls is not a list.", "Write urls: [...]."),
    "url not a mapping": (
        checked(urls=["/"]),
        f'{API}, check, URL 0: "/" is not a mapping.',
        "Write {path: /health}, for one.",
    ),
    "key of a url": (
        checked(urls=[{"path": "/", "status_code": 200}]),
        f'{API}, check, URL 0: unknown key "status_code".',
        "Did you mean status?",
    ),
    "path of a url": (
        checked(urls=[{"path": "health"}]),
        f'{API}, check, URL 0: path "health" is not the path of a URL.',
        "Begin it with a slash: /health.",
    ),
    "virtual host": (
        checked(virtual_host="a b"),
        f'{API}, check: virtual_host "a b" is not a host\'s name.',
        HOST,
    ),
    "sni without a name": (
        checked(type="https", sni=True),
        f"{API}: sni without a name to indicate.",
        "Set virtual_host.",
    ),
    "sni neither true nor false": (
        checked(type="https", sni="maybe"),
        f'{API}, check: sni "maybe" is neither true nor false.',
        CORRECT_IT,
    ),
    "payload": (
        long(service(protocol="udp", check={"type": "udp", "payload": "0"})),
        f'{API}, check: payload "0" is not a payload.',
        HEXADECIMAL,
    ),
    "payload keepalived cannot read": (
        long(service(protocol="udp", check={"type": "udp", "payload": "00ff"})),
        f'{API}, check: payload "00ff" ends in the byte ff, which keepalived 2.2.7 cannot read.',
        "Write a payload that ends in another, and of a reply only the bytes before it.",
    ),
    "reply": (
        long(service(protocol="udp", check={"type": "udp", "reply": "hello"})),
        f'{API}, check: reply "hello" is not a reply.',
        "Write hexadecimal digits, two for each byte, or true for any.",
    ),
    "query without a name": (
        checked(type="dns"),
        f"{API}, check: no query_name.",
        "Write the name that the server must know: query_name: www.example.org.",
    ),
    "type of a query": (
        checked(type="dns", query_name="a", query_type="SRV"),
        f'{API}, check: unknown query_type "SRV".',
        "Use one of: A, NS, CNAME, SOA, MX, TXT, AAAA.",
    ),
    "helo": (
        checked(type="smtp", helo="a b"),
        f'{API}, check: helo "a b" is not a host\'s name.',
        "Write the name of the director's own host.",
    ),
    "no script": (
        checked(type="misc"),
        f"{API}, check: no script.",
        "Write the command: script: /usr/local/bin/check argument.",
    ),
    "relative script": (
        checked(type="misc", script="check.sh"),
        f'{API}, check: script "check.sh" does not begin with a slash.',
        "Write the absolute path of the script.",
    ),
    "script with a pipe": (
        checked(type="misc", script="/bin/a | grep b"),
        f'{API}, check: script "/bin/a | grep b" is not a path with plain arguments.',
        COMMAND,
    ),
    "script with a variable": (
        checked(type="misc", script="/bin/a $HOME"),
        f'{API}, check: script "/bin/a $HOME" is not a path with plain arguments.',
        COMMAND,
    ),
    "script with a brace": (
        checked(type="misc", script="/bin/a }"),
        f'{API}, check: script "/bin/a }}" is not a path with plain arguments.',
        COMMAND,
    ),
    "script as a mapping": (
        checked(type="misc", script={"command": "/bin/a"}),
        f"{API}, check: script is a mapping.",
        "Write the command as script, and the user as user.",
    ),
    "half a second for a script": (
        checked(type="misc", script="/bin/a", timeout=0.5),
        f"{API}, check: timeout 0.5 is not a whole number from 1 to 3600.",
        CORRECT_IT,
    ),
    "user of a script": (
        checked(type="misc", script="/bin/a", user="a;b"),
        f'{API}, check: user "a;b" is not a user.',
        "Write the name of a user, and of a group after a space if need be.",
    ),
    "no track file": (
        checked(type="file"),
        f"{API}, check: no track_file.",
        "Name one of ha_web_track_files.",
    ),
    "unknown track file": (
        checked(type="file", track_file="drain"),
        f"{API}: track file drain is not declared.",
        "Declare it in ha_web_track_files.",
    ),
    "no bfd": (checked(type="bfd"), f"{API}, check: no bfd.", "Name one of ha_web_bfd."),
    "unknown bfd": (
        long(service(real_servers=[{"name": "web1", "check": {"type": "bfd", "bfd": "first"}}])),
        f"{API}, real server web1: BFD session first is not declared.",
        "Declare it in ha_web_bfd.",
    ),
    "interval of a file": (
        long(
            service(check={"type": "file", "track_file": "drain", "interval": 1}),
            ha_web_track_files=[{"name": "drain", "file": "/run/drain"}],
        ),
        f'{API}, check: unknown key "interval".',
        "Known are: type, track_file, weight, raw.",
    ),
    "UDP service and HTTP check": (
        long(service(protocol="udp")),
        f"{API}: its http check goes over TCP, and the service is UDP.",
        "Name the port that the check shall speak to, or choose another check.",
    ),
    "TCP service and UDP check": (
        checked(type="udp"),
        f"{API}: its udp check goes over UDP, and the service is TCP.",
        "Name the port that the check shall speak to, or choose another check.",
    ),
    "mark and no port": (
        long({"name": "api", "fwmark": 1}, ha_web_virtual_routers=[{"name": "a", "vips": ["192.0.2.100"]}]),
        f"{API}: a service of a firewall mark, and its http check names no port.",
        "Name the port to check, for one: check: {type: tcp, port: 80}.",
    ),
    "every port and no port": (
        long(service(ports=[0], persistence_timeout=60)),
        f"{API}: a service of every port, and its http check names no port.",
        "Name the port to check, for one: check: {type: tcp, port: 80}.",
    ),
    "raw not a list": (
        checked(raw="fast_recovery"),
        f"{API}, check, raw: not a list of lines.",
        "Write a list of strings, one line of keepalived.conf each.",
    ),
    "raw that closes more than it opens": (
        checked(raw=["url {", "}", "}"]),
        f"{API}, check, raw: its braces do not pair.",
        "Close what it opens, and nothing else.",
    ),
}


@pytest.mark.parametrize(("declared", "finding", "remedy"), ONE_ERROR.values(), ids=ONE_ERROR.keys())
def test_one_error(declared: Inventory, finding: str, remedy: str) -> None:
    assert report_of(declared) == f"1 error in the topology; no host was touched.\n  {finding}\n      {remedy}"
