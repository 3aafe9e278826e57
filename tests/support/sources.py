"""Owns: where the sources of the code under test lie, and which modules each of them imports."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PACKAGES = ("pypod", "libpod", "pypod_systemd")
TREE = Path(__file__).resolve().parents[2]
"""The checkout, or the copy of its tests and documents that the test account runs."""


class Import(NamedTuple):
    importer: str
    """Full module name of the file that has the import statement."""
    target: str
    """Full name of what it imports: a module, or a name inside one."""
    line: int
    lazy: bool
    """The statement is inside a function: it runs when the function does."""
    typing_only: bool
    """The statement is under `if TYPE_CHECKING:`: it never runs."""


def package_dir(package: str) -> Path:
    """Return the folder of an imported package: in the checkout or installed, as Python finds it."""
    spec = importlib.util.find_spec(package)
    assert spec is not None, f"the package {package} is not on sys.path"
    assert spec.submodule_search_locations, f"{package} is not a package"
    return Path(next(iter(spec.submodule_search_locations)))


def iter_modules(package: str) -> Iterator[tuple[str, Path]]:
    """Yield (full module name, file) of every Python file of a package."""
    top = package_dir(package)
    for path in sorted(top.rglob("*.py")):
        parts = (package, *path.relative_to(top).with_suffix("").parts)
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def read_imports(module: str, source: str) -> list[Import]:
    """Return every import statement of one file, those inside functions and `if TYPE_CHECKING:` as well."""
    found: list[Import] = []

    def walk(node: ast.AST, lazy: bool, typing_only: bool) -> None:
        if isinstance(node, ast.Import):
            found.extend(Import(module, a.name, node.lineno, lazy, typing_only) for a in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            found.extend(
                Import(module, f"{base}.{a.name}", node.lineno, lazy, typing_only) for a in node.names
            )
        elif isinstance(node, ast.If) and _is_type_checking(node.test):
            for statement in node.body:
                walk(statement, lazy, True)
            for statement in node.orelse:
                walk(statement, lazy, typing_only)
        else:
            inside = lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            for child in ast.iter_child_nodes(node):
                walk(child, inside, typing_only)

    walk(ast.parse(source), False, False)
    return found


def _is_type_checking(test: ast.expr) -> bool:
    if isinstance(test, ast.Constant):
        return test.value is False
    name = test.id if isinstance(test, ast.Name) else test.attr if isinstance(test, ast.Attribute) else ""
    return name == "TYPE_CHECKING"
