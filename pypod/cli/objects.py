"""Owns: `inspect`: finding what a name stands for, and printing it."""

from __future__ import annotations

from libpod import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from libpod.model.container import ContainerRecord
    from pypod.cli.context import Context

KINDS = ("all", "container", "image", "volume")
_EMPTY_CONFIG: dict[str, object] = {
    "User": "",
    "ExposedPorts": {},
    "Env": [],
    "Entrypoint": [],
    "Cmd": [],
    "Volumes": {},
    "WorkingDir": "",
    "Labels": {},
    "StopSignal": "",
}
_EMPTY_VOLUME: dict[str, object] = {
    "UID": 0,
    "GID": 0,
    "Anonymous": False,
    "NeedsCopyUp": False,
    "NeedsChown": False,
}


def show(
    ctx: Context,
    names: list[str] | None,
    kind: str,
    template: str | None,
    *,
    latest: bool = False,
    size: bool = False,
) -> int:
    """Print every object that is found; then raise for the first that is not."""
    from pypod.ui import table

    if kind not in KINDS:
        raise errors.UsageError(
            f'--type "{kind}" is not a kind of object', remedy="kinds are " + ", ".join(KINDS)
        )
    if latest:
        if names:
            raise errors.UsageError("--latest and a name cannot be given together")
        from libpod.engine import containers

        names = [containers.latest(ctx.session)["id"]]
    if not names:
        raise errors.UsageError(
            f'"pypod {ctx.command}" needs at least one name', remedy="give names or ids, or --latest"
        )
    found: list[object] = []
    failed: list[errors.PypodError] = []
    for name in names:
        try:
            found.append(_find(ctx, name, kind, size=size))
        except errors.PypodError as e:
            failed.append(e)
    if template and template.strip() != "json":
        found = [whole(item) for item in found]
    if found or not template:
        ctx.out(table.objects("inspect", found, template))
    if failed:
        raise failed[0] if len(failed) == 1 else errors.ErrorList(failed)
    return 0


def whole(item: object) -> object:
    """An object with the members that JSON leaves out when they are empty: a template may ask
    for them."""
    assert isinstance(item, dict)
    if "RootFS" in item:
        return {**item, "Config": {**_EMPTY_CONFIG, **item["Config"]}}
    if "HostConfig" in item:
        return {"SizeRw": None, "SizeRootFs": 0, **item}
    return {**_EMPTY_VOLUME, **item} if "Mountpoint" in item else item


def _find(ctx: Context, name: str, kind: str, *, size: bool = False) -> object:
    session = ctx.session
    if kind in ("all", "container"):
        from libpod.engine import containers, inspect

        try:
            record = containers.find(session, name)
            return {**inspect.container(session, record), **(_sizes(ctx, record) if size else {})}
        except errors.NotFoundError:
            if kind == "container":
                raise
    if kind in ("all", "image"):
        from libpod.engine import image_inspect

        try:
            return image_inspect.find(session, name)
        except errors.NotFoundError:
            if kind == "image":
                raise
    from libpod.engine import volumes

    try:
        return volumes.inspect(session, name)
    except errors.NotFoundError:
        if kind == "volume":
            raise
    raise errors.NotFoundError(
        f'no such object "{name}"',
        remedy='"pypod ps -a", "pypod images" and "pypod volume ls" list what there is',
        name=name,
    )


def _sizes(ctx: Context, record: ContainerRecord) -> dict[str, object]:
    from libpod.engine import sizes

    written, visible = sizes.of_container(ctx.session, record)
    return {"SizeRw": written, "SizeRootFs": visible}
