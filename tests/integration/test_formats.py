"""`--format`: the same templates give the same text as with Podman."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.neighbour import Podman
from tests.support.engine import Pypod

pytestmark = pytest.mark.needs("crun", "podman", "newuidmap", "busybox")

IMAGE = "localhost/busybox"


@pytest.fixture(scope="module")
def podman(common_store: Pypod) -> Iterator[Podman]:
    found = Podman(common_store.base / "podman")
    found("import", str(common_store.image_tar), IMAGE)
    found("create", "--network=none", *CONTAINER, IMAGE, "echo", "two words")
    yield found
    found.close()


CONTAINER = ("--name", "made", "-l", "a=b", "-l", "c=", "-e", "X=1", "-v", "data:/d")
LOGIC = (
    '{{len .Mounts}} {{index .Config.Labels "a"}} {{upper .Name}} {{lower "ABC"}} {{title "word"}}',
    "{{range .Mounts}}{{.Type}}:{{.Name}}:{{.Destination}}:{{.RW}}{{end}}",
    "{{range $k, $v := .Config.Labels}}<{{$k}}={{$v}}>{{end}}{{range .Args}}[{{.}}]{{else}}none{{end}}",
    "{{with .Config.Labels}}{{.a}}{{end}}{{with .HostConfig.Dns}}dns{{else}}no{{end}}",
    '{{if .State.Running}}up{{else if eq .State.Status "created"}}new{{else}}down{{end}}',
    '{{join .Config.Cmd "-"}} {{split .ImageName "/"}} {{json .Config.Cmd}} {{json .Config.Labels}}',
    '{{printf "%-8s|%5d|%q|%v" .Name .State.ExitCode .Path .State.Running}} {{truncate .Name 2}}',
    "{{.Path}} {{.Args}} {{.Config.Cmd}} {{.Config.Labels}} {{.State.Pid}} {{.RestartCount}}",
    '{{and .Name .State.Running}} {{or "" .Name}} {{not .State.Running}} {{ne .Name "x"}} {{index .Args 0}}',
)
CALLS = (
    *(("inspect", "made", "--format", text) for text in LOGIC),
    ("ps", "-a", "--format", "{{.Names}} {{.Image}} {{.Command}} {{.Labels}} {{.Mounts}} {{.ExitCode}}"),
    ("ps", "-a", "--format", "{{range .}}{{.Names}};{{end}}"),
    ("ps", "-a", "--format", "table {{.Names}}\\t{{.Image}}"),
    ("ps", "-a", "--format", '{{len .Mounts}} {{join .Mounts ","}} {{upper .Names}} {{json .Labels}}'),
    ("images", "--format", "{{.Repository}}:{{.Tag}} {{.Names}} {{.Labels}} {{.Containers}} {{.ReadOnly}}"),
    ("images", "--format", "table {{.Repository}}\\t{{.Tag}}"),
    ("images", "--noheading", "--format", "table {{.Repository}} {{.Tag}}"),
    ("volume", "ls", "--format", "{{.Name}} {{.Driver}} {{.Scope}} {{.Labels}} {{.Options}}"),
    ("volume", "ls", "--format", "table {{.Name}}\\t{{.Driver}}"),
    ("volume", "inspect", "data", "--format", "{{.Name}} {{.Driver}} {{.Scope}} {{.Options}} {{.UID}}"),
    ("info", "--format", "{{.Host.OS}} {{.Host.Arch}} {{.Host.Security.Rootless}} {{.Host.Kernel}}"),
    ("version", "--format", "{{.Client.Os}} {{.Client.OsArch}}"),
)


# covers: inspect --format, ps --format, images --format, volume ls --format, info --format, version --format
def test_as_podman_prints_it(pypod: Pypod, podman: Podman) -> None:
    pypod("import", str(pypod.image_tar), IMAGE)
    pypod("create", "--network=none", *CONTAINER, IMAGE, "echo", "two words")
    ours = {words: pypod(*words).stdout.strip() for words in CALLS}
    assert ours == {words: podman(*words) for words in CALLS}
