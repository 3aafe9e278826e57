"""Owns: from `NAME...`, `--all`, `--latest`, `--cidfile` and `--filter` to containers, and acting on each
of them in turn."""

from __future__ import annotations

from libpod import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from libpod.model.container import ContainerRecord
    from pypod.cli.context import Context


class Choice:
    """Which containers a command is about, as the user said it."""

    __slots__ = ("cidfiles", "every", "filters", "gone", "ignore", "latest", "names", "running")

    def __init__(
        self,
        names: list[str] | None,
        *,
        every: bool = False,
        latest: bool = False,
        cidfiles: list[str] | None = None,
        filters: list[str] | None = None,
        ignore: bool = False,
        running: bool = False,
    ) -> None:
        self.names = list(names or ())
        self.every = every
        self.latest = latest
        self.cidfiles = cidfiles or []
        self.filters = filters or []
        self.ignore = ignore
        self.gone: list[ContainerRecord] = []
        """What the command has removed already, with another one: not missing when its turn comes."""
        self.running = running
        """With `every` and `filters`: only those that run."""


def each(
    ctx: Context,
    choice: Choice,
    act: Callable[[ContainerRecord], None],
    *,
    show: bool = True,
    missing_code: int = 125,
    missing: Callable[[], None] | None = None,
) -> int:
    """Do `act` for every chosen container and print each that worked; raises what failed after all were
    tried.

    `missing_code` is the exit code when the first failure is a container that does not exist; `missing` is
    called for one that may be missing (`--ignore`).
    """
    _check(ctx, choice)
    failed: list[errors.PypodError] = []
    for shown, find in _lookups(ctx, choice):
        if any(shown == one["name"] or one["id"].startswith(shown) for one in choice.gone):
            continue
        try:
            act(find())
        except errors.NotFoundError as e:
            if not choice.ignore:
                e.exit_code = missing_code
                failed.append(e)
            elif missing is not None:
                missing()
            continue
        except errors.PypodError as e:
            failed.append(e)
            continue
        if show:
            ctx.out(shown + "\n")
    if len(failed) == 1:
        raise failed[0]
    if failed:
        raise errors.ErrorList(failed)
    return 0


def one(ctx: Context, name: str | None, latest: bool) -> ContainerRecord:
    """The single container that NAME or `--latest` says."""
    from libpod.engine import containers

    if latest and name:
        raise errors.UsageError("--latest and a container cannot be given together")
    if latest:
        return containers.latest(ctx.session)
    if not name:
        raise errors.UsageError(
            "a container is missing", remedy=f'give one, as in "pypod {ctx.command} NAME", or --latest'
        )
    return containers.find(ctx.session, name)


def _check(ctx: Context, choice: Choice) -> None:
    wanted = [bool(choice.names or choice.cidfiles), choice.every, choice.latest, bool(choice.filters)]
    if choice.every and choice.filters:
        wanted[1] = False
    if sum(wanted) == 0:
        raise errors.UsageError(
            f'"pypod {ctx.command}" needs at least one container',
            remedy=f"give names or ids, {'or' if ctx.command == 'wait' else '--all, or'} --latest",
        )
    if sum(wanted) > 1:
        raise errors.UsageError("names, --all, --latest and --filter cannot be given together")


def _lookups(ctx: Context, choice: Choice) -> list[tuple[str, Callable[[], ContainerRecord]]]:
    from libpod.engine import containers
    from libpod.engine import list as listing

    session = ctx.session
    if choice.every or choice.filters:
        rows = listing.ps(session, every=not choice.running, filters=choice.filters)
        return [(record["id"], _whole(ctx, record["id"])) for record, _status in rows]
    if choice.latest:
        record = containers.latest(session)
        return [(record["id"], lambda: record)]
    names = choice.names + [read_cidfile(path) for path in choice.cidfiles]
    return [(name, _whole(ctx, name)) for name in names]


def _whole(ctx: Context, name: str) -> Callable[[], ContainerRecord]:
    from libpod.engine import containers

    return lambda: containers.find(ctx.session, name)


def read_cidfile(path: str) -> str:
    """The id that `--cidfile` of an earlier command wrote."""
    try:
        with open(path, encoding="utf-8") as f:
            return f.readline().strip()
    except OSError as e:
        raise errors.UsageError(f'--cidfile "{path}": {e.strerror}') from e


def signal_number(value: str) -> int:
    """The number of a signal given by name or number. Raises UsageError."""
    from libpod.spec import signals

    number = signals.parse(value)
    if number is None:
        raise errors.UsageError(
            f'invalid signal "{value}"', remedy="give a name as in signal(7), or a number from 1 to 64"
        )
    return number
