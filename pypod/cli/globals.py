"""Owns: the options of the program as a whole, which may stand before the command and behind it."""

from __future__ import annotations

from typing import Annotated, TypedDict

from pypod.cli.declare import ACCEPTED, LATER, opt

_REMOTE = "pypod works on this machine only; use ssh to run it on another"

# One option, at most three lines.
# fmt: off


class GlobalOptions(TypedDict, total=False):
    """What `Context.globals` holds: the options that were given, nothing else."""

    cdi_spec_dir: Annotated[list[str], opt("--cdi-spec-dir", metavar="DIR", complete="dirs",
        help="Directory with CDI descriptions of devices")]
    cgroup_manager: Annotated[str, opt("--cgroup-manager", metavar="NAME",
        complete="(cgroupfs,systemd,disabled)",
        help="Who makes cgroups: cgroupfs, systemd or disabled; chosen by itself if not given")]
    conmon: Annotated[str, opt("--conmon", metavar="FILE", complete="files",
        state=ACCEPTED, why="pypod has its own monitor",
        help="Path of conmon")]
    connection: Annotated[str, opt("--connection", "-c", metavar="NAME", aliases=("context",),
        state=LATER, why=_REMOTE, harmless="default", help="Connection to another machine")]
    db_backend: Annotated[str, opt("--db-backend", metavar="NAME", hidden=True, harmless="sqlite",
        state=ACCEPTED, why="the database is SQLite",
        help="Kind of the database")]
    events_backend: Annotated[str, opt("--events-backend", metavar="NAME", default="file",
        complete="(file,none)", help="Where events are kept: file or none")]
    hooks_dir: Annotated[list[str], opt("--hooks-dir", metavar="DIR", complete="dirs",
        help="Directory with OCI hooks")]
    identity: Annotated[str, opt("--identity", metavar="FILE", state=LATER, why=_REMOTE, complete="files",
        help="Key file for a connection by ssh")]
    imagestore: Annotated[str, opt("--imagestore", metavar="DIR", state=LATER, complete="dirs",
        help="Keep images in this directory, apart from containers")]
    log_level: Annotated[str, opt("--log-level", metavar="LEVEL", default="warn",
        complete="(debug,info,warn,error)",
        help="Print messages from this level on: debug, info, warn or error")]
    module: Annotated[list[str], opt("--module", metavar="FILE", state=LATER, complete="files",
        help="Read this module of containers.conf as well")]
    namespace: Annotated[str, opt("--namespace", metavar="NAME", hidden=True, state=LATER,
        help="Work with the containers of this namespace only")]
    network_cmd_path: Annotated[str, opt("--network-cmd-path", metavar="FILE", complete="files",
        help="Path of slirp4netns")]
    network_config_dir: Annotated[str, opt("--network-config-dir", metavar="DIR", state=LATER,
        complete="dirs", help="Directory with the configuration of networks")]
    noout: Annotated[bool, opt("--noout", help="Print nothing on stdout")]
    out: Annotated[str, opt("--out", metavar="FILE", complete="files",
        help="Write what goes to stdout into this file")]
    remote: Annotated[bool, opt("--remote", "-r", state=LATER, why=_REMOTE,
        help="Use the engine of another machine")]
    root: Annotated[str, opt("--root", metavar="DIR", complete="dirs",
        help="Directory of the store: images, containers, volumes")]
    runroot: Annotated[str, opt("--runroot", metavar="DIR", complete="dirs",
        help="Directory for what need not survive a reboot")]
    runtime: Annotated[str, opt("--runtime", metavar="FILE", default="crun", complete="(crun,runc)",
        help="OCI runtime: a name or a path")]
    runtime_flag: Annotated[list[str], opt("--runtime-flag", metavar="FLAG",
        help="Global flag for the OCI runtime, without the dashes")]
    ssh: Annotated[str, opt("--ssh", metavar="MODE", state=LATER, why=_REMOTE, help="How ssh is spoken")]
    storage_driver: Annotated[str, opt("--storage-driver", metavar="NAME",
        complete="(overlay,fuse-overlayfs,vfs)",
        help="Driver of new containers: overlay, fuse-overlayfs or vfs")]
    storage_opt: Annotated[list[str], opt("--storage-opt", metavar="KEY=VALUE",
        help="Option of the storage driver: overlay.mount_program=FILE")]
    syslog: Annotated[bool, opt("--syslog", state=LATER, help="Send messages to syslog as well")]
    tmpdir: Annotated[str, opt("--tmpdir", metavar="DIR", complete="dirs",
        state=ACCEPTED, why="nothing is kept there; use --runroot",
        help="Directory for the engine's state")]
    transient_store: Annotated[bool, opt("--transient-store", state=LATER,
        help="Forget containers at reboot")]
    url: Annotated[str, opt("--url", metavar="URL", aliases=("host",), state=LATER, why=_REMOTE,
        help="Address of an engine on another machine")]
    volumepath: Annotated[str, opt("--volumepath", metavar="DIR", state=LATER, complete="dirs",
        help="Directory of the volumes")]


class ProgramOptions(GlobalOptions, total=False):
    """With what stands before the command only."""

    version: Annotated[bool, opt("--version", "-v", help="Print the version")]
