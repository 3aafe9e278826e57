"""Owns: running a parsed template on data.

Data are JSON values. A dict is a struct: to ask for a field that it has not is an error, in Go's words. A
dict under a name of `maps` is a map: any key may be asked for. Names of fields are compared exactly, then
without case (`.ID` finds `Id`).
"""

from __future__ import annotations

from libpod.errors import UsageError
from pypod.ui import gofuncs
from pypod.ui.gofuncs import NO_VALUE, Map, TemplateError, show, truth
from pypod.ui.human import GoTime, Lookup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from pypod.ui.template import Node, Template

# fmt: off
MAPS = frozenset((
    "Annotations", "Data", "GraphOptions", "GraphStatus", "Labels", "Networks", "Options",
    "PortBindings", "Ports", "Properties", "Sysctls", "Tmpfs", "Volumes", "graphOptions", "graphStatus",
))
# fmt: on
"""The fields whose values are maps in what `inspect`, `ps`, `images`, `info` and `volume` show."""
_TIMES = frozenset(("CheckpointedAt", "Created", "CreatedAt", "FinishedAt", "RestoredAt", "StartedAt"))
"""The fields whose values are times, written by RFC 3339."""


class _Break(Exception):
    pass


class _Continue(Exception):
    pass


class Run:
    """One run of one template."""

    def __init__(self, template: Template, maps: frozenset[str] | None = None) -> None:
        self.template = template
        self.maps = MAPS if maps is None else maps
        self.variables: list[tuple[str, object]] = []
        self.out: list[str] = []

    def run(self, data: object) -> str:
        self.variables = [("$", data)]
        self.walk(self.template.nodes, data)
        return "".join(self.out)

    def fail(self, node: Node, message: str, pos: int | None = None) -> NoReturn:
        template = self.template
        shown = template.source[node.pos : node.end].strip() or "."
        if len(shown) > 20:
            shown = shown[:20] + "..."
        where = node.pos if pos is None else pos
        place = f"{template.name}:{template.line(where)}:{template.column(where)}"
        raise UsageError(f'template: {place}: executing "{template.name}" at <{shown}>: {message}')

    def walk(self, nodes: list[Node], dot: object) -> None:
        for node in nodes:
            if node.kind == "text":
                self.out.append(node.name)
            elif node.kind == "action":
                value = self.pipeline(node.parts[0], dot)
                if not node.parts[0].names:
                    self.out.append(show(value))
            elif node.kind == "break":
                raise _Break
            elif node.kind == "continue":
                raise _Continue
            else:
                depth = len(self.variables)
                if node.kind == "range":
                    self.range(node, dot)
                else:
                    value = self.pipeline(node.parts[0], dot)
                    inner = value if node.kind == "with" else dot
                    self.walk(node.body if truth(value) else node.other, inner if truth(value) else dot)
                del self.variables[depth:]

    def range(self, node: Node, dot: object) -> None:
        pipe = node.parts[0]
        value = self.pipeline(pipe, dot, declare=False)
        items: list[tuple[object, object]]
        if isinstance(value, (list, tuple)):
            items = list(enumerate(value))
        elif isinstance(value, Map):
            items = [(k, value[k]) for k in sorted(value)]
        elif value is None or value is NO_VALUE:
            items = []
        else:
            shown = show(value) if isinstance(value, str) else show(value, True)
            self.fail(pipe.parts[-1].parts[0], f"range can't iterate over {shown}")
        if not items:
            self.walk(node.other, dot)
        depth = len(self.variables)
        for key, item in items:
            item = self.typed(item, "")
            if len(pipe.names) == 1:
                self.variables.append((pipe.names[0], item))
            elif pipe.names:
                self.variables += [(pipe.names[0], key), (pipe.names[1], item)]
            try:
                self.walk(node.body, item)
            except _Continue:
                pass
            except _Break:
                break
            finally:
                del self.variables[depth:]

    def pipeline(self, pipe: Node, dot: object, declare: bool = True) -> object:
        value: object = None
        for i, command in enumerate(pipe.parts):
            value = self.command(command, dot, [value] if i else [])
        if declare:
            for name in pipe.names:
                if pipe.name == ":=":
                    self.variables.append((name, value))
                else:
                    last = max(i for i, v in enumerate(self.variables) if v[0] == name)
                    self.variables[last] = (name, value)
        return value

    def command(self, command: Node, dot: object, final: list[object]) -> object:
        first = command.parts[0]
        if first.kind == "ident":
            return self.call(command, first, dot, final)
        if len(command.parts) == 2 and first.kind == "field" and not final:
            method = self.operand(first, dot)
            if isinstance(method, Lookup):
                return method.get(self.operand(command.parts[1], dot), method.default)
        if len(command.parts) > 1 or final:
            self.fail(
                first, f"can't give argument to non-function {self.template.source[first.pos : first.end]}"
            )
        if first.kind == "nil":
            self.fail(first, "nil is not a command")
        return self.operand(first, dot)

    def call(self, command: Node, name: Node, dot: object, final: list[object]) -> object:
        arguments: list[object] = []
        for part in command.parts[1:]:
            value = self.call(part, part, dot, []) if part.kind == "ident" else self.operand(part, dot)
            arguments.append(value)
            if (name.name == "and" and not truth(value)) or (name.name == "or" and truth(value)):
                return value  # the rest is not looked at
        arguments += final
        wanted = _ARITY.get(name.name, (1, 99))
        if not wanted[0] <= len(arguments) <= wanted[1]:
            many = f"want {wanted[0]}" if wanted[0] == wanted[1] else f"want at least {wanted[0]}"
            self.fail(name, f"wrong number of args for {name.name}: {many} got {len(arguments)}")
        try:
            value = gofuncs.FUNCTIONS[name.name](*arguments)
        except TemplateError as e:
            if str(e).startswith("wrong type") and len(command.parts) > 1:
                self.fail(command.parts[1], str(e))
            self.fail(command, str(e))
        return self.fields(name, self.typed(value, ""), name.names)

    def operand(self, node: Node, dot: object) -> object:
        if node.kind in ("dot", "field"):
            return self.fields(node, dot, node.names)
        if node.kind == "variable":
            value = next(v for n, v in reversed(self.variables) if n == node.name)
            return self.fields(node, value, node.names)
        if node.kind == "paren":
            return self.fields(node, self.pipeline(node.parts[0], dot), node.names)
        return node.value

    def fields(self, node: Node, value: object, names: list[str]) -> object:
        """Follow `.A.B` from a value."""
        offset = node.end - sum(len(n) + 1 for n in names)
        for name in names:
            value = self.field(node, value, name, offset)
            offset += len(name) + 1
        return value

    def field(self, node: Node, value: object, name: str, pos: int) -> object:
        if isinstance(value, dict):
            if name in value:
                return self.typed(value[name], name)
            low = name.lower()
            for key in value:
                if isinstance(key, str) and key.lower() == low:
                    return self.typed(value[key], key)
            if isinstance(value, Map):
                return NO_VALUE
        if value is None or value is NO_VALUE:
            self.fail(node, f"nil pointer evaluating interface {{}}.{name}", pos)
        self.fail(node, f"can't evaluate field {name} in type {gofuncs.kind(value)}", pos)

    def typed(self, value: object, name: str) -> object:
        """Mark a dict that is a map, and show a time as Go does."""
        if isinstance(value, dict) and name in self.maps and not isinstance(value, Map):
            return Map(value)
        if name in _TIMES and isinstance(value, str) and value[10:11] == "T" and value[-1] == "Z":
            return GoTime(value)
        return value


_ARITY = {
    "not": (1, 1),
    "ne": (2, 2),
    "lt": (2, 2),
    "le": (2, 2),
    "gt": (2, 2),
    "ge": (2, 2),
    "eq": (2, 99),
    "len": (1, 1),
    "json": (1, 1),
    "join": (2, 2),
    "split": (2, 2),
    "upper": (1, 1),
    "lower": (1, 1),
    "title": (1, 1),
    "truncate": (2, 2),
    "pad": (3, 3),
    "print": (0, 99),
    "println": (0, 99),
    "html": (0, 99),
    "js": (0, 99),
}
