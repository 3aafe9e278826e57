"""Owns: from `NAME...`, `--all`, `--latest` and `--pod-id-file` to pods."""

from __future__ import annotations

from libpod import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.model.pod import PodRecord
    from pypod.cli.context import Context


def find(ctx: Context, name: str) -> PodRecord:
    """The pod of that name or id. Raises NotFoundError."""
    from libpod.engine import pods

    return pods.find(ctx.session, name)


def named(
    ctx: Context,
    names: list[str] | None,
    *,
    every: bool = False,
    latest: bool = False,
    files: list[str] | None = None,
) -> list[str]:
    """The names or ids of the pods that the user means. Raises UsageError."""
    from libpod.engine import pods
    from libpod.state import pods as rows
    from pypod.cli import targets

    found = [*(names or ()), *(targets.read_cidfile(path) for path in files or ())]
    wanted = [bool(found), every, latest]
    if sum(wanted) == 0:
        raise errors.UsageError(
            f'"pypod {ctx.command}" needs at least one pod', remedy="give names or ids, --all, or --latest"
        )
    if sum(wanted) > 1:
        raise errors.UsageError("names, --all and --latest cannot be given together")
    if every:
        return [pod["id"] for pod in rows.all_pods(ctx.session.db)]
    return [pods.latest(ctx.session)["id"]] if latest else found


def one(ctx: Context, name: str | None, latest: bool) -> PodRecord:
    """The single pod that NAME or `--latest` says."""
    return find(ctx, named(ctx, [name] if name else None, latest=latest)[0])
