"""Pages of commands, from what their help says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

import typer
import typer.main
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from checkvalve.show import cli
from reference.markdown import markdown, table

Parameter = TyperArgument | TyperOption

#: What Typer calls a value that has no better name.
_TYPE: Final = re.compile(r"<(?:list\[)?(?:str|path|int|float)\]?(?: range)?>")


@cache
def _commands() -> dict[str, TyperCommand]:
    """Every command by its words, as a person types them."""
    group = typer.main.get_command(cli.app)
    if not isinstance(group, TyperGroup):
        raise TypeError(group)
    return dict(_below(group, "checkvalve"))


def _below(group: TyperGroup, prefix: str) -> Iterator[tuple[str, TyperCommand]]:
    for name, command in group.commands.items():
        words = f"{prefix} {name}"
        if isinstance(command, TyperGroup):
            yield from _below(command, words)
        elif isinstance(command, TyperCommand) and not command.hidden:
            yield words, command


def names() -> tuple[str, ...]:
    """Every command, as a person types it."""
    return tuple(_commands())


def command(words: str) -> str:
    """One command: what it does, how it is written, its arguments and options."""
    found = _commands()[words]
    context = typer.Context(found, info_name=words)
    shown = [
        one
        for one in found.get_params(context)
        if isinstance(one, Parameter) and not one.hidden and one.name != "help"
    ]
    arguments = [one for one in shown if isinstance(one, TyperArgument)]
    options = [one for one in shown if isinstance(one, TyperOption)]
    parts = [
        f"## `{words}`",
        markdown(found.help or ""),
        f"```\n{_usage(words, arguments, options)}\n```",
        table(("argument", ""), [_line(one, context) for one in arguments]) if arguments else "",
        table(("option", ""), [_line(one, context) for one in options]) if options else "",
    ]
    return "\n\n".join(part for part in parts if part)


def overview(_: str) -> str:
    """All commands, each on a line, with a link to its page."""
    rows = []
    for words, found in _commands().items():
        parts = words.split()
        page = "plant" if parts[1] == "init" else parts[1]
        link = f"[`{words}`]({page}.md#{'-'.join(parts)})"
        rows.append((link, markdown(found.help or "").partition("\n")[0]))
    return table(("command", "what it does"), rows)


def _usage(words: str, arguments: list[TyperArgument], options: list[TyperOption]) -> str:
    """How it is written: what must be there, then what may be."""
    must = [one for one in options if one.required]
    parts = [_named(one) for one in arguments]
    parts += [f"{one.opts[0]} {_value(one)}" for one in must]
    parts += ["[options]"] if len(must) < len(options) else []
    return " ".join((words, *parts))


def _named(argument: TyperArgument) -> str:
    name = _value(argument)
    return name if argument.required else f"[{name}]"


def _value(parameter: Parameter) -> str:
    """The word that stands for its value."""
    name = parameter.metavar or (parameter.name or "").upper().removesuffix("_")
    return name.strip("[]").upper()


def _line(parameter: Parameter, context: typer.Context) -> tuple[str, str]:
    record = parameter.get_help_record(context)
    if record is None:
        raise TypeError(parameter)
    name, text = record
    if isinstance(parameter, TyperArgument):
        return f"`{_value(parameter)}`", text
    return f"`{_TYPE.sub(_value(parameter), name)}`", text
