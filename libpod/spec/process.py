"""Owns: the OCI process object (runtime-spec config.md "Process"): of the container, and of each `exec`."""

from __future__ import annotations

from libpod.conf.security import ALL_CAPS
from libpod.errors import UsageError
from libpod.spec import capabilities, resources
from libpod.spec import env as variables
from libpod.spec.mounts import INIT_PATH
from libpod.spec.users import KEEP_GROUPS, MAX_ID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from libpod.model.container import ContainerRecord
    from libpod.model.request import AssembleContext, UserInfo


def check_text(args: Sequence[str], env: Sequence[str]) -> None:
    """Raise UsageError for words that are not UTF-8: the runtime's configuration is JSON, which can hold text
    only."""
    for what, values in (("argument", args), ("variable", env)):
        for value in values:
            if not value.isascii():
                try:
                    value.encode("utf-8")
                except UnicodeEncodeError:
                    shown = ascii(value if what == "argument" else value.partition("=")[0])
                    raise UsageError(
                        f"the {what} {shown} is not text in UTF-8: it cannot be passed into a container",
                        remedy="give it to the command in a file, or on stdin",
                    ) from None


def _user(user: UserInfo, umask: int, gid_count: int = MAX_ID + 1) -> dict[str, object]:
    """Groups that are not in the user namespace are left out: setgroups(2) would refuse them all."""
    found: dict[str, object] = {"uid": user["uid"], "gid": user["gid"], "umask": umask}
    groups = [gid for gid in user["groups"] if gid < gid_count]
    if groups and gid_count > 1:
        found["additionalGids"] = groups
    return found


def _environment(record: ContainerRecord, home: str) -> list[str]:
    """The record's variables, with HOME and HOSTNAME where nobody set them."""
    found = list(record["env"])
    names = {item.partition("=")[0] for item in found}
    if "HOME" not in names:
        found.append(f"HOME={home}")
    if "HOSTNAME" not in names and record["hostname"]:
        found.append(f"HOSTNAME={record['hostname']}")
    if record.get("systemd") and "container_uuid" not in names:
        found.append(f"container_uuid={record['id'][:32]}")
    return found


def _gid_count(record: ContainerRecord, ctx: AssembleContext) -> int:
    rows = record["userns"]["gidmap"]
    if rows:
        return max(first + size for first, _, size in rows)
    return ctx.get("gid_count", MAX_ID + 1)


def container_process(record: ContainerRecord, ctx: AssembleContext) -> dict[str, object]:
    """The process object of the container's first process."""
    user, security = ctx["user"], record["security"]
    args = record["args"]
    if record["init"]:
        args = [INIT_PATH, "--", *args]
    found: dict[str, object] = {
        "terminal": record["tty"],
        "user": _user(user, record["umask"], _gid_count(record, ctx)),
        "args": args,
        "env": _environment(record, user["home"]),
        "cwd": record["workdir"],
        "capabilities": capabilities.process_sets(security["capabilities"], security["cap_add"], user["uid"]),
        "noNewPrivileges": security["no_new_privileges"],
    }
    size = ctx.get("console_size")
    if size and record["tty"]:
        found["consoleSize"] = {"height": size[0], "width": size[1]}
    limits = resources.rlimits(record["ulimits"], ctx.get("rlimits", {}), ctx.get("pid_max", 0))
    if limits:
        found["rlimits"] = limits
    adj = record["resources"].get("oom_score_adj")
    if adj is not None:
        found["oomScoreAdj"] = adj
    if ctx.get("apparmor"):
        found["apparmorProfile"] = ctx["apparmor"]
    return found


def keeps_groups(record: ContainerRecord) -> bool:
    """`--group-add keep-groups`: the process keeps the supplementary groups of the user who started it."""
    return KEEP_GROUPS in record["group_add"]


def exec_process(
    base: Mapping[str, object],
    *,
    command: Sequence[str],
    env: Sequence[str] = (),
    user: UserInfo | None = None,
    workdir: str = "",
    tty: bool = False,
    privileged: bool = False,
    console_size: Sequence[int] | None = None,
    container_env: Sequence[str] = (),
    available: Iterable[str] = (),
) -> dict[str, object]:
    """The process object of an `exec`, made from the container's own (`base`, the `process` of its bundle).

    `user` None = the container's. Root gets the whole bounding set; the container's own user what the
    container has; any other user nothing. `privileged` widens the bounding set to
    everything `available`, or known. `container_env` is the record's environment: a HOME that is set there
    stays for every user.
    """
    base_user = base["user"]
    base_caps = base["capabilities"]
    assert isinstance(base_user, dict)
    assert isinstance(base_caps, dict)
    bounding = sorted(available or ALL_CAPS) if privileged else list(base_caps.get("bounding", ()))
    uid = base_user["uid"] if user is None else user["uid"]
    same = user is None or (user["uid"] == base_user["uid"] and user["gid"] == base_user["gid"])
    sets: dict[str, object] = {"bounding": bounding}
    if uid == 0:
        sets = {"bounding": bounding, "effective": bounding, "permitted": bounding}
    elif same and base_caps.get("ambient"):
        own = base_caps["ambient"]
        sets.update({"effective": own, "inheritable": own, "permitted": own, "ambient": own})
    found: dict[str, object] = {
        "terminal": tty,
        "user": base_user if user is None else _user(user, base_user.get("umask", 0o022)),
        "args": list(command),
        "env": _exec_env(base, env, user, container_env),
        "cwd": workdir or base["cwd"],
        "capabilities": sets,
        "noNewPrivileges": base.get("noNewPrivileges", False),
    }
    if tty and console_size:
        found["consoleSize"] = {"height": console_size[0], "width": console_size[1]}
    for key in ("rlimits", "oomScoreAdj", "apparmorProfile", "selinuxLabel"):
        if key in base:
            found[key] = base[key]
    return found


def _exec_env(
    base: Mapping[str, object], extra: Sequence[str], user: UserInfo | None, container_env: Sequence[str]
) -> list[str]:
    inherited = base["env"]
    assert isinstance(inherited, list)
    layers: list[list[str]] = [inherited]
    if user is not None and variables.get(container_env, "HOME") is None:
        layers.append([f"HOME={user['home']}"])
    return variables.merge([*layers, extra])
