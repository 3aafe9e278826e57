"""Owns: the shape of a container's stored record.

A record is a plain JSON object (a dict), never changed in place: build a new one with `{**record, "key":
value}`. It holds what was asked for, resolved once at creation; what happens at run time lives in the
container's `run/` directory (`libpod/model/run.py`), and the status is derived from both.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, NotRequired, TypedDict

    class MountRecord(TypedDict):
        type: Literal["bind", "volume", "image", "tmpfs", "ramfs", "devpts", "mqueue", "glob"]
        source: str
        """Host path (bind), pattern of host paths (glob), volume name (volume), image as the user named it
        (image), empty (tmpfs).
        """
        destination: str
        """Absolute path in the container, cleaned."""
        options: list[str]
        """Mount options in the OCI spelling (`ro`, `rbind`, `rprivate`, `size=64m` ...)."""
        anonymous: NotRequired[bool]
        """The volume was made for this container alone and goes with `rm -v` and `--rm`."""
        chown: NotRequired[bool]
        """`:U`: what is mounted is given to the container's user before the start."""
        relabel: NotRequired[Literal["", "z", "Z"]]
        copy_up: NotRequired[bool]
        """Fill an empty volume with what the image has at the destination."""
        nocreate: NotRequired[bool]
        """The volume must be there already."""
        overlay: NotRequired[bool]
        """`:O`: the source is the lower layer of an overlay that goes with the container."""
        upperdir: NotRequired[str]
        """`:O`: the host path that takes what is written, with `workdir` beside it; absent = the container's,
        and empty at each start.
        """
        workdir: NotRequired[str]
        subpath: NotRequired[str]
        """Relative path below the volume's data, or the image's root."""
        layers: NotRequired[list[str]]
        """image: layer keys, base first."""
        same_place: NotRequired[bool]
        """glob: each match is mounted on its own path, else in the directory `destination`."""
        create_source: NotRequired[bool]
        """A missing host path is made as a directory (`-v` of the Docker interface); otherwise it is an
        error.
        """

    class NetworkRecord(TypedDict):
        mode: Literal["slirp4netns", "none", "host", "container", "ns", "pasta", "bridge"]
        options: dict[str, str]
        """slirp4netns: its options. ns: `path`."""
        container: str
        """Full id of the container whose network namespace is joined; empty unless mode is `container`."""

    class PortRecord(TypedDict):
        """One published port."""

        host_ip: str
        """Empty = every address of this machine, of both families."""
        host_port: int
        """0 = one that is free at each start; which one it was, says status.json."""
        container_port: int
        protocol: Literal["tcp", "udp"]

    class NamespaceRecord(TypedDict):
        """Each: `private`, `host`, `container:<full id>`; `ipc` also `none` and `shareable`."""

        pid: str
        ipc: str
        uts: str
        cgroup: str

    class UserNsRecord(TypedDict):
        mode: Literal["host", "keep-id", "auto", "nomap", "map", "container", "ns"]
        uidmap: list[list[int]]
        """Rows [container id, id in the user's namespace, size]; empty = the user's namespace itself."""
        gidmap: list[list[int]]
        join: NotRequired[str]
        """container: its full id; ns: a path."""
        auto: NotRequired[bool]
        """The ids were taken from those that no container has, for this container or the one it joins."""
        size: NotRequired[int]
        """auto, until the ids are taken: how many; 0 = as many as the image has users for."""
        asked: NotRequired[UserNsRecord]
        """auto: the record before they were taken, for a copy of the container."""

    class SecurityRecord(TypedDict):
        privileged: bool
        capabilities: list[str]
        """The final bounding set, sorted, CAP_ names."""
        cap_add: list[str]
        """What the user added (`ALL` stays as it is): all that a user other than root gets."""
        cap_drop: list[str]
        no_new_privileges: bool
        seccomp: str
        """Empty = the default profile, `unconfined`, or the path of a profile."""
        apparmor: str
        label: list[str]
        mask: list[str]
        unmask: list[str]
        proc_opts: list[str]
        """Mount options of /proc."""
        read_only: bool
        read_only_tmpfs: bool

    class BlockLimitRecord(TypedDict):
        """A limit of one block device."""

        kind: str
        """The option's name, with underscores."""
        path: str
        value: int
        """Bytes or operations per second, or a weight."""

    class ResourceRecord(TypedDict, total=False):
        memory: int
        """Bytes; likewise the other memory fields."""
        memory_swap: int
        memory_reservation: int
        cpu_period: int
        cpu_quota: int
        cpu_shares: int
        cpuset_cpus: str
        cpuset_mems: str
        pids_limit: int
        pids_limit_is_default: bool
        """The limit was not asked for: it is dropped, not refused, where the pids controller is missing."""
        oom_score_adj: int
        blkio_weight: int
        unified: dict[str, str]
        block_limits: list[BlockLimitRecord]

    class DeviceRecord(TypedDict):
        source: str
        destination: str
        permissions: str

    class UlimitRecord(TypedDict):
        name: str
        """Lower case, without RLIMIT_."""
        soft: int
        """-1 = unlimited. The name `host` stands for: leave all limits as they are."""
        hard: int
        default: NotRequired[bool]
        """From the settings: lowered where the user may not set it that high, instead of refused."""

    class EtcRecord(TypedDict, total=False):
        """What the user wants otherwise in the files of /etc that we write or complete."""

        hosts_file: str
        """Where /etc/hosts begins: an absolute path on the host, `image` or `none`; absent = the host's."""
        chrootdirs: list[str]
        """Directories of the container that get the files too, as if each were a root."""
        hostusers: list[str]
        """Users of the host, by name or number, that get entries in /etc/passwd and /etc/group."""
        passwd_entry: str
        """Template of the entry of a user that the image does not know."""
        group_entry: str

    class SecretUse(TypedDict):
        """A secret that the container gets when it starts; never the data."""

        id: str
        name: str
        type: str
        """`mount`: a file; `env`: a variable."""
        target: str
        """Absolute path in the container, or name of the variable."""
        uid: int
        gid: int
        mode: int

    class LogRecord(TypedDict):
        driver: Literal["k8s-file", "json-file", "journald", "none", "passthrough"]
        path: str
        """Empty = the default below the container's directory."""
        max_size_bytes: int
        """0 = no rotation."""
        max_files: int
        tag: str

    class CommandRecord(TypedDict):
        """The part of a record that is about the container's process."""

        entrypoint: list[str]
        command: list[str]
        args: list[str]
        """What is executed: entrypoint and command joined."""
        create_command: list[str]
        """The command line that made the container, as `inspect` shows it."""
        env: list[str]
        """`NAME=value`, in order."""
        user: str
        group_add: list[str]
        workdir: str
        tty: bool
        stdin_open: bool
        stdin_once: bool
        umask: int
        timezone: str
        init: bool
        init_path: str

    class ContainerRecord(CommandRecord):
        schema: int
        id: str
        name: str
        created_ns: int
        image: str
        """The image as the user named it."""
        image_name: str
        """The full name it resolved to; empty for an image without a name."""
        image_id: str
        layers: list[str]
        """Layer keys, base first: the container keeps working when the image's names change."""
        driver: NotRequired[str]
        """The storage driver that it was made with; absent = overlay."""
        mount_program: NotRequired[str]
        """Path of another fuse-overlayfs."""
        mapped: NotRequired[bool]
        """The storage driver gives the image's files the owners that they have in the image, in the
        container's own user namespace; absent = they have the ids of the user's.
        """
        pod: NotRequired[str]
        """Full id of the pod that it belongs to; absent or empty = none."""
        infra: NotRequired[str]
        """`hollow`: it is the pod's infra container, a monitor that holds what is shared and runs nothing;
        `process`: so, with a first process, which a shared PID namespace needs. Absent = a usual container.
        """
        adopt: NotRequired[int]
        """Never stored: the process whose namespaces an infra container takes over."""
        rootfs: str
        """`--rootfs`: a host directory instead of layers; empty otherwise."""
        rootfs_overlay: NotRequired[bool]
        """`--rootfs DIR:O`: the directory stays as it is, what the container writes lies above it."""
        hostname: str
        labels: dict[str, str]
        annotations: dict[str, str]
        mounts: list[MountRecord]
        tmpfs: dict[str, str]
        devices: list[DeviceRecord]
        cdi: NotRequired[list[str]]
        """Names of devices of the Container Device Interface, looked up at each start."""
        network: NetworkRecord
        namespaces: NamespaceRecord
        userns: UserNsRecord
        security: SecurityRecord
        resources: ResourceRecord
        pod_resources: NotRequired[ResourceRecord]
        """Of an infra container: limits of the whole pod."""
        ulimits: list[UlimitRecord]
        sysctl: dict[str, str]
        shm_size_bytes: int
        systemd_tmpfs_bytes: NotRequired[int]
        """Size of each tmpfs that systemd mode adds; 0 = no limit."""
        dns: list[str]
        dns_search: list[str]
        dns_option: list[str]
        add_host: list[str]
        no_hosts: bool
        no_hostname: bool
        passwd: NotRequired[bool]
        """The user gets entries in /etc/passwd and /etc/group where the image has none; absent = yes."""
        etc: NotRequired[EtcRecord]
        secrets: NotRequired[list[SecretUse]]
        requires: NotRequired[list[str]]
        """Full ids of the containers that `--requires` names."""
        init_ctr: NotRequired[str]
        """`once` or `always`: it runs to its end before the others of its pod start."""
        remove: bool
        """`--rm`."""
        remove_image: NotRequired[bool]
        """`--rmi`: the image goes with the container, if nothing else uses it."""
        made_by_run: NotRequired[bool]
        """`run` made it, and starts it before it returns: found unstarted, its creator has died."""
        stop_signal: int
        stop_timeout_s: int
        timeout_s: int
        """The container is killed after so many seconds; 0 = never."""
        log: LogRecord
        runtime: str
        cgroup_parent: str
        cgroups: str
        """`enabled`, `disabled`, `no-conmon`, `split`."""
        restart_policy: str
        """`no`, `always`, `unless-stopped`, `on-failure` or `on-failure:N`."""
        pidfile: str
        """Absolute path on the host, for the pid of the first process; empty = none."""
        conmon_pidfile: NotRequired[str]
        """The same for the monitor."""
        expose: list[str]
        ports: NotRequired[list[PortRecord]]
        """Published ports, each on its own; absent = none."""
        publish_all: NotRequired[bool]
        """`--publish-all`; what it came to is in `ports`."""
        systemd: bool
        """The container runs systemd: it gets the tmpfs mounts, the writable cgroup and the stop signal
        that systemd wants.
        """
        healthcheck: dict[str, object]


SCHEMA = 1
