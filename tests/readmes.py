# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Write into each role's README, between two marks, what its argument_specs say: every entry point and variable."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from antsibull_docs_parser import dom
from antsibull_docs_parser.format import format_paragraphs
from antsibull_docs_parser.md import MDFormatter
from antsibull_docs_parser.parser import Context, parse

ROLES = Path(__file__).resolve().parents[1] / "roles"
BEGIN = "<!-- What follows is written by `make readmes` from meta/argument_specs.yml. -->"
END = "<!-- The end of what `make readmes` writes. -->"
COLLECTION = "lvs.ha_web."
LONGEST_CELL = 40

Spec = dict[str, Any]


def _code(text: str) -> str:
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}"


class _Markdown(MDFormatter):
    """Readable as a text as well: no HTML, and nothing escaped that Markdown leaves alone."""

    def format_text(self, part: dom.TextPart) -> str:
        return part.text.replace("*", r"\*").replace("<", r"\<")

    def format_bold(self, part: dom.BoldPart) -> str:
        return f"**{part.text}**"

    def format_italic(self, part: dom.ItalicPart) -> str:
        return f"*{part.text}*"

    def format_code(self, part: dom.CodePart) -> str:
        return _code(part.text)

    def format_env_variable(self, part: dom.EnvVariablePart) -> str:
        return _code(part.name)

    def format_option_name(self, part: dom.OptionNamePart, url: str | None) -> str:
        return _code(part.name if part.value is None else f"{part.name}: {part.value}")

    def format_option_value(self, part: dom.OptionValuePart) -> str:
        return _code(part.value)

    def format_module(self, part: dom.ModulePart, url: str | None) -> str:
        return _code(part.fqcn)

    def format_plugin(self, part: dom.PluginPart, url: str | None) -> str:
        name = part.plugin.fqcn
        if part.plugin.type == "role" and name.startswith(COLLECTION):
            role = name.removeprefix(COLLECTION)
            return f"[{role}](../{role}/README.md)"
        return _code(name)

    def format_link(self, part: dom.LinkPart) -> str:
        return f"[{part.text}]({part.url})"

    def format_url(self, part: dom.URLPart) -> str:
        return f"<{part.url}>"


def _prose(description: str | list[str] | None, separator: str) -> str:
    paragraphs = parse(description or [], Context(), errors="exception")
    return format_paragraphs(
        paragraphs, formatter=_Markdown(), par_start="", par_end="", par_sep=separator, par_empty=""
    )


def _flow(value: Any) -> str:
    if isinstance(value, str) and value:
        return value
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**6)
    return text.removesuffix("\n").removesuffix("\n...")


def _is_long(option: Spec) -> bool:
    return "default" in option and len(_flow(option["default"])) > LONGEST_CELL


def _default(option: Spec) -> str:
    if option.get("required"):
        return "**required**"
    if "default" not in option:
        return ""
    return "see below" if _is_long(option) else _code(_flow(option["default"]))


def _type(option: Spec) -> str:
    kind = option.get("type", "str")
    return f"{kind} of {option['elements']}" if "elements" in option else str(kind)


def _description(option: Spec) -> str:
    text = _prose(option.get("description"), "<br>")
    if choices := option.get("choices"):
        text += "<br>One of " + ", ".join(_code(_flow(choice)) for choice in choices) + "."
    if aliases := option.get("aliases"):
        text += "<br>Also called " + ", ".join(_code(alias) for alias in aliases) + "."
    return text


def _row(*cells: str) -> str:
    return " ".join(["|", *("{} |".format(cell.replace("|", r"\|")) if cell else "|" for cell in cells)])


def _tables(options: dict[str, Spec], within: str = "") -> Iterator[str]:
    """Yield a table, the defaults that do not fit into it, and the tables of the keys of what it holds."""
    rows = [
        _row(_code(name), _type(option), _default(option), _description(option)) for name, option in options.items()
    ]
    yield "\n".join(
        [f"| {'key' if within else 'variable'} | type | default | description |", "|---|---|---|---|", *rows]
    )
    for name, option in options.items():
        if _is_long(option):
            text = yaml.safe_dump({name: option["default"]}, sort_keys=False, allow_unicode=True, width=100)
            yield f"```yaml\n{text}```"
    for name, option in options.items():
        if keys := option.get("options"):
            path = f"{within}{name}{'[]' if option.get('type') == 'list' else ''}"
            yield f"#### {_code(path)}"
            yield from _tables(keys, f"{path}.")


def variables(entry_points: dict[str, Spec]) -> str:
    """Return the Markdown of all of a role's entry points."""
    parts = ["## Variables"]
    for name, spec in entry_points.items():
        options = spec.get("options") or {}
        if name != "main":
            parts += [f"### {_code(name)}: {spec['short_description']}", _prose(spec.get("description"), "\n\n")]
        elif not options and len(entry_points) == 1:
            parts.append("None.")
        if options:
            parts += _tables(options)
    return "\n\n".join(parts)


def rewritten(readme: str, entry_points: dict[str, Spec]) -> str:
    """Return a README with what stands between its marks replaced; one without them gets them at its end."""
    before, _mark, rest = readme.partition(BEGIN)
    _old, _mark, after = rest.partition(END)
    return f"{before.rstrip()}\n\n{BEGIN}\n\n{variables(entry_points)}\n\n{END}\n{after.removeprefix(chr(10))}"


def changes() -> Iterator[tuple[Path, str]]:
    """Yield each README that is not what it should be, and what it should be."""
    for specs in sorted(ROLES.glob("*/meta/argument_specs.yml")):
        readme = specs.parents[1] / "README.md"
        present = readme.read_text(encoding="utf-8")
        wanted = rewritten(present, yaml.safe_load(specs.read_text(encoding="utf-8"))["argument_specs"])
        if wanted != present:
            yield readme, wanted


def drift() -> str:
    """Return a line for each README that is not what its role's argument_specs say."""
    return "\n".join(f"{path.relative_to(ROLES.parent)}: run make readmes" for path, _wanted in changes())


if __name__ == "__main__":
    for path, text in changes():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROLES.parent))
