"""Owns: parsing the templates of `--format`: the part of Go's text/template that people write.

Text, actions with trimming, comments, if / else if / else, range, with, break, continue, variables,
pipelines, fields, literals and the functions of gofuncs.py. `define`, `template` and `block` are refused.
Running a parsed template is gorun.py's.
"""

from __future__ import annotations

from libpod.errors import UsageError
from pypod.ui import gofuncs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

_SPACE = " \t\r\n"


class Node:
    """A piece of a template: `kind` says which fields count; `pos` and `end` are its place in the source."""

    __slots__ = ("body", "end", "kind", "name", "names", "other", "parts", "pos", "value")

    def __init__(self, kind: str, pos: int) -> None:
        self.kind = kind
        self.pos = pos
        self.end = pos
        self.name = ""
        self.names: list[str] = []
        self.value: object = None
        self.parts: list[Node] = []
        self.body: list[Node] = []
        self.other: list[Node] = []


class Template:
    """A parsed template; raises UsageError in Go's words if it cannot be parsed."""

    def __init__(self, name: str, source: str) -> None:
        self.name = name
        self.source = source
        self.nodes = _Parser(self).parse()

    def render(self, data: object, maps: frozenset[str] | None = None) -> str:
        """Run it with `data` as the dot. `maps` names the fields that are maps: any key may be asked for."""
        from pypod.ui import gorun

        return gorun.Run(self, maps).run(data)

    def line(self, pos: int) -> int:
        return self.source.count("\n", 0, pos) + 1

    def column(self, pos: int) -> int:
        return pos - (self.source.rfind("\n", 0, pos) + 1)


class _Parser:
    def __init__(self, template: Template) -> None:
        self.template = template
        self.source = template.source
        self.pos = 0
        self.tokens: list[tuple[str, str, int]] = []
        self.at = 0
        self.variables = ["$"]
        self.loops = 0

    def fail(self, message: str, pos: int | None = None) -> NoReturn:
        line = self.template.line(self.pos if pos is None else pos)
        raise UsageError(f"template: {self.template.name}:{line}: {message}")

    # Text and blocks

    def parse(self) -> list[Node]:
        nodes, word = self.block(())
        assert not word
        return nodes

    def block(self, ends: tuple[str, ...]) -> tuple[list[Node], str]:
        """Nodes up to one of the words `ends`, and that word; its tokens are left for the caller."""
        nodes: list[Node] = []
        while True:
            word, pos = self.text(nodes)
            if not word:
                if ends:
                    self.fail("unexpected EOF")
                return nodes, ""
            if word in ("end", "else"):
                if word not in ends:
                    self.fail(f"unexpected {{{{{word}}}}}", pos)
                return nodes, word
            if word in ("if", "range", "with"):
                nodes.append(self.control(word, pos))
            elif word in ("break", "continue"):
                if not self.loops:
                    self.fail(f"{{{{{word}}}}} outside {{{{range}}}}", pos)
                nodes.append(Node(word, pos))
            elif word in ("define", "template", "block"):
                self.fail(f"{{{{{word}}}}} is not supported", pos)
            elif word != "comment":
                node = Node("action", pos)
                node.parts = [self.pipeline("command")]
                self.finish(node.parts[0])
                nodes.append(node)

    def text(self, nodes: list[Node]) -> tuple[str, int]:
        """Add the text up to the next action and lex that; return its keyword (`pipe` if none) and place."""
        start = self.source.find("{{", self.pos)
        if start < 0:
            self.add_text(nodes, self.source[self.pos :])
            self.pos = len(self.source)
            return "", self.pos
        chunk = self.source[self.pos : start]
        inside = start + 2
        if self.source.startswith("- ", inside) or self.source[inside : inside + 2] in ("-\n", "-\t"):
            chunk = chunk.rstrip(_SPACE)
            inside += 1
        self.add_text(nodes, chunk)
        self.pos = start
        if self.source.startswith("/*", inside + (self.source[inside : inside + 1] == " ")):
            return self.comment(inside), start
        self.lex(inside)
        if self.peek()[0] == "ident" and self.peek()[1] in _KEYWORDS:
            return self.take()[1], start
        return "pipe", start

    def comment(self, inside: int) -> str:
        stop = self.source.find("*/", inside)
        if stop < 0:
            self.fail("unclosed comment")
        self.close(stop + 2)
        return "comment"

    def add_text(self, nodes: list[Node], chunk: str) -> None:
        if chunk:
            node = Node("text", self.pos)
            node.name = chunk
            nodes.append(node)

    def close(self, at: int) -> None:
        """The action ends here: step over `}}` or ` -}}`, with the space behind it."""
        rest = self.source[at : at + 4]
        if rest.startswith("}}"):
            self.pos = at + 2
            return
        if rest[:1] in _SPACE and rest[1:] == "-}}":
            at += 4
            while at < len(self.source) and self.source[at] in _SPACE:
                at += 1
            self.pos = at
            return
        self.fail("comment ends before closing delimiter")

    def control(self, word: str, pos: int) -> Node:
        node = Node(word, pos)
        depth = len(self.variables)
        node.parts = [self.pipeline(word)]
        self.finish(node.parts[0])
        self.loops += word == "range"
        node.body, end = self.block(("end", "else"))
        self.loops -= word == "range"
        if end == "else":
            if self.peek()[0] == "ident" and self.peek()[1] in ("if", "with") and word == self.peek()[1]:
                node.other = [self.control(self.take()[1], pos)]
                del self.variables[depth:]
                return node
            self.finish(None)
            node.other, end = self.block(("end",))
        self.finish(None)
        del self.variables[depth:]
        return node

    def finish(self, pipe: Node | None) -> None:
        kind, text, pos = self.peek()
        if kind != "close":
            self.fail(f"unexpected <{text}> in {'command' if pipe else 'end'}", pos)

    # Tokens of one action

    def lex(self, at: int) -> None:
        self.tokens, self.at = [], 0
        source, n = self.source, len(self.source)
        while True:
            if at >= n:
                self.fail("unclosed action")
            c = source[at]
            if source.startswith("}}", at) or (c in _SPACE and source.startswith("-}}", at + 1)):
                self.tokens.append(("close", "}}", at))
                self.close(at)
                return
            start = at
            if c in _SPACE:
                while at < n and source[at] in _SPACE and not source.startswith("-}}", at + 1):
                    at += 1
                self.tokens.append(("space", " ", start))
            elif c in "\"`'":
                at = self.quoted(at, c)
            elif c in "()|,":
                at += 1
                self.tokens.append((c, c, start))
            elif source.startswith(":=", at):
                at += 2
                self.tokens.append((":=", ":=", start))
            elif c == "=":
                at += 1
                self.tokens.append(("=", "=", start))
            elif c == "." and not source[at + 1 : at + 2].isdigit():
                at = self.word(at + 1)
                self.tokens.append(("field" if at > start + 1 else "dot", source[start:at], start))
            elif c == "$":
                at = self.word(at + 1)
                self.tokens.append(("variable", source[start:at], start))
            elif c.isalpha() or c == "_":
                at = self.word(at)
                self.tokens.append(("ident", source[start:at], start))
            elif c.isdigit() or c in "+-.":
                at = self.number(at)
            else:
                self.fail(f"unexpected bad character U+{ord(c):04X} '{c}' in command", at)

    def word(self, at: int) -> int:
        while at < len(self.source) and (self.source[at].isalnum() or self.source[at] == "_"):
            at += 1
        return at

    def quoted(self, at: int, quote: str) -> int:
        stop = at + 1
        while True:
            if stop >= len(self.source) or (self.source[stop] == "\n" and quote != "`"):
                self.fail(
                    {"`": "unterminated raw quoted string", '"': "unterminated quoted string"}.get(
                        quote, "bad char"
                    )
                )
            if self.source[stop] == "\\" and quote != "`":
                stop += 1
            elif self.source[stop] == quote:
                break
            stop += 1
        text = self.source[at + 1 : stop]
        kind = {"`": "string", '"': "string", "'": "char"}[quote]
        self.tokens.append((kind, text if quote == "`" else gofuncs.unquote(text), at))
        return stop + 1

    def number(self, at: int) -> int:
        start = at
        at += self.source[at] in "+-"
        while at < len(self.source) and (
            self.source[at].isalnum()
            or self.source[at] in "._"
            or (self.source[at] in "+-" and self.source[at - 1] in "eE")
        ):
            at += 1
        text = self.source[start:at]
        if gofuncs.number(text) is None:
            self.fail(f"bad number syntax: {gofuncs.quote(text)}", start)
        self.tokens.append(("number", text, start))
        return at

    def peek(self) -> tuple[str, str, int]:
        """The next token that is no space."""
        while self.tokens[self.at][0] == "space":
            self.at += 1
        return self.tokens[self.at]

    def take(self) -> tuple[str, str, int]:
        token = self.peek()
        self.at += 1
        return token

    # Pipelines

    def pipeline(self, context: str, closing: str = "close") -> Node:
        pipe = Node("pipe", self.peek()[2])
        self.declaration(pipe, context)
        while True:
            kind, text, pos = self.peek()
            if kind == closing:
                break
            pipe.parts.append(self.command())
            kind, text, pos = self.peek()
            if kind == "|":
                self.take()
                if self.peek()[0] in ("|", closing):
                    self.fail(f"missing value for {context}")
                continue
            if kind != closing:
                self.fail(f"unexpected {gofuncs.quote(text)} in {context}", pos)
        if not pipe.parts:
            self.fail(f"missing value for {context}")
        for late in pipe.parts[1:]:
            if late.parts[0].kind in ("number", "string", "char", "bool", "nil", "dot"):
                shown = self.source[late.parts[0].pos : late.parts[0].end]
                self.fail(
                    f"non executable command in pipeline stage {pipe.parts.index(late) + 1}: {shown}",
                    late.pos,
                )
        pipe.end = self.peek()[2]
        return pipe

    def declaration(self, pipe: Node, context: str) -> None:
        """`$x :=`, `$x =`, or `$i, $x :=` of a range."""
        saved = self.at
        if self.peek()[0] != "variable":
            return
        names = [self.take()[1]]
        if context == "range" and self.peek()[0] == ",":
            self.take()
            if self.peek()[0] != "variable":
                self.fail("range can only initialize variables")
            names.append(self.take()[1])
        kind = self.peek()[0]
        if kind not in (":=", "="):
            self.at = saved
            return
        self.take()
        pipe.names, pipe.name = names, kind
        if kind == ":=":
            self.variables += names
        for name in names:
            if name not in self.variables:
                self.fail(f"undefined variable {gofuncs.quote(name)}")

    def command(self) -> Node:
        command = Node("command", self.peek()[2])
        while True:
            command.parts.append(self.operand())
            command.end = command.parts[-1].end
            following = self.tokens[self.at][0]
            if following in ("|", "close", ")"):
                break
            if following != "space":
                self.fail(f"unexpected {gofuncs.quote(self.tokens[self.at][1])} in operand")
            if self.peek()[0] in ("|", "close", ")"):
                break
        return command

    def operand(self) -> Node:
        kind, text, pos = self.take()
        node = Node(kind, pos)
        node.name = text
        if kind == "(":
            node.kind = "paren"
            node.parts = [self.pipeline("parenthesized pipeline", ")")]
            self.take()
        elif kind == "ident":
            if text in ("true", "false"):
                node.kind, node.value = "bool", text == "true"
            elif text == "nil":
                node.kind = "nil"
            elif text not in gofuncs.FUNCTIONS:
                self.fail(f"function {gofuncs.quote(text)} not defined", pos)
        elif kind == "number":
            node.value = gofuncs.number(text)
        elif kind == "char":
            node.kind, node.value = "number", ord(text[:1] or "\0")
        elif kind == "string":
            node.value = text
        elif kind == "variable" and text not in self.variables:
            self.fail(f"undefined variable {gofuncs.quote(text)}", pos)
        elif kind == "field":
            node.names = [text[1:]]
        elif kind not in ("dot", "variable"):
            self.fail(f"unexpected {gofuncs.quote(text)} in operand", pos)
        node.end = self.tokens[self.at - 1][2] + len(self.tokens[self.at - 1][1])
        if kind in ("string", "char"):
            node.end = self.tokens[self.at][2]
        while self.tokens[self.at][0] == "field" and kind not in ("number", "string", "char"):
            _, text, pos = self.take()
            node.names.append(text[1:])
            node.end = pos + len(text)
        return node


_KEYWORDS = ("if", "else", "end", "range", "with", "break", "continue", "define", "template", "block")
