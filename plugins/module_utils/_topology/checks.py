# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""First stage, health checks: keepalived's ten checkers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .._fields import NAME_REMEDY, PORTS, WORD, Entry, Problems, quote, whole
from .fields import CHECK_INTERVALS, RETRIES, RETRY_DELAYS, STATUSES, read_hook, read_raw, read_user
from .model import Check, Url

DEFAULT_URL = Url(path="/health", statuses=["200"])
DEFAULT_CHECK = Check(
    type="http",
    path="/health",
    status=200,
    interval=1.0,
    timeout=1.0,
    retries=1,
    retry_delay=0.2,
    urls=[DEFAULT_URL],
)
# Another key of a URL makes it the user's own: the status is then only what is said.
_CONTENT_KEYS = ("digest", "regex")
_URL_KEYS = ("path", "status", *_CONTENT_KEYS, "regex_options", "virtual_host")
# Words of keepalived that change what is asked, and whom.
_ASKED_OTHERWISE = ("http_protocol", "virtualhost", "connect_ip", "connect_port", "enable_sni", "url")
_TIMES = ("interval", "timeout", "retries", "retry_delay")
_WEB = ("type", *_URL_KEYS, "urls", *_TIMES, "port", "raw")
CHECK_KEYS: dict[str, tuple[str, ...]] = {
    "http": _WEB,
    "https": (*_WEB, "sni"),
    "tcp": ("type", *_TIMES, "port", "raw"),
    "udp": ("type", "payload", "reply", *_TIMES, "port", "raw"),
    "ping": ("type", *_TIMES, "raw"),
    "smtp": ("type", "helo", *_TIMES, "port", "raw"),
    "dns": ("type", "query_name", "query_type", *_TIMES, "port", "raw"),
    "misc": ("type", "script", "dynamic_weight", "user", *_TIMES, "raw"),
    "file": ("type", "track_file", "weight", "raw"),
    "bfd": ("type", "bfd", "raw"),
}
CHECK_TYPES = tuple(CHECK_KEYS)
# They are told of a failure, and look for none.
UNTIMED = ("file", "bfd")

QUERY_TYPES = ("A", "NS", "CNAME", "SOA", "MX", "TXT", "AAAA")
REGEX_OPTIONS = ("caseless", "dotall", "extended", "firstline", "multiline", "ungreedy", "utf")
URL_PATH = re.compile(r"/[^\s\"'{}#!\\]*")
# Found by asking the servers.
AUTO = "auto"
DIGEST = re.compile(rf"{AUTO}|[0-9a-f]{{32}}")
STATUS_RANGE = re.compile(r"([0-9]{3})-([0-9]{3})")
HEXADECIMAL = re.compile(r"([0-9a-fA-F]{2}){1,255}")
HOST_NAME = re.compile(r"[A-Za-z0-9_.:\[\]-]+")
FILE_WEIGHTS = (-2147483647, 2147483647)
# keepalived counts a script's time in whole seconds.
SCRIPT_TIMEOUTS = (1, 3600)


def read_checks(problems: Problems, entry: Entry) -> list[Check]:
    """The checks that an entry declares, as check or as a list of checks; empty where it says nothing."""
    if "check" in entry and "checks" in entry:
        entry.problem("both check and checks.", "Write all of them as checks: [...].")
    # An empty check is one with all its defaults.
    if entry.values.get("checks") is None:
        return [_check(problems, entry.item, entry.values["check"])] if "check" in entry.values else []
    values = entry.items("checks")
    if not values:
        entry.problem("no checks.", "Write at least one, or remove it for the default.")
    return [_check(problems, entry.item, value, f" {index}") for index, value in enumerate(values)]


def inherit_times(checks: list[Check], first: Check) -> list[Check]:
    """Mark the checks whose times are not those of the service."""

    def times(check: Check) -> tuple[float, ...]:
        return check.interval, check.timeout, check.retries, check.retry_delay

    return [replace(check, own_times=times(check) != times(first) and check.type not in UNTIMED) for check in checks]


def _check(problems: Problems, item: str, value: Any, number: str = "") -> Check:
    if not isinstance(value, dict):
        problems.add(item, f"check{number} is not a mapping.", "Write check: {type: tcp}, for one.")
        return DEFAULT_CHECK
    label = f"{item}, check{number}"
    kind = problems.choice(label, "type", value.get("type", DEFAULT_CHECK.type), CHECK_TYPES)
    entry = Entry(problems, label, value, CHECK_KEYS[kind])
    check = Check(
        type=kind,
        path="",
        status=0,
        interval=entry.seconds("interval", CHECK_INTERVALS, DEFAULT_CHECK.interval),
        timeout=entry.seconds("timeout", CHECK_INTERVALS, DEFAULT_CHECK.timeout),
        retries=entry.integer("retries", RETRIES, DEFAULT_CHECK.retries),
        retry_delay=entry.seconds("retry_delay", RETRY_DELAYS, DEFAULT_CHECK.retry_delay),
        port=entry.integer("port", PORTS, 0),
        raw=read_raw(entry),
    )
    if kind in UNTIMED:
        check = replace(check, interval=0.0, timeout=0.0, retries=0, retry_delay=0.0)
    return replace(check, **_OF_TYPE[kind](problems, entry)) if kind in _OF_TYPE else check


def _web(problems: Problems, entry: Entry) -> dict[str, Any]:
    urls = [_url(problems, entry.item, value, index) for index, value in enumerate(entry.items("urls"))]
    if "urls" in entry:
        stray = [key for key in ("path", "status", *_CONTENT_KEYS) if key in entry]
        if stray:
            entry.problem(f"both urls and {', '.join(stray)}.", "Write it into each URL that it is meant for.")
        if not urls and isinstance(entry.values["urls"], list):
            # keepalived 2.2.7 crashes on a check without a URL.
            entry.problem("no URLs.", "Write at least one, or remove urls for /health.")
        virtual_host = _virtual_host(entry)
    else:
        virtual_host = _virtual_host(entry)
        urls = [_read_url(entry)]
    urls = urls or [DEFAULT_URL]
    if any(url.digest == AUTO for url in urls):
        for line in entry.values.get("raw") or []:
            if isinstance(line, str) and line.split()[:1] and line.split()[0] in _ASKED_OTHERWISE:
                entry.problem(
                    f"digest auto, and {quote(line)} in raw, without which the page would be looked at.",
                    "Remove that line, or write the digest that genhash prints.",
                )
    first = urls[0].statuses[:1]
    return {
        "path": urls[0].path,
        "status": int(first[0]) if first and "-" not in first[0] else 0,
        "urls": urls,
        "virtual_host": virtual_host,
        "sni": entry.boolean("sni", False) if "sni" in entry else False,
    }


def _url(problems: Problems, item: str, value: Any, index: int) -> Url:
    label = f"{item}, URL {index}"
    if not isinstance(value, dict):
        problems.add(label, f"{quote(value)} is not a mapping.", "Write {path: /health}, for one.")
        return DEFAULT_URL
    entry = Entry(problems, label, value, _URL_KEYS)
    return replace(_read_url(entry), virtual_host=_virtual_host(entry))


def _read_url(entry: Entry) -> Url:
    content = any(key in entry for key in _CONTENT_KEYS)
    regex = _regex(entry)
    options = entry.items("regex_options")
    for option in options:
        if option not in REGEX_OPTIONS:
            entry.problem(f"unknown regex_options {quote(option)}.", f"Use one of: {', '.join(REGEX_OPTIONS)}.")
    if regex.startswith("^") and not regex.startswith("^HTTP/") and "multiline" not in options:
        entry.problem(
            f"regex {quote(regex)} never matches: keepalived looks at the whole answer, which begins with HTTP/.",
            "Remove the ^, or add regex_options: [multiline], with which it is the beginning of a line.",
        )
    if options and not regex:
        entry.problem("regex_options without a regex.", "Write the regex, or remove them.")
    return Url(
        path=entry.match("path", URL_PATH, "the path of a URL", "Begin it with a slash: /health.", DEFAULT_URL.path),
        statuses=_statuses(entry, [] if content else DEFAULT_URL.statuses),
        digest=entry.match(
            "digest",
            DIGEST,
            "an MD5 sum",
            "Write 32 hexadecimal digits in lower case, as genhash prints them, or auto to have them found.",
        ),
        regex=regex,
        regex_options=[str(option) for option in options],
    )


def _regex(entry: Entry) -> str:
    """keepalived's own test passes a broken one, with which the check would then not look at the content."""
    value = entry.get("regex", "")
    reason = "it is no text in one line" if not isinstance(value, str) or not value.isprintable() else ""
    if not reason:
        try:
            re.compile(value)
        except (re.error, OverflowError, RecursionError) as error:
            reason = str(error)
    if reason:
        entry.problem(
            f"regex {quote(value)} is not a regular expression: {reason}.",
            "Correct it. What only PCRE knows can stand in the lines of raw.",
        )
        return ""
    return str(value)


def _virtual_host(entry: Entry) -> str:
    return entry.match("virtual_host", HOST_NAME, "a host's name", "Write the name that the Host header has.")


def _statuses(entry: Entry, default: list[str]) -> list[str]:
    value = entry.values.get("status")
    if value is None:
        return list(default)
    if not isinstance(value, list):
        if isinstance(value, str) and "-" in value:
            value = [value]
        else:
            return [str(entry.integer("status", STATUSES, 200))]
    statuses = []
    for status in value:
        ends = STATUS_RANGE.fullmatch(status) if isinstance(status, str) else None
        numbers = [int(end) for end in ends.groups()] if ends else [whole(status) or 0]
        if not all(STATUSES[0] <= number <= STATUSES[1] for number in numbers) or numbers != sorted(numbers):
            entry.problem(
                f"status {quote(status)} is neither a status nor a range.", 'Write 200, or "200-299", 100 to 599.'
            )
        else:
            statuses.append(str(status))
    return statuses


def _udp(problems: Problems, entry: Entry) -> dict[str, Any]:
    remedy = "Write hexadecimal digits, two for each byte."
    required = entry.values.get("reply") is True
    for key in ("payload", "reply"):
        if str(entry.get(key, "")).lower().endswith("ff"):
            entry.problem(
                f"{key} {quote(entry.values[key])} ends in the byte ff, which keepalived 2.2.7 cannot read.",
                "Write a payload that ends in another, and of a reply only the bytes before it.",
            )
    return {
        "payload": entry.match("payload", HEXADECIMAL, "a payload", remedy),
        "reply": "" if required else entry.match("reply", HEXADECIMAL, "a reply", f"{remedy[:-1]}, or true for any."),
        "reply_required": "reply" in entry,
    }


def _smtp(problems: Problems, entry: Entry) -> dict[str, Any]:
    return {"helo": entry.match("helo", HOST_NAME, "a host's name", "Write the name of the director's own host.")}


def _dns(problems: Problems, entry: Entry) -> dict[str, Any]:
    if "query_name" not in entry:
        entry.problem("no query_name.", "Write the name that the server must know: query_name: www.example.org.")
    return {
        "query_name": entry.match("query_name", WORD, "a domain name", "Write it without spaces: www.example.org."),
        "query_type": entry.choice("query_type", QUERY_TYPES, QUERY_TYPES[0]),
    }


def _misc(problems: Problems, entry: Entry) -> dict[str, Any]:
    if "script" not in entry:
        entry.problem("no script.", "Write the command: script: /usr/local/bin/check argument.")
    elif isinstance(entry.values["script"], dict):
        entry.problem("script is a mapping.", "Write the command as script, and the user as user.")
    hook = replace(read_hook(entry, "script"), user=read_user(entry))
    timeout = entry.integer("timeout", SCRIPT_TIMEOUTS, 1)
    return {"script": hook, "timeout": float(timeout), "dynamic_weight": entry.boolean("dynamic_weight", False)}


def _file(problems: Problems, entry: Entry) -> dict[str, Any]:
    if "track_file" not in entry:
        entry.problem("no track_file.", "Name one of ha_web_track_files.")
    name = entry.match("track_file", WORD, "a name", NAME_REMEDY)
    return {"track_file": name, "track_file_weight": entry.integer("weight", FILE_WEIGHTS, 1)}


def _bfd(problems: Problems, entry: Entry) -> dict[str, Any]:
    if "bfd" not in entry:
        entry.problem("no bfd.", "Name one of ha_web_bfd.")
    return {"bfd": entry.match("bfd", WORD, "a name", NAME_REMEDY)}


_OF_TYPE: Mapping[str, Any] = {
    "http": _web,
    "https": _web,
    "udp": _udp,
    "smtp": _smtp,
    "dns": _dns,
    "misc": _misc,
    "file": _file,
    "bfd": _bfd,
}
