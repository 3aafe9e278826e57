"""Owns: `pull`, and the pull policies of `run` and `create`."""

from __future__ import annotations

from libpod import errors, log
from libpod.engine import registry
from libpod.state import images
from libpod.util import eventlog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from libpod.engine.registry import Options
    from libpod.engine.session import Session
    from libpod.image.access import Access
    from libpod.image.names import Candidate
    from libpod.image.platform import Platform
    from libpod.image.pull import Fetched
    from libpod.model.image import ImageRecord

POLICIES = ("always", "missing", "never", "newer")
PLATFORM = ("platform", "os", "arch", "variant")
"""The options that choose another image than this machine's."""
ARCHIVES = ("docker-archive:", "oci-archive:", "oci:", "dir:")
_ELSEWHERE = ("docker-daemon:", "containers-storage:", "ostree:", "sif:", "tarball:")


def image(session: Session, name: str, options: Options, policy: str) -> ImageRecord:
    """The local image that `run` and `create` use, pulled if the policy says so. Raises NotFoundError for a
    missing one that may not be pulled.
    """
    policy = _policy(policy)
    if policy in ("missing", "never"):
        record = images.lookup(session.db, name)
        if record is not None and _fits(record, options, policy):
            return record
        if policy == "never":
            raise errors.NotFoundError(
                f'no image "{name}" in the local store, and the policy is never to pull',
                remedy=f'bring it in with "pypod pull {name}", or leave out --pull=never',
                name=name,
            )
    say = None if options.get("quiet") else session.notify
    return pull(session, name, options, policy=policy, say=say)[0]


def _fits(record: ImageRecord, options: Options, policy: str) -> bool:
    """The platform that the user asked for is the image's; an image of another one is pulled anew."""
    if policy == "never" or not any(options.get(key) for key in PLATFORM):
        return True
    want = registry.platform(options)
    return (
        (not want.os or record["os"] == want.os)
        and (not want.architecture or record["architecture"] == want.architecture)
    )  # fmt: skip


def pull(
    session: Session,
    name: str,
    options: Options,
    *,
    policy: str = "always",
    say: Callable[[str], None] | None = None,
) -> list[ImageRecord]:
    """Bring an image from a registry (or from an archive, with its transport's name): the records, one
    unless it is an archive. `say` takes lines of progress (None = quiet).
    """
    policy = _policy(policy)
    for prefix in _ELSEWHERE:
        if name.startswith(prefix):
            raise errors.NotSupportedError(
                f'the transport "{prefix}" is not supported', remedy='use "pypod load" with an archive'
            )
    if name.startswith(ARCHIVES):
        return _from_archive(session, name, say)
    name = name.removeprefix("docker://")
    found = _from_registry(session, name, options, policy, say)
    eventlog.image(session.paths.events, "pull", found["id"], name)
    return [found]


def _from_registry(
    session: Session, name: str, options: Options, policy: str, say: Callable[[str], None] | None
) -> ImageRecord:
    local = images.lookup(session.db, name)
    if local is not None and policy in ("missing", "never"):
        return local
    if policy == "never":
        raise images.no_such(name)
    if local is not None and not any(options.get(key) for key in PLATFORM):
        same = _unchanged(session, name, options, say)
        if same is not None:
            return same
    access = registry.access(session, options)
    want = registry.platform(options)
    try:
        return _pull(session, access, name, want, say)
    except errors.RegistryError as e:
        if policy != "newer" or local is None:
            raise
        log.warning(f"{e.message}: the local image is used")
        return local


def _unchanged(
    session: Session, name: str, options: Options, say: Callable[[str], None] | None
) -> ImageRecord | None:
    """The image, if the registry can be asked quickly and has just the one that is here under that name."""
    from libpod.conf import registries
    from libpod.image import names, quick

    conf = registries.load(session.environ, session.paths.cache)
    candidate = names.candidates(conf, name)[0]
    verify = options.get("tls_verify")
    endpoint = names.endpoints(conf, candidate.ref, None if verify is None else bool(verify))[0]
    reference = candidate.ref.digest or candidate.ref.tag or "latest"
    record = quick.unchanged(session.paths, session.db, endpoint, reference, session.environ)
    if record is None or candidate.ref.stored() not in [*record["names"], *record["digest_names"]]:
        return None
    if say is not None:
        _tell(candidate, say)
    return record


def _tell(candidate: Candidate, say: Callable[[str], None]) -> None:
    if candidate.note:
        say(candidate.note)
    say(f"Trying to pull {candidate.ref.stored()}...")


def pull_all_tags(
    session: Session, name: str, options: Options, *, say: Callable[[str], None] | None = None
) -> list[ImageRecord]:
    """Bring every tag of a repository."""
    from libpod.image import names as image_names
    from libpod.image import ref as refs
    from libpod.image import registry as protocol

    access = registry.access(session, options)
    want = registry.platform(options)
    candidate = image_names.candidates(access.registries, name.removeprefix("docker://"))[0]
    if candidate.ref.tag or candidate.ref.digest:
        raise errors.UsageError(
            "--all-tags takes the name of a repository, without a tag", remedy=f"give {candidate.ref.repo}"
        )
    endpoint = image_names.endpoints(access.registries, candidate.ref, access.tls_verify, mirrors=False)[0]
    found = []
    for tag in access.client(endpoint).tags():
        full = refs.Ref(candidate.ref.domain, candidate.ref.path, protocol.check_tag(tag))
        found.append(_pull(session, access, str(full), want, say))
    if not found:
        raise errors.RegistryError(f"{candidate.ref.repo} has no tags", remedy="see that the name is right")
    return found


def _pull(
    session: Session, access: Access, name: str, want: Platform, say: Callable[[str], None] | None
) -> ImageRecord:
    from libpod.engine import import_image
    from libpod.image import meter, names
    from libpod.image import pull as image_pull
    from libpod.storage import gc

    tell = say or (lambda line: None)
    # Before the user namespace is entered: a credential helper must see the user as the user is.
    candidate, fetched = _find(access, names.candidates(access.registries, name), want, tell)
    known = image_pull.present(session.paths, session.db, fetched)
    if known is not None and image_pull.name(session.db, known, candidate.ref):
        return known
    display = None if say is None else session.transfer_display
    target = import_image.open_store(session, registry.without_parts(tell) if display else say)
    gc.sweep_staging(session.paths)
    with meter.Meter(display() if display is not None else None) as measured:
        return image_pull.bring(target, fetched, candidate.ref, want, measured)


def _find(
    access: Access, candidates: list[Candidate], want: Platform, say: Callable[[str], None]
) -> tuple[Candidate, Fetched]:
    """The first of the full names that a registry knows."""
    from libpod.image import pull as image_pull

    failed: list[errors.PypodError] = []
    for candidate in candidates:
        _tell(candidate, say)
        try:
            return candidate, image_pull.fetch(access, candidate.ref, want)
        except errors.RegistryError as e:
            failed.append(e)
    raise failed[0] if len(failed) == 1 else errors.ErrorList(failed)


def _from_archive(session: Session, name: str, say: Callable[[str], None] | None) -> list[ImageRecord]:
    from libpod.engine import import_image
    from libpod.image import store

    transport, _, path = name.partition(":")
    if transport in ("oci", "oci-archive") and ":" in path:
        raise errors.NotSupportedError(
            f'"{name}" names one image of several, which is not supported yet',
            remedy=f'load all of them with "pypod load -i {path.partition(":")[0]}"',
        )
    return [record for record, _names in store.load(import_image.open_store(session, say), path)]


def _policy(policy: str) -> str:
    if policy not in POLICIES:
        raise errors.UsageError(
            f'unknown pull policy "{policy}"', remedy=f"the policies are {', '.join(POLICIES)}", name=policy
        )
    return policy
