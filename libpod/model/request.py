"""Owns: the shapes that go into and through `libpod.spec`: the typed request, facts about the host, the
context of a bundle.

All are plain dicts. `Rows` are identity maps: [container id, id in the user's namespace, size].
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NotRequired, TypedDict

    from libpod.model.container import (
        DeviceRecord,
        EtcRecord,
        MountRecord,
        NetworkRecord,
        PortRecord,
        ResourceRecord,
        SecretUse,
        UlimitRecord,
        UserNsRecord,
    )

    class UserNsRequest(TypedDict):
        mode: str
        """`host`, `keep-id`, `nomap`, `auto`, `map`, `container`, `ns`; empty = that of the settings."""
        uid: int
        """keep-id: the id that the user has inside; -1 = the user's own."""
        gid: int
        size: int
        """How many ids the namespace has; 0 = keep-id: all that the user has, auto: what the image needs."""
        uidmap: list[list[int]]
        gidmap: list[list[int]]
        join: str
        """container: as the user named it; ns: a path."""
        subuidname: str
        """The entries of /etc/subuid that are the map."""
        subgidname: str

    class SecurityRequest(TypedDict):
        privileged: bool
        cap_add: list[str]
        """Full upper-case names, or `ALL`."""
        cap_drop: list[str]
        no_new_privileges: bool
        seccomp: str
        apparmor: str
        label: list[str]
        mask: list[str]
        unmask: list[str]
        proc_opts: list[str]
        read_only: bool
        read_only_tmpfs: bool

    class ProcessRequest(TypedDict):
        """The part of a request that is about the process."""

        command: list[str]
        entrypoint: list[str] | None
        """None = the image's; [] = the image's is dropped."""
        env: list[str]
        """`NAME=value`, later wins; host variables (`-e NAME`, `-e PRE*`, --env-host, proxies) are already
        filled in.
        """
        env_host: list[str]
        """Host variables below everything but the built-in defaults (--env-host, proxy variables)."""
        env_merge: list[str]
        """`NAME=value`, in which `$NAME` and `${NAME}` stand for variables of the image."""
        unsetenv: list[str]
        unsetenv_all: bool
        user: str
        group_add: list[str]
        workdir: str
        hostname: str
        tty: bool
        interactive: bool
        umask: int
        """-1 = the default."""
        timezone: str
        init: bool | None
        init_path: str
        stop_signal: int
        """0 = the image's."""
        stop_timeout_s: int
        """-1 = the default."""
        timeout_s: int

    class Request(ProcessRequest):
        """What the user asked for, parsed. None or an empty value = not given."""

        name: str
        image: str
        pull: str
        rootfs: bool
        """`image` is a host directory."""
        rootfs_overlay: bool
        labels: dict[str, str]
        annotations: dict[str, str]
        mounts: list[MountRecord]
        volumes_from: list[list[str]]
        """[container as the user named it, options]"""
        image_volume: str
        """`anonymous`, `tmpfs`, `ignore`."""
        devices: list[DeviceRecord]
        cdi: list[str]
        network: NetworkRecord | None
        ports: list[PortRecord]
        publish_all: bool
        pid: str
        ipc: str
        uts: str
        cgroupns: str
        userns: UserNsRequest
        security: SecurityRequest
        resources: ResourceRecord
        ulimits: list[UlimitRecord] | None
        sysctl: dict[str, str]
        shm_size_bytes: int
        """-1 = the default; 0 = no limit."""
        systemd_tmpfs_bytes: int
        dns: list[str]
        dns_search: list[str]
        dns_option: list[str]
        add_host: list[str]
        no_hosts: bool | None
        no_hostname: bool
        passwd: bool
        etc: EtcRecord
        secrets: list[SecretUse]
        requires: list[str]
        """Names of containers that are started before it."""
        init_ctr: str
        """`once` or `always` for an init container of a pod."""
        """Without the ids."""
        remove: bool
        remove_image: bool
        log_driver: str
        log_path: str
        log_max_size_bytes: int
        """-1 = the default."""
        log_max_files: int
        log_tag: str
        cgroups: str
        cgroup_parent: str
        restart_policy: str
        pidfile: str
        conmon_pidfile: str
        expose: list[str]
        systemd: str
        """`true` (by the command), `always`, `false`."""
        notes: list[str]
        """One line each for the user: options that were read and have no effect here."""

    class HostFacts(TypedDict, total=False):
        """What the pure functions must know of the host. A check whose fact is missing passes."""

        hostname: str
        uid: int
        """The user's own ids outside of every namespace of ours."""
        gid: int
        rootless: bool
        uid_rows: list[list[int]]
        """The user's namespace: [id inside, id outside, size]."""
        gid_rows: list[list[int]]
        capabilities: list[str]
        """What may be in a bounding set here; empty = all that are known."""
        controllers: list[str]
        """cgroup controllers that the container's cgroup will have."""
        cgroup_mode: str
        """`v2`, `hybrid`, `v1`, `none`."""
        cgroup_manager: str
        """`cgroupfs`, `systemd`, `disabled`."""
        cgroup_base: str
        """The cgroup below which containers get theirs; empty with the other managers."""
        cgroup_reason: str
        """Why the manager is `disabled`."""
        rlimits: dict[str, list[int]]
        """Of the calling process: name in lower case -> [soft, hard], -1 = unlimited."""
        pid_max: int
        oom_score_adj: int
        apparmor: bool
        """The kernel has AppArmor, and it is on."""
        arch: str
        """As uname -m says it."""
        kernel: str
        """As uname -r says it."""

    class MergeIds(TypedDict, total=False):
        cid: str
        name: str
        now_ns: int
        image_name: str
        image_id: str
        layers: list[str]
        pod: str
        infra: str
        create_command: list[str]
        host: HostFacts
        joins: dict[str, str]
        """Name or id prefix of a container, as given in `container:X` -> its full id."""
        userns_of: UserNsRecord
        """The user namespace that is joined."""
        subids: list[list[list[int]]]
        """[uids, gids] of /etc/subuid and /etc/subgid for the names that were given: [first, how many]."""
        volumes_from: dict[str, list[MountRecord]]
        images: dict[str, list[str]]
        """Image of a mount, as given -> its layer keys."""

    class UserInfo(TypedDict):
        uid: int
        gid: int
        groups: list[int]
        """Supplementary groups, without `gid` unless the database lists the user in it."""
        home: str
        name: str
        """Empty when the id has no entry."""

    class HostDevice(TypedDict):
        """A device node of the host; `major`, `minor`, `type`, `mode`, `uid`, `gid` matter for real root
        only.
        """

        path: str
        type: NotRequired[str]
        major: NotRequired[int]
        minor: NotRequired[int]
        mode: NotRequired[int]
        uid: NotRequired[int]
        gid: NotRequired[int]

    class AssembleContext(TypedDict, total=False):
        """What only the host and the moment know. Required: `rootfs`, `user`."""

        rootfs: str
        user: UserInfo
        rootless: bool
        """Default True: devices are bind mounts, no device cgroup rules."""
        device_rules: bool
        """Default True: real root may restrict devices by cgroup; not where the machine is a container."""
        netns: str | None
        """Path of the network namespace; empty = the runtime makes one (it must, with a nested user
        namespace).
        """
        ns_paths: dict[str, str]
        """Namespaces of other containers to join: `pid`, `ipc`, `uts`, `network`, `cgroup`, `user` -> path.
        """
        cgroups_path: str
        controllers: list[str]
        gid_count: int
        """How many group ids the user's namespace has; 1 in single-id mode. Default 65536."""
        files: dict[str, str]
        """Our own files to bind: `/etc/hosts`, `/etc/resolv.conf`, `/etc/hostname`, `/run/.containerenv`
        ... -> host path.
        """
        volumes: dict[str, str]
        """Volume name -> host path of its data."""
        sources: dict[str, str]
        """Destination of a mount that the monitor prepares -> host path of what is to be bound."""
        shm_path: str
        """Host path to bind on /dev/shm; empty = a tmpfs of its own."""
        seccomp: dict[str, object] | None
        seccomp_bpf: str
        """Base64 of the compiled filter, for crun."""
        init_path: str
        """Overrides the record's."""
        host_devices: list[HostDevice]
        """All of them for `--privileged`; else facts of the devices in the record (real root only)."""
        rlimits: dict[str, list[int]]
        pid_max: int
        console_size: list[int]
        """[rows, columns]"""
        localtime: str
        """Zone file to bind on /etc/localtime."""
        block_numbers: dict[str, list[int]]
        """Path -> [major, minor] of the block devices that have limits."""
        hooks: dict[str, list[dict[str, object]]]
        mqueue: bool
        """The host has /dev/mqueue (for --ipc host). Default False."""
        apparmor: str
