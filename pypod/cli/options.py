"""Owns: the options that `run`, `create` and `pod create` share, declared once.

The two commands take them as `**options: Unpack[RunOptions]`: a mapping with what the user gave, nothing
else. The slow path turns the fields into the parameters of a Typer command, the compiler into a text of the
table.
"""

from __future__ import annotations

from typing import Annotated, TypedDict

from pypod.cli.declare import ACCEPTED, FULFILLED, LATER, opt

# One option, at most three lines.
# fmt: off


class LimitOptions(TypedDict, total=False):
    """What `update` and `container clone` can change as well."""

    blkio_weight_device: Annotated[list[str], opt("--blkio-weight-device", kind="slice",
        metavar="DEVICE:WEIGHT",
        help="Relative weight of block I/O on one device")]
    blkio_weight: Annotated[str, opt("--blkio-weight", metavar="N",
        help="Relative weight of block I/O, 10 to 1000")]
    cpu_period: Annotated[int, opt("--cpu-period", kind="uint", metavar="N",
        help="Length of the CPU period in microseconds")]
    cpu_quota: Annotated[int, opt("--cpu-quota", metavar="N",
        help="CPU time in microseconds that the container gets in each period")]
    cpu_rt_period: Annotated[int, opt("--cpu-rt-period", kind="uint", metavar="N",
        state=ACCEPTED, why="it is of cgroup v1 only",
        help="Real-time CPU period in microseconds")]
    cpu_rt_runtime: Annotated[int, opt("--cpu-rt-runtime", metavar="N",
        state=ACCEPTED, why="it is of cgroup v1 only",
        help="Real-time CPU time in microseconds")]
    cpu_shares: Annotated[int, opt("--cpu-shares", "-c", kind="uint", metavar="N",
        help="Relative share of CPU time")]
    cpus: Annotated[float, opt("--cpus", metavar="N",
        help="Number of CPUs that the container may use, as in 1.5")]
    cpuset_cpus: Annotated[str, opt("--cpuset-cpus", metavar="LIST",
        help="CPUs on which the container may run, as in 0-3,5")]
    cpuset_mems: Annotated[str, opt("--cpuset-mems", metavar="LIST",
        help="Memory nodes that the container may use, as in 0-1")]
    device_read_bps: Annotated[list[str], opt("--device-read-bps", kind="slice", metavar="DEVICE:RATE",
        help="Limit reads from a device in bytes per second")]
    device_read_iops: Annotated[list[str], opt("--device-read-iops", kind="slice", metavar="DEVICE:RATE",
        help="Limit reads from a device in operations per second")]
    device_write_bps: Annotated[list[str], opt("--device-write-bps", kind="slice", metavar="DEVICE:RATE",
        help="Limit writes to a device in bytes per second")]
    device_write_iops: Annotated[list[str], opt("--device-write-iops", kind="slice", metavar="DEVICE:RATE",
        help="Limit writes to a device in operations per second")]
    memory_reservation: Annotated[str, opt("--memory-reservation", metavar="SIZE",
        help="Memory below which the container is spared, with a unit b, k, m or g")]
    memory_swappiness: Annotated[int, opt("--memory-swappiness", metavar="N",
        state=ACCEPTED, why="it is of cgroup v1 only", default="-1",
        help="Swappiness, 0 to 100")]
    memory_swap: Annotated[str, opt("--memory-swap", metavar="SIZE",
        help="Limit of memory and swap together; -1 = no limit")]
    memory: Annotated[str, opt("--memory", "-m", metavar="SIZE",
        help="Limit of memory, with a unit b, k, m or g")]


class PodAndContainerOptions(LimitOptions, total=False):
    """Of `pod create` too; what they set for a pod its members have."""

    add_host: Annotated[list[str], opt("--add-host", kind="slice", metavar="HOST:IP",
        help="Add this line to /etc/hosts; IP may be host-gateway")]
    cgroup_parent: Annotated[str, opt("--cgroup-parent", metavar="PATH",
        help="Put the container's cgroup below this one")]
    device: Annotated[list[str], opt("--device", kind="slice", metavar="HOST[:CTR[:rwm]]", complete="files",
        help="Give the container a device of the host")]
    dns_option: Annotated[list[str], opt("--dns-option", kind="slice", metavar="OPTION", aliases=("dns-opt",),
        help="Add an option to resolv.conf")]
    dns_search: Annotated[list[str], opt("--dns-search", kind="slice", metavar="DOMAIN",
        help="Search names in this domain")]
    dns: Annotated[list[str], opt("--dns", kind="slice", metavar="IP", help="Use this name server")]
    gidmap: Annotated[list[str], opt("--gidmap", kind="slice", metavar="[FLAGS]CTR:HOST[:SIZE]",
        help="Map these group ids in a user namespace of its own")]
    gpus: Annotated[str, opt("--gpus", metavar="LIST", help="GPUs to give to the container")]
    hostname: Annotated[str, opt("--hostname", "-h", metavar="NAME", help="Host name of the container")]
    hosts_file: Annotated[str, opt("--hosts-file", metavar="FILE", complete="files",
        help="Base file for /etc/hosts: a path, image or none")]
    ip6: Annotated[str, opt("--ip6", metavar="IP", state=LATER,
        help="IPv6 address of the container in its network")]
    ip: Annotated[str, opt("--ip", metavar="IP", state=LATER,
        help="IPv4 address of the container in its network")]
    label_file: Annotated[list[str], opt("--label-file", metavar="FILE", complete="files",
        help="Read labels from this file, one in a line")]
    label: Annotated[list[str], opt("--label", "-l", metavar="KEY=VALUE", help="Add a label")]
    mac_address: Annotated[str, opt("--mac-address", metavar="MAC", state=LATER,
        help="MAC address of the container")]
    network_alias: Annotated[list[str], opt("--network-alias", kind="slice", metavar="NAME", state=LATER,
        help="Another name of the container in its network")]
    network: Annotated[list[str], opt("--network", metavar="MODE", aliases=("net",),
        complete="(slirp4netns,none,host,private)",
        help="Network: slirp4netns[:OPTIONS], none, host, private or container:NAME")]
    no_hostname: Annotated[bool, opt("--no-hostname", help="Leave the image's /etc/hostname alone")]
    no_hosts: Annotated[bool, opt("--no-hosts", help="Leave the image's /etc/hosts alone")]
    pid: Annotated[str, opt("--pid", metavar="MODE", complete="(private,host)",
        help="PID namespace: private, host, container:NAME or ns:PATH")]
    publish: Annotated[list[str], opt("--publish", "-p", kind="slice", metavar="[IP:][HOST:]CTR",
        help="Publish a port or range of the container on the host")]
    security_opt: Annotated[list[str], opt("--security-opt", metavar="OPTION",
        help="Security option: no-new-privileges, seccomp=FILE, mask=PATHS, unmask=PATHS, label=disable ...")]
    shm_size_systemd: Annotated[str, opt("--shm-size-systemd", metavar="SIZE",
        help="Size of the tmpfs file systems of systemd mode")]
    shm_size: Annotated[str, opt("--shm-size", metavar="SIZE", default="65536k",
        help="Size of /dev/shm, with a unit b, k, m or g")]
    subgidname: Annotated[str, opt("--subgidname", metavar="NAME",
        help="Take the group ids of the user namespace from this entry of /etc/subgid")]
    subuidname: Annotated[str, opt("--subuidname", metavar="NAME",
        help="Take the user ids of the user namespace from this entry of /etc/subuid")]
    sysctl: Annotated[list[str], opt("--sysctl", kind="slice", metavar="NAME=VALUE",
        help="Set a kernel parameter of the container's namespaces")]
    uidmap: Annotated[list[str], opt("--uidmap", kind="slice", metavar="[FLAGS]CTR:HOST[:SIZE]",
        help="Map these user ids in a user namespace of its own")]
    userns: Annotated[str, opt("--userns", metavar="MODE", complete="(host,keep-id,auto,nomap)",
        help="User namespace: host, keep-id, auto, nomap, container:NAME or ns:PATH")]
    uts: Annotated[str, opt("--uts", metavar="MODE", complete="(private,host)",
        help="UTS namespace: private, host, container:NAME or ns:PATH")]
    volumes_from: Annotated[list[str], opt("--volumes-from", metavar="CONTAINER[:OPTIONS]",
        complete="containers",
        help="Mount what these containers mount")]
    volume: Annotated[list[str], opt("--volume", "-v", metavar="[SRC:]DST[:OPTIONS]", complete="volumes",
        help="Mount a directory of the host or a volume")]

class ContainerOptions(PodAndContainerOptions, total=False):
    """Both commands."""

    annotation: Annotated[list[str], opt("--annotation", metavar="KEY=VALUE",
        help="Add an annotation to the container")]
    arch: Annotated[str, opt("--arch", metavar="ARCH",
        help="Choose the image for this architecture instead of the machine's")]
    attach: Annotated[list[str], opt("--attach", "-a", kind="slice", metavar="NAME",
        complete="(stdin,stdout,stderr)",
        help="Attach to stdin, stdout or stderr")]
    authfile: Annotated[str, opt("--authfile", metavar="FILE", complete="files",
        help="Read the credentials for registries from this file")]
    cap_add: Annotated[list[str], opt("--cap-add", kind="slice", metavar="CAPABILITY", complete="caps",
        help="Add a capability to the container's default set")]
    cap_drop: Annotated[list[str], opt("--cap-drop", kind="slice", metavar="CAPABILITY", complete="caps",
        help="Drop a capability, or ALL")]
    cert_dir: Annotated[str, opt("--cert-dir", metavar="DIR", complete="dirs",
        help="Read the certificates for registries from this directory")]
    cgroup_conf: Annotated[list[str], opt("--cgroup-conf", kind="slice", metavar="KEY=VALUE",
        help="Write a value into a file of the container's cgroup")]
    cgroupns: Annotated[str, opt("--cgroupns", metavar="MODE", complete="(private,host)",
        help="Cgroup namespace: private, host, container:NAME or ns:PATH")]
    cgroups: Annotated[str, opt("--cgroups", metavar="MODE", default="enabled",
        complete="(enabled,disabled,no-conmon,split)",
        help="Use of cgroups: enabled, disabled, no-conmon or split")]
    chrootdirs: Annotated[list[str], opt("--chrootdirs", kind="slice", metavar="DIR",
        help="Directories inside the container that get the hosts, hostname and resolv.conf files as well")]
    cidfile: Annotated[str, opt("--cidfile", metavar="FILE", complete="files",
        help="Write the container's ID into this file, which must not exist")]
    conmon_pidfile: Annotated[str, opt("--conmon-pidfile", metavar="FILE",
        complete="files",
        help="Write the pid of the container's monitor into this file")]
    creds: Annotated[str, opt("--creds", metavar="USER:PASS",
        help="Credentials for the registry")]
    decryption_key: Annotated[list[str], opt("--decryption-key", kind="slice", metavar="KEY", state=LATER,
        help="Key to decrypt the image with")]
    device_cgroup_rule: Annotated[list[str], opt("--device-cgroup-rule", kind="slice", metavar="RULE",
        state=LATER, why="an unprivileged user cannot give device rights",
        help="Add a rule to the list of devices that the cgroup allows")]
    disable_content_trust: Annotated[bool, opt("--disable-content-trust",
        state=ACCEPTED, why="there is no content trust to disable",
        help="Known from Docker; there is no content trust")]
    entrypoint: Annotated[str, opt("--entrypoint", metavar="COMMAND",
        help="Run this instead of the image's entrypoint: a program, or a JSON list")]
    env_file: Annotated[list[str], opt("--env-file", metavar="FILE", complete="files",
        help="Read variables from this file, one NAME=VALUE in a line")]
    env_host: Annotated[bool, opt("--env-host", help="Pass the whole environment of the caller")]
    env_merge: Annotated[list[str], opt("--env-merge", metavar="NAME=VALUE",
        help="Set a variable from the image's variables, as in PATH=${PATH}:/app")]
    env: Annotated[list[str], opt("--env", "-e", metavar="NAME[=VALUE]",
        help="Set a variable; without a value it is taken from here, NAME* takes all that begin so")]
    expose: Annotated[list[str], opt("--expose", kind="slice", metavar="PORT[/PROTO]",
        help="Note that the container listens on this port or range")]
    group_add: Annotated[list[str], opt("--group-add", kind="slice", metavar="GROUP",
        help="Give the process another group; keep-groups keeps those of the caller")]
    group_entry: Annotated[str, opt("--group-entry", metavar="LINE",
        help="Template of the line that is added to /etc/group")]
    health_cmd: Annotated[str, opt("--health-cmd", metavar="COMMAND",
        state=LATER, harmless="none", aliases=("healthcheck-command",),
        help="Command that tells whether the container is healthy; none switches the image's off")]
    health_interval: Annotated[str, opt("--health-interval", metavar="TIME",
        state=LATER, default="30s", aliases=("healthcheck-interval",),
        help="Time between two health checks")]
    health_log_destination: Annotated[str, opt("--health-log-destination", metavar="WHERE",
        state=LATER, default="local",
        help="Where the log of the health checks goes")]
    health_max_log_count: Annotated[int, opt("--health-max-log-count", kind="uint", metavar="N",
        state=LATER, default="5",
        help="Number of entries in the log of the health checks")]
    health_max_log_size: Annotated[int, opt("--health-max-log-size", kind="uint", metavar="BYTES",
        state=LATER, default="500",
        help="Length of one entry in the log of the health checks")]
    health_on_failure: Annotated[str, opt("--health-on-failure", metavar="ACTION",
        state=LATER, harmless="none", default="none",
        help="What to do when the container turns unhealthy: none, kill, restart or stop")]
    health_retries: Annotated[int, opt("--health-retries", kind="uint", metavar="N",
        state=LATER, default="3", aliases=("healthcheck-retries",),
        help="Failures in a row that make the container unhealthy")]
    health_start_period: Annotated[str, opt("--health-start-period", metavar="TIME",
        state=LATER, default="0s", aliases=("healthcheck-start-period",),
        help="Time to start up, in which failures do not count")]
    health_startup_cmd: Annotated[str, opt("--health-startup-cmd", metavar="COMMAND", state=LATER,
        help="Command that tells whether the container has started up")]
    health_startup_interval: Annotated[str, opt("--health-startup-interval", metavar="TIME", state=LATER,
        help="Time between two start-up checks")]
    health_startup_retries: Annotated[int, opt("--health-startup-retries", kind="uint", metavar="N",
        state=LATER,
        help="Failed start-up checks after which the container is restarted")]
    health_startup_success: Annotated[int, opt("--health-startup-success", kind="uint", metavar="N",
        state=LATER,
        help="Passed start-up checks that end the start-up")]
    health_startup_timeout: Annotated[str, opt("--health-startup-timeout", metavar="TIME", state=LATER,
        help="Time in which a start-up check must end")]
    health_timeout: Annotated[str, opt("--health-timeout", metavar="TIME",
        state=LATER, default="30s", aliases=("healthcheck-timeout",),
        help="Time in which a health check must end")]
    hostuser: Annotated[list[str], opt("--hostuser", kind="slice", metavar="USER",
        help="Add this user of the host to the container's /etc/passwd")]
    http_proxy: Annotated[bool, opt("--http-proxy", kind="true",
        help="Pass the proxy variables of the caller")]
    image_volume: Annotated[str, opt("--image-volume", metavar="MODE", default="anonymous",
        complete="(anonymous,bind,tmpfs,ignore)",
        help="What becomes of the image's volumes: anonymous (or bind), tmpfs or ignore")]
    init_path: Annotated[str, opt("--init-path", metavar="FILE", complete="files",
        help="Path of the init program")]
    init: Annotated[bool, opt("--init",
        help="Run an init program as pid 1 that forwards signals and reaps children")]
    interactive: Annotated[bool, opt("--interactive", "-i", help="Keep stdin open")]
    ipc: Annotated[str, opt("--ipc", metavar="MODE", complete="(private,shareable,host,none)",
        help="IPC namespace: private, shareable, host, none, container:NAME or ns:PATH")]
    link_local_ip: Annotated[list[str], opt("--link-local-ip", kind="slice", metavar="IP", state=LATER,
        help="Link-local address of the container")]
    log_driver: Annotated[str, opt("--log-driver", metavar="DRIVER", default="k8s-file",
        complete="(k8s-file,json-file,journald,none,passthrough)",
        help="How output is kept: k8s-file, journald, none or passthrough")]
    log_opt: Annotated[list[str], opt("--log-opt", kind="slice", metavar="KEY=VALUE",
        help="Option of the log driver: max-size, max-file, path, tag")]
    mount: Annotated[list[str], opt("--mount", metavar="OPTIONS",
        help="Mount something: type=bind,src=DIR,dst=DIR, type=volume, type=tmpfs ...")]
    name: Annotated[str, opt("--name", metavar="NAME", help="Name of the container")]
    no_healthcheck: Annotated[bool, opt("--no-healthcheck", help="Run no health checks")]
    oom_kill_disable: Annotated[bool, opt("--oom-kill-disable", state=ACCEPTED, why="it is of cgroup v1 only",
        help="Do not kill the container when memory runs out")]
    oom_score_adj: Annotated[int, opt("--oom-score-adj", metavar="N",
        help="Preference of the kernel to kill the container when memory runs out, -1000 to 1000")]
    os: Annotated[str, opt("--os", metavar="OS", help="Choose the image for this operating system")]
    passwd_entry: Annotated[str, opt("--passwd-entry", metavar="LINE",
        help="Template of the line that is added to /etc/passwd")]
    personality: Annotated[str, opt("--personality", metavar="NAME", state=LATER,
        help="Execution domain, as in LINUX32")]
    pidfile: Annotated[str, opt("--pidfile", metavar="FILE", complete="files",
        help="Write the pid of the container's first process into this file")]
    pids_limit: Annotated[int, opt("--pids-limit", metavar="N", default="2048",
        help="Limit of processes; -1 = no limit")]
    platform: Annotated[str, opt("--platform", metavar="OS/ARCH", help="Choose the image for this platform")]
    pod_id_file: Annotated[str, opt("--pod-id-file", metavar="FILE", complete="files",
        help="Read the pod's ID from this file")]
    pod: Annotated[str, opt("--pod", metavar="POD", complete="pods",
        help="Run the container in this pod")]
    privileged: Annotated[bool, opt("--privileged",
        help="Give the container all that the caller may do: capabilities, devices, no masks")]
    publish_all: Annotated[bool, opt("--publish-all", "-P",
        help="Publish all exposed ports on free ports of the host")]
    pull: Annotated[str, opt("--pull", metavar="POLICY", default="missing",
        complete="(always,missing,never,newer)",
        help="When to pull the image: missing, always, never or newer")]
    quiet: Annotated[bool, opt("--quiet", "-q", help="Print no progress of a pull")]
    rdt_class: Annotated[str, opt("--rdt-class", metavar="NAME", state=LATER,
        help="Class of service of Intel RDT")]
    read_only_tmpfs: Annotated[bool, opt("--read-only-tmpfs", kind="true",
        help="With --read-only, mount a tmpfs on /run, /tmp and /var/tmp")]
    read_only: Annotated[bool, opt("--read-only", help="Make the container's root file system read-only")]
    replace: Annotated[bool, opt("--replace", help="Replace the container that has the same name")]
    requires: Annotated[list[str], opt("--requires", kind="slice", metavar="CONTAINER",
        complete="containers",
        help="Containers that are started before this one")]
    restart: Annotated[str, opt("--restart", metavar="POLICY",
        complete="(no,always,on-failure,unless-stopped)",
        help="When to start the container again: no, always, on-failure[:N] or unless-stopped")]
    retry_delay: Annotated[str, opt("--retry-delay", metavar="TIME",
        help="Pause before a failed pull is tried again")]
    retry: Annotated[int, opt("--retry", kind="uint", metavar="N",
        help="How often a failed pull is tried again")]
    rm: Annotated[bool, opt("--rm", help="Remove the container when it has ended")]
    rootfs: Annotated[bool, opt("--rootfs",
        help="The first argument is the directory of a root file system, not an image")]
    sdnotify: Annotated[str, opt("--sdnotify", metavar="MODE",
        state=LATER, harmless="ignore", default="container",
        help="Who says to systemd that the unit is ready: container, conmon, healthy or ignore")]
    seccomp_policy: Annotated[str, opt("--seccomp-policy", metavar="POLICY",
        state=LATER, harmless="default", default="default",
        help="How the seccomp profile is chosen")]
    secret: Annotated[list[str], opt("--secret", metavar="NAME[,OPTIONS]", complete="secrets",
        help="Give the container a secret")]
    stop_signal: Annotated[str, opt("--stop-signal", metavar="SIGNAL", complete="signals",
        help="Signal that asks the container to stop")]
    stop_timeout: Annotated[int, opt("--stop-timeout", kind="uint", metavar="SECONDS", default="10",
        help="Time that a stop waits before it kills")]
    systemd: Annotated[str, opt("--systemd", metavar="MODE", default="true", complete="(true,false,always)",
        help="Prepare the container for systemd as its init: true, false or always")]
    timeout: Annotated[int, opt("--timeout", kind="uint", metavar="SECONDS",
        help="Kill the container after this time")]
    tls_verify: Annotated[bool, opt("--tls-verify", kind="true",
        help="Ask registries for a valid certificate")]
    tmpfs: Annotated[list[str], opt("--tmpfs", metavar="DIR[:OPTIONS]", help="Mount a tmpfs")]
    tty: Annotated[bool, opt("--tty", "-t", help="Give the container a terminal")]
    tz: Annotated[str, opt("--tz", metavar="ZONE",
        help="Time zone of the container; local = that of the host")]
    ulimit: Annotated[list[str], opt("--ulimit", kind="slice", metavar="NAME=SOFT[:HARD]",
        help="Set a resource limit; host keeps those of the caller")]
    umask: Annotated[str, opt("--umask", metavar="MODE", default="0022", help="File mode creation mask")]
    unsetenv_all: Annotated[bool, opt("--unsetenv-all", help="Remove all default variables")]
    unsetenv: Annotated[list[str], opt("--unsetenv", metavar="NAME", help="Remove a default variable")]
    user: Annotated[str, opt("--user", "-u", metavar="USER[:GROUP]",
        help="Run as this user, by name or number")]
    variant: Annotated[str, opt("--variant", metavar="NAME",
        help="Choose the image for this variant of the architecture")]
    workdir: Annotated[str, opt("--workdir", "-w", metavar="DIR",
        help="Directory in which the command starts")]

class RunOptions(ContainerOptions, total=False):
    """What only `run` has."""

    detach_keys: Annotated[str, opt("--detach-keys", metavar="KEYS", default="ctrl-p,ctrl-q",
        help="Keys that detach from the terminal, as in ctrl-p,ctrl-q")]
    detach: Annotated[bool, opt("--detach", "-d", help="Run in the background and print the container's ID")]
    passwd: Annotated[bool, opt("--passwd", kind="true",
        help="Add the container's user to /etc/passwd and /etc/group where it is missing")]
    preserve_fds: Annotated[int, opt("--preserve-fds", kind="uint", metavar="N",
        help="Pass this many file descriptors, from 3 on, into the container")]
    preserve_fd: Annotated[list[str], opt("--preserve-fd", kind="slice", metavar="FDS",
        help="File descriptors to pass into the container")]
    rmi: Annotated[bool, opt("--rmi",
        help="Remove the image as well if no other container uses it")]
    sig_proxy: Annotated[bool, opt("--sig-proxy", kind="true",
        help="Forward signals to the container's first process")]

class CreateOptions(ContainerOptions, total=False):
    """What only `create` has."""

    init_ctr: Annotated[str, opt("--init-ctr", metavar="MODE", complete="(once,always)",
        help="Run it to its end before the other containers of its pod start: once, or always")]

class PodOptions(PodAndContainerOptions, total=False):
    """What `pod create` has."""

    exit_policy: Annotated[str, opt("--exit-policy", metavar="POLICY", complete="(continue,stop)",
        default="continue",
        help="What happens when the last container has ended: continue or stop")]
    infra_command: Annotated[str, opt("--infra-command", metavar="COMMAND", state=ACCEPTED,
        why="the infra container runs a small init, or nothing",
        help="Command of the infra container")]
    infra_conmon_pidfile: Annotated[str, opt("--infra-conmon-pidfile", metavar="FILE", complete="files",
        help="Write the pid of the infra container's monitor into this file")]
    infra_image: Annotated[str, opt("--infra-image", metavar="IMAGE", complete="images", state=ACCEPTED,
        why="the infra container needs no image",
        help="Image of the infra container")]
    infra_name: Annotated[str, opt("--infra-name", metavar="NAME", help="Name of the infra container")]
    infra: Annotated[bool, opt("--infra", kind="true",
        help="Make an infra container, which holds what is shared")]
    name: Annotated[str, opt("--name", "-n", metavar="NAME", help="Name of the pod")]
    pod_id_file: Annotated[str, opt("--pod-id-file", metavar="FILE", complete="files",
        help="Write the pod's ID into this file")]
    replace: Annotated[bool, opt("--replace", help="Replace the pod that has the same name")]
    restart: Annotated[str, opt("--restart", metavar="POLICY",
        state=LATER, harmless="no", complete="(no,always,on-failure,unless-stopped)",
        help="When to start the containers again: no, always, on-failure[:N] or unless-stopped")]
    share_parent: Annotated[bool, opt("--share-parent", kind="true", state=FULFILLED,
        why="the containers of a pod are always below its cgroup",
        help="Make the pod's cgroup the parent of its containers'")]
    share: Annotated[str, opt("--share", metavar="LIST", default="ipc,net,uts",
        help="Namespaces to share: cgroup, ipc, net, pid, uts or none; with + in front, in addition")]
