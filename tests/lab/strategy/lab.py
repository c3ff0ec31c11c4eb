# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
"""Ansible's linear strategy through Mitogen, whose processes go to whichever core is free.

Mitogen would bind each of its processes to one core, on a small machine its multiplexer to the first. That is where the
embedded engine runs, before all else its core does.

Ansible runs each task in a new process. One that uses a single filter loads all filters of its collection, and compiles
them, as nothing of a collection is kept compiled; one that runs a module of one has Mitogen look for all installed
collections and read what each says of itself; and for each module Mitogen compiles all that it imports. Most of the
controller's work was that. A new process has what this one has loaded and found, and nothing is compiled twice, nor are
templates.

What asks nothing of a node gets no process: 300 such tasks take four seconds in place of seven. Nor do short tasks on
nodes that are connected, most of whose work here was a process and its connection to Mitogen's; in the embedded engine
all nodes share one core, and gain nothing when they are asked at the same time.

A module that runs a command has Python copy the module's process, for a function that does nothing unless a umask is
given; in the embedded engine that takes longer than most commands.
"""

from __future__ import annotations

import os
from contextvars import ContextVar
from copy import copy
from functools import cache
from importlib import import_module
from pathlib import Path
from types import CodeType
from typing import Any, ClassVar

import ansible.plugins.strategy
import ansible_mitogen._modifiers
import ansible_mitogen.affinity
import ansible_mitogen.module_finder
import ansible_mitogen.planner
import ansible_mitogen.process
from ansible._internal import _task
from ansible._internal._templating._jinja_bits import (
    _TEMPLATE_OVERRIDE_FIELD_NAMES,
    AnsibleEnvironment,
    _TemplateCompileContext,
)
from ansible.collections.list import list_collection_dirs
from ansible.executor.process.worker import WorkerProcess
from ansible.executor.task_executor import TaskExecutor
from ansible.executor.task_result import _RawTaskResult
from ansible_mitogen.plugins.strategy import mitogen_linear
from jinja2.environment import TemplateExpression

ansible_mitogen.affinity.policy = ansible_mitogen.affinity.Policy()

_FILTERS = "ansible_collections.lvs.ha_web.plugins.filter"


@cache
def _collections() -> set[str]:
    return {path.decode() for path in list_collection_dirs()}


ansible_mitogen.planner._load_collections = lambda invocation: invocation._extra_sys_paths.update(_collections())
ansible_mitogen.module_finder.compile = cache(compile)


def _without_copy(_name: str, path: str, source: bytes, is_package: bool) -> tuple[str, bytes, bool]:
    """Return what Mitogen sends of the module that all others import."""
    return path, source.replace(b"preexec_fn=preexec,", b"preexec_fn=preexec if umask else None,"), is_package


ansible_mitogen._modifiers._PYTHON_MODULE_MODIFIERS["ansible.module_utils.basic"] = [_without_copy]


# Of templates and expressions, by their text and how an environment has templates written: Ansible compiles them
# whenever one is used, on each node and in each task. What is in variables comes when the code runs.
_CODE: dict[tuple[Any, ...], CodeType] = {}
_compile = AnsibleEnvironment.compile
_compile_expression = AnsibleEnvironment.compile_expression
# The expression that is being compiled, of which Jinja hands on what it has parsed.
_expression: ContextVar[tuple[Any, ...] | None] = ContextVar("_expression", default=None)


def _key(environment: AnsibleEnvironment, *what: Any) -> tuple[Any, ...]:
    # None in a template that another includes.
    context = _TemplateCompileContext.current(optional=True)
    written = (getattr(environment, name) for name in _TEMPLATE_OVERRIDE_FIELD_NAMES)
    return *what, context and context.escape_backslashes, *written


def _compiled(environment: AnsibleEnvironment, source: Any, *arguments: Any, **options: Any) -> Any:
    known = isinstance(source, str)
    key = _key(environment, source, *arguments, *options.items()) if known else _expression.get()
    if key is None:
        return _compile(environment, source, *arguments, **options)
    if key not in _CODE:
        _CODE[key] = _compile(environment, source, *arguments, **options)
    return _CODE[key]


def _compiled_expression(environment: AnsibleEnvironment, source: str, undefined_to_none: bool = True) -> Any:
    key = _key(environment, source, "expression")
    if key in _CODE:
        settings = environment.make_globals(None)
        template = environment.template_class.from_code(environment, _CODE[key], settings, None)
        return TemplateExpression(template, undefined_to_none)
    token = _expression.set(key)
    try:
        return _compile_expression(environment, source, undefined_to_none)
    finally:
        _expression.reset(token)


AnsibleEnvironment.compile = _compiled
AnsibleEnvironment.compile_expression = _compiled_expression

# The controller's own, by all names that they have here.
_OF_NO_NODE = {
    prefix + name
    for prefix in ("", "ansible.builtin.")
    for name in (
        *("add_host", "assert", "debug", "fail", "include_role", "include_tasks", "include_vars"),
        *("set_fact", "set_stats", "validate_argument_spec"),
    )
}


# Those that are short on a node.
_BUILTIN = ("assemble", "command", "copy", "file", "find", "group", "shell", "slurp", "stat", "template", "uri", "user")
_OURS = ("ensure", "found", "ipvs_info", "opcache_info", "page_digest")
_SHORT = {
    "ansible.posix.sysctl",
    *(f"lvs.ha_web.{name}" for name in _OURS),
    *(prefix + name for prefix in ("", "ansible.builtin.") for name in _BUILTIN),
}
_MAIN = os.getpid()
_close = ansible_mitogen.process.ClassicBinding.close


def _closed_with_its_process(binding: ansible_mitogen.process.ClassicBinding) -> None:
    """Keep what leads from this process to Mitogen's own for the next task."""
    if os.getpid() != _MAIN:
        _close(binding)


ansible_mitogen.process.ClassicBinding.close = _closed_with_its_process


def _let_go() -> None:
    """End that: a process that is about to begin must not find it."""
    ansible_mitogen.process.get_classic_worker_model().on_binding_close()


class _Worker(WorkerProcess):  # type: ignore[misc]
    """A process for a task, or none."""

    # Nodes that a task had a process for: such tasks connect to all nodes at the same time.
    _connected: ClassVar[set[str]] = set()

    def _needs_process(self) -> bool:
        if self._task.action in _OF_NO_NODE:
            return False
        short = self._task.action in _SHORT and not self._task.until and not self._task.async_val
        return not short or self._host.name not in self._connected

    def start(self) -> None:
        if self._needs_process():
            self._connected.add(self._host.name)
            _let_go()
            super().start()
            return
        # Both change on the way, which a process would have taken with it.
        task = self._task.copy(exclude_parent=True, exclude_tasks=True)
        task._parent = self._task._parent
        host = copy(self._host)
        with _task.TaskContext(task):
            found = TaskExecutor(
                host,
                task,
                self._task_vars,
                self._play_context.copy(),
                self._loader,
                self._shared_loader_obj,
                self._final_q,
                self._variable_manager,
            ).run()
        host.vars, host.groups = {}, []
        self._final_q.send_task_result(
            _RawTaskResult(host=host, task=task, return_data=found, task_fields=task.dump_attrs())
        )


ansible.plugins.strategy.WorkerProcess = _Worker


class StrategyModule(mitogen_linear.StrategyModule):  # type: ignore[misc]
    """What the module says."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        _collections()
        # Of the collection that the playbook is of, which may be another release.
        for folder in import_module(_FILTERS).__path__:
            for file in Path(folder).glob("*.py"):
                import_module(f"{_FILTERS}.{file.stem}")

    def run(self, *arguments: Any, **options: Any) -> Any:
        """Run a play."""
        try:
            return super().run(*arguments, **options)
        finally:
            _let_go()
