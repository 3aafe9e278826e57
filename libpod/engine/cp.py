"""Owns: `cp`: files and directories between a container and the host, between containers, and as archives.

The source becomes an archive and is unpacked at once. What a name means is decided here, as `podman cp` does:
a directory goes into a directory that exists, or becomes one that does not; `/.` at its end stands for what
is in it; a file takes the place of a file.
"""

from __future__ import annotations

import os
import stat

from libpod import errors, log
from libpod.engine import containers, cpview
from libpod.util import copyin, tartree, untar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from libpod.engine.session import Session

_DIR = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
_NO_DATA = frozenset((b"dev", b"proc", b"sys"))
_CHUNK = 1 << 18
_NOT_A_DIRECTORY = "destination must be a directory when copying a directory"


class Source:
    """What is copied: an owned descriptor, the name that it has, and how the owners in it are to be read."""

    __slots__ = ("content", "fd", "is_dir", "name", "owner", "whole")

    def __init__(self, fd: int, name: str, raw: str) -> None:
        self.fd = fd
        self.name = name
        self.is_dir = stat.S_ISDIR(os.fstat(fd).st_mode)
        self.content = self.is_dir and (not name or raw.rstrip("/").rpartition("/")[2] in ("", "."))
        """Not the directory itself, but what is in it."""
        self.owner: tartree.Owner | None = None
        self.whole = False
        """It is the root of a container."""

    def chunks(self, name: str) -> Iterator[bytes]:
        """The archive, in which it has this name; a directory without one gives its content alone."""
        raw = os.fsencode(name)
        tree = tartree.Tree(
            self.fd,
            log.warning,
            owner=self.owner,
            top=raw,
            mounts=True,
            without=_NO_DATA if self.whole else (),
        )
        return tree.chunks() if self.is_dir else tree.single(raw)


def cp(
    session: Session, source: str, target: str, *, archive: bool = True, overwrite: bool = False
) -> list[str]:
    """Copy `[CONTAINER:]PATH` to `[CONTAINER:]PATH`; `-` = an archive on stdin or stdout.

    Files that go into a container belong to its user, without `archive` to whom they belonged before; files
    that come out belong to the caller. Returns what was left out. Raises NotFoundError, UsageError,
    StateError, ConflictError, StorageError, ImageError.
    """
    from_name, from_path = _parse(source)
    to_name, to_path = _parse(target)
    if not from_path or not to_path:
        raise errors.UsageError(
            f'invalid arguments "{source}", "{target}": you must specify paths',
            remedy='give a path behind the container, as in "CONTAINER:/tmp"',
        )
    if not from_name and not to_name:
        raise errors.UsageError(
            "neither the source nor the destination is in a container",
            remedy='write one of them as "CONTAINER:PATH"; a path of the host with a colon begins with "./"',
        )
    from_record = containers.find(session, from_name) if from_name else None
    to_record = containers.find(session, to_name) if to_name else None
    one_for_both = from_record is not None and to_record is not None and from_record["id"] == to_record["id"]
    views: list[cpview.View] = []
    found, stdin_fd = None, -1
    try:
        if from_record is not None:
            views.append(cpview.View(session, from_record, write=one_for_both))
            found = _in_container(views[0], from_path)
        elif from_path == "-":
            stdin_fd = _stdin(session)
        else:
            session.enter()
            found = _on_host(from_path)
        if to_record is None:
            assert found is not None
            return _to_stdout(found) if to_path == "-" else _to_host(found, to_path, overwrite)
        if not one_for_both:
            views.append(cpview.View(session, to_record, write=True))
        view = views[-1]
        owner = _owner(view, archive)
        view.create_as_its_root()
        if found is None:
            return _unpack_stdin(stdin_fd, view, to_path, owner, overwrite)
        return _to_container(found, view, to_path, owner, overwrite)
    finally:
        if found is not None:
            os.close(found.fd)
        if stdin_fd >= 0:
            os.close(stdin_fd)
        for view in reversed(views):
            view.close()


def _parse(word: str) -> tuple[str, str]:
    """(container, path); no container for what begins with a dot or slash, or has no colon."""
    if word[:1] in (".", "/") or ":" not in word:
        return "", word
    name, _, path = word.partition(":")
    return name, path


# -- sources ---------------------------------------------------------------------


def _missing(path: str, where: str, why: str = "no such file or directory") -> errors.NotFoundError:
    return errors.NotFoundError(f'"{path}" could not be found on {where}: {why}', name=path)


def _in_container(view: cpview.View, path: str) -> Source:
    target = view.find(path)
    if target is None:
        raise _missing(path, f"container {view.record['name']}")
    if path.endswith("/") and not target.is_dir:
        os.close(target.fd)
        raise _missing(path, f"container {view.record['name']}", "not a directory")
    source = Source(target.fd, target.name, path)
    source.owner = view.inside
    root, here = os.fstat(view.root_fd), os.fstat(target.fd)
    source.whole = (root.st_dev, root.st_ino) == (here.st_dev, here.st_ino)
    return source


def _on_host(path: str) -> Source:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError as e:
        raise _missing(path, "the host", _words(e)) from e
    name = os.path.basename(path.rstrip("/"))
    if name in ("", ".", ".."):
        name = os.path.basename(os.path.realpath(path))
    return Source(fd, name, path)


def _words(e: OSError) -> str:
    return (e.strerror or str(e)).lower()


# -- destinations ----------------------------------------------------------------


def _to_stdout(source: Source) -> list[str]:
    for data in source.chunks("" if source.content else source.name):
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(1, rest) :]
    return []


def _to_host(source: Source, path: str, overwrite: bool) -> list[str]:
    real = os.path.realpath(path)
    name = ""
    if not os.path.exists(real):
        if path.endswith("/"):
            raise _missing(path, "the host")
        real, name = os.path.split(real)
    elif not os.path.isdir(real):
        if not os.path.isfile(real):
            raise errors.UsageError(f'invalid destination: "{path}" must be a directory or a regular file')
        if source.is_dir:
            raise errors.UsageError(_NOT_A_DIRECTORY)
        real, name = os.path.split(real)
    try:
        fd = os.open(real, _DIR)
    except OSError as e:
        raise _missing(path, "the host", _words(e)) from e
    try:
        chunks = source.chunks(name or ("" if source.content else source.name))
        return _unpack(tartree.reader(chunks), copyin.CopyIn(fd, overwrite=overwrite), fd)
    finally:
        os.close(fd)


def _to_container(
    source: Source, view: cpview.View, path: str, owner: copyin.Owner | None, overwrite: bool
) -> list[str]:
    target = view.find(path)
    name = ""
    if target is None or not target.is_dir:
        place = None
        if target is not None:
            os.close(target.fd)
            if source.is_dir:
                raise errors.UsageError(_NOT_A_DIRECTORY)
            if view.is_mounted_file(target):
                return _over(source, view, target)
        if not path.endswith("/"):
            place = view.parent(path)
        if place is None:
            raise _missing(path, f"container {view.record['name']}")
        target, name = place
    try:
        view.check_writable(target)
        chunks = source.chunks(name or ("" if source.content else source.name))
        into = copyin.CopyIn(target.root_fd, target.path, owner=owner, overwrite=overwrite)
        return _unpack(tartree.reader(chunks), into, target.root_fd)
    finally:
        os.close(target.fd)


def _over(source: Source, view: cpview.View, target: cpview.Target) -> list[str]:
    """Write over a file of the host that the container will have mounted."""
    view.check_writable(target)
    if not stat.S_ISREG(os.fstat(source.fd).st_mode):
        raise errors.UsageError(f'"{source.name}" is no regular file, and the destination is a mounted file')
    try:
        in_fd = os.open(
            f"/proc/self/fd/{source.fd}", os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        )
        try:
            flags = os.O_WRONLY | os.O_TRUNC | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
            out_fd = os.open(f"/proc/self/fd/{target.root_fd}", flags)
            try:
                while data := os.read(in_fd, _CHUNK):
                    while data:
                        data = data[os.write(out_fd, data) :]
            finally:
                os.close(out_fd)
        finally:
            os.close(in_fd)
    except OSError as e:
        raise view.error(target.name, e) from e
    return []


def _stdin(session: Session) -> int:
    """An archive on stdin; what comes from a pipe is read to its end now, while nothing is locked."""
    from libpod.engine import volume_archive

    session.enter()
    fd = os.dup(0)
    return fd if stat.S_ISREG(os.fstat(fd).st_mode) else volume_archive.spooled(session, fd)


def _unpack_stdin(
    fd: int, view: cpview.View, path: str, owner: copyin.Owner | None, overwrite: bool
) -> list[str]:
    from libpod.image import compress

    target = view.find(path)
    if target is None or not target.is_dir:
        if target is not None:
            os.close(target.fd)
        raise errors.UsageError("destination must be a directory when copying from stdin")
    try:
        view.check_writable(target)
        into = copyin.CopyIn(target.root_fd, target.path, owner=owner, overwrite=overwrite)
        return _unpack(compress.opened(lambda count: os.read(fd, count))[0], into, target.root_fd)
    except errors.ImageError as e:
        raise errors.ImageError(
            f"source must be a (compressed) tar archive when copying from stdin: {e.message}",
            remedy=e.remedy,
        ) from e
    finally:
        os.close(target.fd)


def _unpack(read: Callable[[int], bytes], into: copyin.CopyIn, root_fd: int) -> list[str]:
    report = untar.extract(read, root_fd, into=into)
    more = report.warning_count - len(report.warnings)
    return [*report.warnings, *([f"{more} more members or attributes were left out"] if more > 0 else [])]


def _owner(view: cpview.View, archive: bool) -> copyin.Owner:
    """To whom what is copied into a container belongs."""
    if not archive:
        return view.outside
    who = view.user()
    ids = view.outside(who["uid"], who["gid"])
    return lambda _uid, _gid: ids
