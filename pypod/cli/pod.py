"""Owns: the commands `pypod pod ...`, but for those that only show (podview.py)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Annotated, Unpack

    from libpod.model.pod import PodRecord
    from pypod.cli.common import Pod, PodIdFiles, PodLatest, Pods, StopTime
    from pypod.cli.context import Context
    from pypod.cli.declare import arg, opt
    from pypod.cli.options import PodOptions


def create(
    ctx: Context,
    pod: Annotated[str | None, arg("NAME")] = None,
    **options: Unpack[PodOptions],
) -> int | None:
    """Create a pod.

    Its containers share network, IPC and host name, or what `--share` says. Nothing runs before the first of
    them is started. Prints the pod's ID.
    """
    import os

    from libpod import errors
    from libpod.engine import pods as engine
    from pypod.cli import created

    given: dict[str, object] = dict(options)
    if pod and given.get("name") and given["name"] != pod:
        raise errors.UsageError(f'the pod has two names, "{pod}" and "{given["name"]}"')
    if pod:
        given["name"] = pod
    file = given.get("pod_id_file")
    if file and os.path.lexists(str(file)):
        raise errors.UsageError(
            f'--pod-id-file "{file}" exists already', remedy="remove it, or choose another file"
        )
    if given.get("replace"):
        if not given.get("name"):
            raise errors.UsageError("--replace needs a name", remedy="give the pod's name with --name")
        try:
            old = engine.find(ctx.session, str(given["name"]))
        except errors.NotFoundError:
            pass
        else:
            engine.remove(ctx.session, old, force=True)
    made = engine.create(ctx.session, given, created.command_line())
    if file:
        try:
            with open(str(file), "x", encoding="utf-8") as f:
                f.write(made["id"])
        except OSError as e:
            engine.remove(ctx.session, made, force=True)
            raise errors.UsageError(
                f'--pod-id-file "{file}" cannot be written: {e.strerror}', remedy="choose another file"
            ) from e
    ctx.out(f"{made['id']}\n")
    return 0


def exists(ctx: Context, pod: Pod) -> int | None:
    """Say by the exit code whether a pod exists: 0 if it does, 1 if not."""
    from libpod import errors
    from libpod.engine import pods as engine

    try:
        engine.find(ctx.session, pod)
    except errors.NotFoundError:
        return 1
    return 0


def kill(
    ctx: Context,
    pods: Pods = None,
    all: Annotated[bool, opt("--all", "-a", help="Kill all pods")] = False,
    latest: PodLatest = False,
    signal: Annotated[
        str, opt("--signal", "-s", metavar="SIGNAL", complete="signals", help="Signal to send")
    ] = "KILL",
) -> int | None:
    """Send a signal to the first process of every container of pods."""
    from libpod.engine import pods as engine
    from pypod.cli import targets

    number = targets.signal_number(signal)
    return _each(ctx, pods, lambda pod: engine.kill(ctx.session, pod, number), every=all, latest=latest)


def pause(
    ctx: Context,
    pods: Pods = None,
    all: Annotated[bool, opt("--all", "-a", help="Pause all pods")] = False,
    latest: PodLatest = False,
) -> int | None:
    """Pause all containers of pods."""
    from libpod.engine import pods as engine

    return _each(ctx, pods, lambda pod: engine.freeze(ctx.session, pod, True), every=all, latest=latest)


def unpause(
    ctx: Context,
    pods: Pods = None,
    all: Annotated[bool, opt("--all", "-a", help="Let all pods go on")] = False,
    latest: PodLatest = False,
) -> int | None:
    """Let paused containers of pods go on."""
    from libpod.engine import pods as engine

    return _each(ctx, pods, lambda pod: engine.freeze(ctx.session, pod, False), every=all, latest=latest)


def prune(
    ctx: Context,
    force: Annotated[bool, opt("--force", "-f", help="Do not ask")] = False,
) -> int | None:
    """Remove the pods that have ended, with their containers."""
    from libpod.engine import pods as engine
    from pypod.cli import ask

    warning = "WARNING! This will remove all stopped/exited pods.."
    if not force and not ask.agreed(ctx, warning):
        return 0
    engine.prune(ctx.session, lambda pod_id: ctx.out(f"{pod_id}\n"))
    return 0


def restart(
    ctx: Context,
    pods: Pods = None,
    all: Annotated[bool, opt("--all", "-a", help="Restart all pods")] = False,
    latest: PodLatest = False,
) -> int | None:
    """Stop the containers of pods, and start them again."""
    from libpod.engine import pods as engine

    return _each(ctx, pods, lambda pod: engine.restart(ctx.session, pod), every=all, latest=latest)


def revive(ctx: Context, pod: Pod) -> int | None:
    """Start what a pod shares again after its monitor was killed, in the namespaces that containers keep."""
    from libpod.engine import infra
    from libpod.engine import pods as engine

    infra.revive(ctx.session, engine.find(ctx.session, pod))
    return 0


def rm(
    ctx: Context,
    pods: Pods = None,
    all: Annotated[bool, opt("--all", "-a", help="Remove all pods")] = False,
    force: Annotated[bool, opt("--force", "-f", help="Stop running containers first")] = False,
    ignore: Annotated[bool, opt("--ignore", "-i", help="Take a pod that does not exist as removed")] = False,
    latest: PodLatest = False,
    pod_id_file: PodIdFiles = None,
    time: StopTime = None,
) -> int | None:
    """Remove pods with all their containers."""
    from libpod.engine import pods as engine
    from libpod.engine import tidy

    tidy.tidy(ctx.session)
    return _each(
        ctx,
        pods,
        lambda pod: engine.remove(ctx.session, pod, force=force, timeout_s=time),
        every=all,
        latest=latest,
        files=pod_id_file,
        ignore=ignore or force,
        missing_code=engine.EXIT_MISSING,
    )


def settle(ctx: Context, pod: Pod) -> int | None:
    """End what a pod shares when none of its containers runs and its exit policy is to stop."""
    from libpod.engine import pods as engine

    engine.settle(ctx.session, engine.find(ctx.session, pod))
    return 0


def start(
    ctx: Context,
    pods: Pods = None,
    all: Annotated[bool, opt("--all", "-a", help="Start all pods")] = False,
    latest: PodLatest = False,
    pod_id_file: PodIdFiles = None,
) -> int | None:
    """Start all containers of pods."""
    from libpod.engine import pods as engine

    return _each(
        ctx, pods, lambda pod: engine.start(ctx.session, pod), every=all, latest=latest, files=pod_id_file
    )


def stop(
    ctx: Context,
    pods: Pods = None,
    all: Annotated[bool, opt("--all", "-a", help="Stop all pods")] = False,
    ignore: Annotated[bool, opt("--ignore", "-i", help="Take a pod that does not exist as stopped")] = False,
    latest: PodLatest = False,
    pod_id_file: PodIdFiles = None,
    time: StopTime = None,
) -> int | None:
    """Stop all containers of pods, at the same time."""
    from libpod.engine import pods as engine

    return _each(
        ctx,
        pods,
        lambda pod: engine.end(ctx.session, pod, time),
        every=all,
        latest=latest,
        files=pod_id_file,
        ignore=ignore,
    )


def _each(
    ctx: Context,
    names: list[str] | None,
    act: Callable[[PodRecord], None],
    *,
    every: bool = False,
    latest: bool = False,
    files: list[str] | None = None,
    ignore: bool = False,
    missing_code: int = 125,
) -> int:
    """Do `act` for every pod that the user means, and print the id of each that worked; raises what failed
    after all were tried."""
    from libpod import errors
    from libpod.engine import containers
    from pypod.cli import pods

    def one(name: str) -> None:
        try:
            pod = pods.find(ctx, name)
        except errors.NotFoundError as e:
            if ignore:
                return
            e.exit_code = missing_code
            raise
        act(pod)
        ctx.out(f"{pod['id']}\n")

    containers.each(pods.named(ctx, names, every=every, latest=latest, files=files), one)
    return 0
