"""Owns: which commands there are, under which words, and where their functions lie.

Read by the slow path and the compiler of the option table. The first path of a command is the one that its
man page has; `also` are the others. An alias is another spelling of the last word: help and errors show the
real one.
"""

from __future__ import annotations

from typing import NamedTuple


class Command(NamedTuple):
    path: str
    target: str
    """module:function below pypod.cli."""
    also: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    """Whole paths that stand for `path` or for one of `also`: `container ls` for `container list`."""
    usage: str = ""
    """The usage line behind the command's words; empty = made from the arguments."""
    interspersed: bool = True
    """Options may follow the first argument. Not where the rest is a command for the container."""
    arity: str = ""
    """Words for a wrong number of arguments instead of the usual ones."""
    hidden: bool = False
    examples: tuple[str, ...] = ()


GROUPS = {
    "artifact": "Manage OCI artifacts",
    "container": "Manage containers",
    "generate": "Write unit files and other descriptions of containers, pods and volumes",
    "healthcheck": "Manage the health checks of containers",
    "image": "Manage images",
    "kube": "Run containers, pods and volumes from Kubernetes YAML",
    "manifest": "Manage manifest lists and image indexes",
    "network": "Manage networks",
    "pod": "Manage pods",
    "quadlet": "Manage Quadlet files",
    "secret": "Manage secrets",
    "system": "Manage the engine itself",
    "system connection": "Manage connections to other machines",
    "volume": "Manage volumes",
}
"""Commands that only lead to other commands."""

_CTR = "CONTAINER [CONTAINER...]"

COMMANDS = (
    Command(
        "attach",
        "attach:attach",
        ("container attach",),
        arity="`{path}` accepts at most one argument",
        examples=("attach web", "attach --no-stdin web", "attach --detach-keys=ctrl-q web"),
    ),
    Command(
        "commit",
        "commit:commit",
        ("container commit",),
        usage="CONTAINER [IMAGE]",
        examples=("commit web web:2", "commit -q -c CMD=/bin/sh --pause web", "commit --squash web flat"),
    ),
    Command(
        "completion",
        "completion:completion",
        usage="{bash|zsh|fish}",
        examples=("completion bash", "completion zsh -f _pypod", "completion fish --no-desc"),
    ),
    Command(
        "container cleanup",
        "container:cleanup",
        usage=_CTR,
        examples=("container cleanup --all", "container cleanup web"),
    ),
    Command(
        "container clone",
        "clone:clone",
        usage="CONTAINER [NAME [IMAGE]]",
        examples=("container clone web web2", "container clone --destroy --run --memory 1g web"),
    ),
    Command(
        "container diff",
        "diff:container_diff",
        usage="CONTAINER [CONTAINER]",
        examples=("container diff web", "container diff --format json web"),
    ),
    Command(
        "container exists",
        "container:exists",
        examples=("container exists web || pypod run -d --name web IMAGE",),
    ),
    Command(
        "container inspect",
        "inspect:container_inspect",
        usage=_CTR,
        examples=("container inspect web", "container inspect --format '{{.State.Status}}' web"),
    ),
    Command(
        "container prune",
        "container:prune",
        examples=("container prune --force", "container prune --filter until=24h"),
    ),
    Command(
        "cp",
        "cp:cp",
        ("container cp",),
        usage="[CONTAINER:]SRC_PATH [CONTAINER:]DEST_PATH",
        examples=("cp ./conf web:/etc/app", "cp web:/var/log/. logs", "cp - web:/data < data.tar"),
    ),
    Command(
        "create",
        "create:create",
        ("container create",),
        usage="IMAGE [COMMAND [ARG...]]",
        interspersed=False,
        examples=("create --name job IMAGE sleep 60", "create -it --name shell IMAGE sh"),
    ),
    Command(
        "diff",
        "diff:diff",
        usage="{CONTAINER|IMAGE} [{CONTAINER|IMAGE}]",
        examples=("diff web", "diff --format json busybox", "diff web busybox"),
    ),
    Command(
        "events",
        "events:events",
        ("system events",),
        examples=("events", "events --since 1h --filter event=died", "events --stream=false --format json"),
    ),
    Command(
        "exec",
        "exec:exec_",
        ("container exec",),
        usage="CONTAINER [COMMAND [ARG...]]",
        interspersed=False,
        examples=("exec web ls /", "exec -it web sh", "exec --user nobody -e A=1 web env"),
    ),
    Command(
        "export",
        "export:export",
        ("container export",),
        examples=("export -o web.tar web", "export web | tar -tf -"),
    ),
    Command("help", "help:help_", usage="[COMMAND]", examples=("help run", "help container inspect")),
    Command(
        "history",
        "history:history",
        ("image history",),
        examples=("history busybox", "history --format '{{.ID}} {{.Size}}' busybox"),
    ),
    Command(
        "image diff",
        "diff:image_diff",
        usage="IMAGE [IMAGE]",
        examples=("image diff busybox", "image diff web:2 web:1"),
    ),
    Command("image exists", "image:exists", examples=("image exists busybox && pypod run busybox",)),
    Command(
        "image inspect",
        "inspect:image_inspect",
        usage="IMAGE [IMAGE...]",
        examples=("image inspect busybox", "image inspect --format '{{.Id}} {{.Size}}' busybox"),
    ),
    Command(
        "image mount",
        "mount:image_mount",
        usage="[IMAGE...]",
        examples=("unshare sh -c 'ls $(pypod image mount busybox)'", "image mount --format json"),
    ),
    Command(
        "image prune",
        "image_prune:prune",
        examples=("image prune --force", "image prune --all --filter until=24h"),
    ),
    Command(
        "image tree", "history:tree", examples=("image tree busybox", "image tree --whatrequires busybox")
    ),
    Command(
        "image unmount",
        "mount:image_unmount",
        aliases=("image umount",),
        usage="IMAGE [IMAGE...]",
        examples=("image unmount busybox", "image umount --all"),
    ),
    Command(
        "images",
        "images:images",
        ("image list",),
        ("image ls",),
        usage="[IMAGE]",
        examples=("images", "images --filter dangling=true", "images --format '{{.ID}} {{.Repository}}'"),
    ),
    Command(
        "import",
        "image:import_",
        ("image import",),
        usage="PATH [REFERENCE]",
        examples=("import rootfs.tar base:1", "import -c CMD=/bin/sh -c 'ENV A=1' - base < rootfs.tar"),
    ),
    Command(
        "info", "info:info", ("system info",), examples=("info", "info --format '{{.Host.OCIRuntime.Name}}'")
    ),
    Command(
        "init",
        "init:init",
        ("container init",),
        usage=_CTR,
        examples=("init web", "init --all"),
    ),
    Command(
        "inspect",
        "inspect:inspect",
        usage="{CONTAINER|IMAGE|VOLUME} [...]",
        examples=("inspect web", "inspect --type image busybox", "inspect --format '{{.Id}}' web"),
    ),
    Command(
        "kill",
        "kill:kill",
        ("container kill",),
        usage=_CTR,
        examples=("kill web", "kill --signal HUP web", "kill --all"),
    ),
    Command("load", "image:load", ("image load",), examples=("load -i images.tar", "load < images.tar")),
    Command(
        "login",
        "login:login",
        usage="[REGISTRY]",
        examples=("login localhost:5000", "login -u ann --password-stdin localhost:5000 < password"),
    ),
    Command(
        "logout",
        "login:logout",
        usage="[REGISTRY]",
        examples=("logout localhost:5000", "logout --all"),
    ),
    Command(
        "logs",
        "logs:logs",
        ("container logs",),
        usage=_CTR,
        examples=("logs web", "logs --tail 10 -f web", "logs --since 10m -t web"),
    ),
    Command(
        "mount",
        "mount:mount",
        ("container mount",),
        usage="[CONTAINER...]",
        examples=("unshare sh -c 'cat $(pypod mount web)/etc/hosts'", "mount --format json"),
    ),
    Command(
        "pause",
        "pause:pause",
        ("container pause",),
        usage=_CTR,
        examples=("pause web", "pause --all"),
    ),
    Command(
        "pod create",
        "pod:create",
        usage="[NAME]",
        examples=("pod create web", "pod create --name web -p 8080:80 --share net,ipc"),
    ),
    Command(
        "pod exists",
        "pod:exists",
        examples=("pod exists web || pypod pod create web",),
    ),
    Command(
        "pod inspect",
        "podview:inspect",
        usage="POD [POD...]",
        examples=("pod inspect web", "pod inspect --format '{{.State}}' web"),
    ),
    Command(
        "pod kill",
        "pod:kill",
        usage="POD [POD...]",
        examples=("pod kill web", "pod kill --signal HUP web"),
    ),
    Command(
        "pod logs",
        "podlogs:logs",
        usage="POD",
        examples=("pod logs -f --names web", "pod logs --tail 10 -c app web"),
    ),
    Command(
        "pod pause",
        "pod:pause",
        usage="POD [POD...]",
        examples=("pod pause web", "pod pause --all"),
    ),
    Command(
        "pod prune",
        "pod:prune",
        examples=("pod prune --force",),
    ),
    Command(
        "pod ps",
        "podview:ps",
        aliases=("pod list", "pod ls"),
        examples=("pod ps --ctr-names", "pod ps --filter status=running --format '{{.Name}}'"),
    ),
    Command(
        "pod restart",
        "pod:restart",
        usage="POD [POD...]",
        examples=("pod restart web", "pod restart --all"),
    ),
    Command(
        "pod revive",
        "pod:revive",
        usage="POD",
        hidden=True,
    ),
    Command(
        "pod rm",
        "pod:rm",
        aliases=("pod remove",),
        usage="POD [POD...]",
        examples=("pod rm web", "pod rm --force --time 2 web"),
    ),
    Command(
        "pod settle",
        "pod:settle",
        usage="POD",
        hidden=True,
    ),
    Command(
        "pod start",
        "pod:start",
        usage="POD [POD...]",
        examples=("pod start web", "pod start --all"),
    ),
    Command(
        "pod stats",
        "podview:stats",
        usage="[POD...]",
        examples=("pod stats --no-stream", "pod stats --format json web"),
    ),
    Command(
        "pod stop",
        "pod:stop",
        usage="POD [POD...]",
        examples=("pod stop web", "pod stop --time 3 web"),
    ),
    Command(
        "pod top",
        "podview:top",
        usage="POD [FORMAT-DESCRIPTORS|ARGS]",
        examples=("pod top web", "pod top web pid user args"),
    ),
    Command(
        "pod unpause",
        "pod:unpause",
        usage="POD [POD...]",
        examples=("pod unpause web",),
    ),
    Command(
        "port",
        "port:port",
        ("container port",),
        usage="[add|rm] CONTAINER [PORT[/PROTOCOL]...]",
        examples=("port web", "port web 80/tcp", "port --all", "port add web -p 8080:80", "port rm web 80"),
    ),
    Command(
        "ps",
        "ps:ps",
        ("container list", "container ps"),
        ("container ls",),
        examples=("ps", "ps -a --format '{{.ID}} {{.Names}} {{.Status}}'", "ps --filter label=app=web -q"),
    ),
    Command(
        "pull",
        "pull:pull",
        ("image pull",),
        usage="IMAGE [IMAGE...]",
        examples=(
            "pull busybox",
            "pull --platform linux/arm64 busybox:1",
            "pull --all-tags localhost:5000/web",
        ),
    ),
    Command(
        "push",
        "push:push",
        ("image push",),
        usage="IMAGE [DESTINATION]",
        examples=("push localhost:5000/web:1", "push web localhost:5000/team/web:1"),
    ),
    Command(
        "rename",
        "rename:rename",
        ("container rename",),
        examples=("rename web old-web",),
    ),
    Command(
        "restart",
        "restart:restart",
        ("container restart",),
        usage=_CTR,
        examples=("restart web", "restart --time 2 web db", "restart --running"),
    ),
    Command(
        "rm",
        "rm:rm",
        ("container rm",),
        usage=_CTR,
        examples=("rm web", "rm --force --all", "rm --filter status=exited"),
    ),
    Command(
        "rmi",
        "rmi:rmi",
        ("image rm",),
        usage="IMAGE [IMAGE...]",
        examples=("rmi busybox", "rmi --all --force"),
    ),
    Command(
        "run",
        "run:run",
        ("container run",),
        usage="IMAGE [COMMAND [ARG...]]",
        interspersed=False,
        examples=(
            "run --rm -it IMAGE sh",
            "run -d --name web -v ./site:/srv:ro IMAGE",
            "run --rm --memory 256m --cpus 1.5 IMAGE make",
        ),
    ),
    Command(
        "save",
        "save:save",
        ("image save",),
        usage="IMAGE [IMAGE...]",
        examples=(
            "save -o web.tar web:1",
            "save --format oci-archive -m -o all.tar web:1 db:2",
            "save web:1 | gzip > web.tar.gz",
        ),
    ),
    Command(
        "secret create",
        "secret:create",
        usage="NAME FILE|-",
        examples=("secret create token ./token", 'printf %s "$TOKEN" | pypod secret create token -'),
    ),
    Command(
        "secret exists", "secret:exists", examples=("secret exists token || pypod secret create token f",)
    ),
    Command(
        "secret inspect",
        "secret:inspect",
        usage="SECRET [SECRET...]",
        examples=("secret inspect token", "secret inspect --format '{{.Spec.Name}}' token"),
    ),
    Command(
        "secret ls",
        "secret:ls",
        aliases=("secret list",),
        examples=("secret ls", "secret ls --format '{{.Name}}'"),
    ),
    Command(
        "secret rm",
        "secret:rm",
        aliases=("secret remove",),
        usage="SECRET [SECRET...]",
        examples=("secret rm token", "secret rm --all"),
    ),
    Command(
        "start",
        "start:start",
        ("container start",),
        usage=_CTR,
        examples=("start web", "start --attach job", "start --all"),
    ),
    Command(
        "stats",
        "stats:stats",
        ("container stats",),
        usage="[CONTAINER...]",
        examples=("stats", "stats --no-stream --all", "stats --format '{{.Name}} {{.CPUPerc}}' web db"),
    ),
    Command(
        "stop",
        "stop:stop",
        ("container stop",),
        usage=_CTR,
        examples=("stop web", "stop --time 2 web db", "stop --all"),
    ),
    Command(
        "system check",
        "system:check",
        examples=("system check", "system check --quick", "system check --repair --max 1h"),
    ),
    Command("system df", "system:df", examples=("system df", "system df --format json")),
    Command(
        "system prune",
        "system:prune",
        examples=("system prune --force", "system prune --all --volumes"),
    ),
    Command("system reset", "system:reset", examples=("system reset", "system reset --force")),
    Command(
        "tag",
        "tag:tag",
        ("image tag",),
        usage="IMAGE TARGET_NAME [TARGET_NAME...]",
        examples=("tag busybox localhost:5000/team/busybox:1",),
    ),
    Command(
        "top",
        "top:top",
        ("container top",),
        usage="CONTAINER [DESCRIPTOR...|PS-ARGUMENT...]",
        interspersed=False,
        examples=("top web", "top web pid user args %C", "top web -eo pid,comm", "top --latest hpid huser"),
    ),
    Command(
        "unmount",
        "mount:unmount",
        ("container unmount",),
        aliases=("umount", "container umount"),
        usage=_CTR,
        examples=("unmount web", "umount --all --force"),
    ),
    Command(
        "unpause",
        "pause:unpause",
        ("container unpause",),
        usage=_CTR,
        examples=("unpause web", "unpause --all"),
    ),
    Command(
        "unshare",
        "unshare:unshare",
        usage="[COMMAND [ARG...]]",
        interspersed=False,
        examples=("unshare id", "unshare cat /proc/self/uid_map"),
    ),
    Command(
        "untag",
        "tag:untag",
        ("image untag",),
        usage="IMAGE [NAME...]",
        examples=("untag busybox localhost/old:1", "untag 3fa1c2"),
    ),
    Command(
        "update",
        "update:update",
        ("container update",),
        usage="CONTAINER",
        examples=("update --memory 512m --cpus 2 web", "update --pids-limit -1 --env MODE=slow web"),
    ),
    Command("version", "version:version", examples=("version", "version --format '{{.Client.Version}}'")),
    Command(
        "volume create",
        "volume:create",
        usage="[NAME]",
        examples=("volume create data", "volume create --label app=web data"),
    ),
    Command("volume exists", "volume:exists", examples=("volume exists data",)),
    Command(
        "volume export",
        "volume:export",
        examples=("volume export -o data.tar data", "volume export data | gzip > data.tar.gz"),
    ),
    Command(
        "volume import",
        "volume:import_",
        examples=("volume import data data.tar.gz", "volume export old | pypod volume import new -"),
    ),
    Command(
        "volume inspect",
        "volume:inspect",
        usage="VOLUME [VOLUME...]",
        examples=("volume inspect data", "volume inspect --all --format '{{.Mountpoint}}'"),
    ),
    Command(
        "volume ls",
        "volume:ls",
        aliases=("volume list",),
        examples=("volume ls", "volume ls --format '{{.Name}}'", "volume ls --filter label=app=web"),
    ),
    Command(
        "volume mount",
        "volume:mount",
        usage="VOLUME [VOLUME...]",
        examples=("unshare pypod volume mount data",),
    ),
    Command(
        "volume prune",
        "volume:prune",
        examples=("volume prune --force", "volume prune --filter label=app=web"),
    ),
    Command(
        "volume rm",
        "volume:rm",
        aliases=("volume remove",),
        usage="VOLUME [VOLUME...]",
        examples=("volume rm data", "volume rm --all"),
    ),
    Command(
        "volume unmount",
        "volume:unmount",
        usage="VOLUME [VOLUME...]",
        examples=("unshare pypod volume unmount data",),
    ),
    Command(
        "wait",
        "wait:wait",
        ("container wait",),
        usage=_CTR,
        examples=("wait web", "wait --condition running web"),
    ),
)
"""Every command that has a function here. What Podman has besides is known from docs/options/compat.tsv."""

MISSING_ALIASES = {
    "generate kube": "kube generate",
    "image build": "build",
    "image search": "search",
    "network list": "network ls",
    "network remove": "network rm",
    "play kube": "kube play",
    "system connection ls": "system connection list",
    "system connection mv": "system connection rename",
    "system connection rm": "system connection remove",
}
"""Other spellings of commands that are not there yet."""

_IMAGE = 'make an image with "pypod import" or "pypod load" meanwhile'

_CHECKPOINT = (
    'writing processes to disk needs root; "pypod commit" keeps the files, "pypod pause" the processes'
)

REMEDIES = {
    "build": _IMAGE,
    "image build": _IMAGE,
    "container checkpoint": _CHECKPOINT,
    "container restore": _CHECKPOINT,
}
"""What to do instead of a command that is not there yet."""
