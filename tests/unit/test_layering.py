"""Every import of the product is held against the table of layers: imports point down only."""

from __future__ import annotations

import ast
import sys

import pytest

from tests.support.sources import PACKAGES, Import, iter_modules, read_imports

# layer -> what it may import besides itself. A row that ends with "." means the package, any module of it.
BASE = ("libpod.errors", "libpod.log", "libpod.model", "libpod.units")
GROUND = (*BASE, "libpod.kernel", "libpod.util")
DATA = (*GROUND, "libpod.conf", "libpod.state")
SERVICES = (
    "libpod.rootless",
    "libpod.storage",
    "libpod.image",
    "libpod.network",
    "libpod.oci",
    "libpod.monitorctl",
    "libpod.unmonitored",
    "libpod.volumes",
    "libpod.secrets",
    "libpod.events",
)
USE = (*DATA, *SERVICES, "libpod.spec")
BOOT_UTIL = tuple(
    f"libpod.util.{name}"
    for name in (
        "alive",
        "atomic",
        "copytree",
        "eventlog",
        "failpoint",
        "journald",
        "jsonio",
        "lock",
        "spawn",
        "staging",
        "undo",
        "wire",
    )
)

ALLOWED: dict[str, tuple[str, ...]] = {
    # 0
    "libpod.errors": (),
    "libpod.log": (),
    "libpod.units": ("libpod.errors",),
    "libpod.model": ("libpod.errors", "libpod.units"),
    # 1
    "libpod.kernel": BASE,
    "libpod.util": (*BASE, "libpod.kernel"),
    # a program of its own, of the boot set
    "libpod.monitor": (
        "libpod.errors",
        "libpod.log",
        "libpod.model",
        "libpod.kernel",
        *BOOT_UTIL,
        "libpod.oci.classify",
        "libpod.oci.runtime",
    ),
    # 2
    "libpod.conf": (*GROUND,),
    "libpod.state": (*GROUND, "libpod.conf.paths"),
    # 3: sideways only image -> storage, network -> rootless, storage -> rootless
    "libpod.rootless": DATA,
    "libpod.storage": (*DATA, "libpod.rootless"),
    "libpod.image": (*DATA, "libpod.storage"),
    "libpod.network": (*DATA, "libpod.rootless"),
    "libpod.oci": DATA,
    "libpod.monitorctl": (*DATA, "libpod.monitor", "libpod.oci", "libpod.unmonitored"),
    "libpod.unmonitored": (*DATA, "libpod.monitor", "libpod.oci", "libpod.monitorctl"),
    "libpod.volumes": DATA,
    "libpod.secrets": DATA,
    "libpod.events": DATA,
    # 4: pure (jsonio turns text into data and back)
    "libpod.spec": (*BASE, "libpod.conf.security", "libpod.util.jsonio"),
    # 5
    "libpod.engine": USE,
    "libpod.kube": (*USE, "libpod.engine"),
    "libpod.build": (*USE, "libpod.engine"),
    # 6: parse, call the engine, format
    "pypod.ui": BASE,
    "pypod.api": (*USE, "libpod.engine", "libpod.kube", "libpod.build", "pypod.ui"),
    "pypod.cli": (*USE, "libpod.engine", "libpod.kube", "libpod.build", "pypod.ui", "pypod.api"),
    "pypod.cli.quadlet": (*USE, "libpod.engine", "pypod.ui", "pypod.cli", "pypod_systemd"),
    "pypod.cli.generate": (*USE, "libpod.engine", "pypod.ui", "pypod.cli", "pypod_systemd"),
    "pypod.__main__": ("pypod.cli",),
    "pypod": (),
    # unit files: never the engine, never yaml
    "pypod_systemd": ("libpod.errors", "libpod.conf.paths", "libpod.util.atomic"),
}

# The few edges that go over a layer's border, each with its reason.
EXCEPTIONS: dict[tuple[str, str], str] = {}

STDLIB = {*sys.stdlib_module_names, "_sha2", "_sha256"}
"""C cores change their names between versions: each may be tried."""

THIRD_PARTY = {
    "typer": ("pypod.cli",),
    "click": ("pypod.cli",),
    "httpx": ("libpod.image", "pypod.api", "pypod.cli"),
    "pyroute2": ("libpod.network",),
    "yaml": ("libpod.conf", "libpod.kube"),
    "sh": ("libpod.engine", "libpod.rootless", "libpod.network", "pypod.cli"),
    "backports": ("libpod.image", "libpod.util"),
    "compression": ("libpod.image", "libpod.util"),
    "isal": ("libpod.image", "libpod.util"),
}
"""A library, and the layers that may use it."""


def within(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


def layer_of(module: str) -> str:
    """Return the row of the table that a module belongs to: the longest that fits."""
    fits = [layer for layer in ALLOWED if within(module, layer)]
    return max(fits, key=len, default="")


def check_edge(edge: Import, own: set[str]) -> str:
    """Return what is wrong with an import, or nothing."""
    layer = layer_of(edge.importer)
    if not layer:
        return f"{edge.importer} belongs to no layer: add it to the table"
    top = edge.target.split(".")[0]
    if top in PACKAGES:
        target = edge.target if edge.target in own else edge.target.rpartition(".")[0]
        if target in PACKAGES or within(edge.target, layer) or (edge.importer, target) in EXCEPTIONS:
            return ""
        if layer_of(target) == layer or any(within(edge.target, allowed) for allowed in ALLOWED[layer]):
            return ""
        return f"{edge.importer}:{edge.line}: {layer} may not import {target}"
    if top in STDLIB or edge.typing_only:
        return ""
    if top in THIRD_PARTY and any(within(edge.importer, user) for user in THIRD_PARTY[top]):
        return (
            ""
            if edge.lazy or top in ("typer", "click")
            else f"{edge.importer}:{edge.line}: import {top} inside a function"
        )
    return f"{edge.importer}:{edge.line}: {top} is not among the libraries of {layer}"


def all_imports() -> tuple[list[Import], set[str]]:
    modules = [(name, path) for package in PACKAGES for name, path in iter_modules(package)]
    edges = [edge for name, path in modules for edge in read_imports(name, path.read_text())]
    return edges, {name for name, _ in modules}


def test_imports_point_down_only() -> None:
    edges, own = all_imports()
    assert len(own) > 20, "the sources were not found"
    wrong = [message for edge in edges if (message := check_edge(edge, own))]
    assert not wrong, "\n" + "\n".join(wrong)


def test_package_files_are_empty() -> None:
    """An `__init__.py` holds a docstring and at most the version: importing a package must cost nothing."""
    full = []
    for package in PACKAGES:
        for _, path in iter_modules(package):
            body = ast.parse(path.read_text()).body
            if path.name == "__init__.py" and not all(map(is_docstring_or_version, body)):
                full.append(str(path))
    assert not full, full


def is_docstring_or_version(node: ast.stmt) -> bool:
    if isinstance(node, ast.Assign):
        return [t.id for t in node.targets if isinstance(t, ast.Name)] == ["__version__"]
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def test_every_exception_is_used() -> None:
    edges, own = all_imports()
    used = {(e.importer, e.target if e.target in own else e.target.rpartition(".")[0]) for e in edges}
    assert not set(EXCEPTIONS) - used


@pytest.mark.parametrize(
    ("importer", "target", "allowed"),
    [
        ("libpod.kernel.mount", "libpod.errors.KernelError", True),
        ("libpod.kernel.mount", "libpod.util.atomic", False),
        ("libpod.monitor.loop", "libpod.util.wire", True),
        ("libpod.monitor.loop", "libpod.state.db", False),
        ("libpod.spec.merge", "libpod.storage.layers", False),
        ("libpod.engine.start", "libpod.kube.play", False),
        ("libpod.kube.play", "libpod.engine.start", True),
        ("libpod.state.db", "pypod.ui.table", False),
        ("pypod_systemd.generator", "libpod.engine.list", False),
        ("pypod.cli.quadlet", "pypod_systemd.generator", True),
        ("pypod.cli.run", "pypod_systemd.generator", False),
        ("libpod.image.pull", "httpx", True),
        ("libpod.engine.start", "httpx", False),
        ("libpod.engine.start", "requests", False),
    ],
)
def test_the_rules_themselves(importer: str, target: str, allowed: bool) -> None:
    edge = Import(importer, target, 1, True, False)
    assert (check_edge(edge, {target, target.rpartition(".")[0]} - {""}) == "") is allowed


def test_imports_under_type_checking_are_told_apart() -> None:
    source = "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    import httpx\ndef f():\n    import yaml\n"
    edges = read_imports("libpod.kube.x", source)
    assert [(e.target, e.lazy, e.typing_only) for e in edges] == [
        ("httpx", False, True),
        ("yaml", True, False),
    ]
