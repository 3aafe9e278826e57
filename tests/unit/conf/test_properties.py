"""Configuration files with any content: settings, or an error that names the file. Never anything else."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libpod.conf import containers, registries, storage
from libpod.errors import ConfigError, ProcessError, ToolMissingError
from libpod.image import auth

KEYS = [
    "[containers]",
    "[engine]",
    "[engine.runtimes]",
    "[network]",
    "[storage]",
    "[storage.options]",
    "[storage.options.overlay]",
    "[[registry]]",
    "[[registry.mirror]]",
    "[aliases]",
    "annotations",
    "default_capabilities",
    "env",
    "pids_limit",
    "log_size_max",
    "userns",
    "cgroup_manager",
    "crun",
    "driver",
    "mount_program",
    "location",
    "prefix",
    "insecure",
    "blocked",
    "unqualified-search-registries",
    "short-name-mode",
]
VALUES = ["true", "-1", "1.5", '"text"', '""', "[]", '["a", 1]', "[[]]", "{}", "{a = 1}", "1979-05-27", "nan"]

line = (
    st.sampled_from([key for key in KEYS if key.startswith("[")])
    | st.builds(lambda key, value: f"{key} = {value}", st.sampled_from(KEYS[10:]), st.sampled_from(VALUES))
    | st.text(max_size=20)
)
content = st.lists(line, max_size=8).map(
    lambda lines: "\n".join(lines).encode("utf-8", "surrogatepass")
) | st.binary(max_size=60)


@pytest.fixture(scope="module")
def path() -> Path:
    return Path(tempfile.mkdtemp()) / "file.conf"


@given(data=content)
@settings(max_examples=300)
@pytest.mark.parametrize("reader", [containers.read, storage.read], ids=["containers", "storage"])
def test_any_content(data: bytes, reader: object, path: Path) -> None:
    path.write_bytes(data)
    try:
        reader(str(path), {})  # type: ignore[operator]
    except ConfigError as e:
        if str(path) not in str(e):
            raise


@given(data=content)
@settings(max_examples=300)
def test_any_registries(data: bytes, path: Path) -> None:
    path.write_bytes(data)
    try:
        found = registries.load({registries.ENV: str(path)})
        found.match("docker.io/library/x")
    except ConfigError as e:
        if str(path) not in str(e):
            raise


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=12)
    | st.sampled_from(["dTpw", "dQ==", "no-such"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["auth", "username", "password", "identitytoken", "h", "h/a", "https://h/v1/", "x"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(
    document=st.fixed_dictionaries(
        {}, optional={k: anything for k in ("auths", "credHelpers", "credsStore", "x")}
    )
)
@settings(max_examples=300)
def test_any_credentials(document: dict[str, object], path: Path) -> None:
    path.write_text(json.dumps(document))
    try:
        found = auth.AuthFile(str(path)).lookup("h/a/b")
    except (ConfigError, ProcessError, ToolMissingError) as e:
        assert e.remedy  # noqa: PT017
        return
    assert found is None or found.basic().startswith("Basic ")
