"""Unpacking gives what the archive says, and nothing of it lies outside of the root."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libpod.errors import ImageError
from libpod.kernel.ns import own_userns_is_initial
from libpod.util import staging, untar
from libpod.util.tarattrs import Report
from tests.support.userns import Paths, as_root, tree

Members = list[tuple[tarfile.TarInfo, bytes]]
OPAQUE = "user.overlay.opaque"


def member(
    name: str, kind: bytes = tarfile.REGTYPE, data: bytes = b"", **fields: Any
) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.size = len(data) if kind == tarfile.REGTYPE else 0
    info.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
    info.mtime = 1_000_000_000
    for key, value in fields.items():
        setattr(info, key, value)
    return info, data


def folder(name: str, **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, tarfile.DIRTYPE, **fields)


def symlink(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, tarfile.SYMTYPE, linkname=target)


def hardlink(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, tarfile.LNKTYPE, linkname=target)


def pack(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def unpack(root: str, archive: bytes, **options: Any) -> Report:
    os.makedirs(root, exist_ok=True)
    root_fd = os.open(root, os.O_PATH | os.O_DIRECTORY)
    try:
        return untar.extract(io.BytesIO(archive).read, root_fd, **options)
    finally:
        os.close(root_fd)


def refused(root: str, *members: tuple[tarfile.TarInfo, bytes]) -> str:
    with pytest.raises(ImageError) as caught:
        unpack(root, pack(*members))
    assert caught.value.remedy
    assert "\n" not in caught.value.message
    return caught.value.message


# -- good archives ------------------------------------------------------------------------------------------

names = st.sampled_from(["a", "b", "c", "ü", "x" * 120, ".hidden", "sp ace"])
paths = st.lists(names, min_size=1, max_size=4).map("/".join)


@st.composite
def archives(draw: st.DrawFn) -> Members:
    """Members below each other in any order, each path once; a parent may be missing, or come after its
    children.
    """
    chosen: dict[str, str] = {}
    for path in draw(st.lists(paths, max_size=10, unique=True)):
        parents = [path[:i] for i, c in enumerate(path) if c == "/"]
        is_parent = any(other.startswith(path + "/") for other in chosen)
        if any(chosen.get(p, "dir") != "dir" for p in parents):
            continue
        chosen[path] = (
            "dir" if is_parent else draw(st.sampled_from(["dir", "file", "symlink", "fifo", "hardlink"]))
        )
    out: Members = []
    files: list[str] = []
    for path, kind in chosen.items():
        fields: dict[str, Any] = {
            "uid": draw(st.integers(0, 1000)),
            "gid": draw(st.integers(0, 1000)),
            "mode": draw(st.integers(0, 0o7777)),
            "mtime": draw(st.integers(0, 2**31)),
        }
        if kind == "dir":
            out.append(folder(path, **fields))
        elif kind == "file":
            out.append(member(path, data=draw(st.binary(max_size=600)), **fields))
            files.append(path)
        elif kind == "symlink":
            out.append(
                member(
                    path,
                    tarfile.SYMTYPE,
                    linkname=draw(st.sampled_from(["a", "/etc", "..", "x/y"])),
                    **fields,
                )
            )
        elif kind == "fifo":
            out.append(member(path, tarfile.FIFOTYPE, **fields))
        elif files:
            target = draw(st.sampled_from(files))
            (like,) = [info for info, _ in out if info.name == target]
            fields = {"uid": like.uid, "gid": like.gid, "mode": like.mode, "mtime": like.mtime}
            out.append(member(path, tarfile.LNKTYPE, linkname=target, **fields))
    return out


@as_root
def test_makes_what_the_standard_library_makes(paths: Paths) -> None:
    @settings(max_examples=80, suppress_health_check=list(HealthCheck))
    @given(archives(), st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]))
    def check(members: Members, form: int) -> None:
        data = pack(*members, form=form)
        mine, theirs = f"{paths.tmp}/mine", f"{paths.tmp}/theirs"
        for left in (mine, theirs):
            staging.remove_tree(left)
        report = unpack(mine, data, hasher=hashlib.sha256())
        os.mkdir(theirs)
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            tar.extraction_filter = getattr(tarfile, "fully_trusted_filter", None)
            tar.extractall(theirs, numeric_owner=True)
        expected, found = tree(theirs), tree(mine)
        named = {info.name for info, _ in members}
        for path in expected:
            # Directories without a member of their own: the time is that of the moment in both. tarfile
            # follows links for the times and modes of fifos and leaves the times of symbolic links alone.
            both = (found[path], expected[path])
            keep = 6 if path in named and both[1][0] in ("file", "dir") else 5
            assert both[0][:keep] == both[1][:keep], path
        assert set(found) == set(expected)
        for info, _ in members:
            if info.islnk():
                assert os.path.samefile(f"{mine}/{info.name}", f"{mine}/{info.linkname}")
        assert report.diff_id == hashlib.sha256(data).hexdigest()
        assert report.entries == len(members)
        assert report.stream_bytes == len(data)
        assert report.warning_count == 0

    check()


@as_root
def test_owner_mode_and_time_of_everything(paths: Paths) -> None:
    root = f"{paths.tmp}/r"
    unpack(
        root,
        pack(
            folder(".", mode=0o1777, uid=1, gid=2),
            folder("d", mode=0o2750, uid=3, gid=4),
            member("d/suid", data=b"x", mode=0o6755, uid=5, gid=6),
            member("d/link", tarfile.SYMTYPE, linkname="/nowhere", uid=7, gid=8),
            member("d/none", mode=0, uid=0, gid=0),
        ),
    )
    found = tree(root)
    ns = 1_000_000_000 * 10**9
    assert found["d"] == ("dir", 0o2750, 3, 4, None, ns)
    assert found["d/suid"] == ("file", 0o6755, 5, 6, b"x", ns)
    assert found["d/link"] == ("link", 0, 7, 8, "/nowhere", ns)
    assert found["d/none"] == ("file", 0, 0, 0, b"", ns)
    there = os.stat(root)
    assert (there.st_mode & 0o7777, there.st_uid, there.st_gid, there.st_mtime_ns) == (0o1777, 1, 2, ns)


@as_root
def test_a_later_member_replaces_an_earlier_one(paths: Paths) -> None:
    root = f"{paths.tmp}/r"
    kinds: dict[str, Callable[[], tuple[tarfile.TarInfo, bytes]]] = {
        "file": lambda: member("x", data=b"new"),
        "dir": lambda: folder("x", mode=0o700),
        "link": lambda: symlink("x", "y"),
        "fifo": lambda: member("x", tarfile.FIFOTYPE),
    }
    for before in kinds:
        for after in kinds:
            extra = [member("x/inside", data=b"1")] if before == "dir" else []
            unpack(
                root, pack(member("y", data=b"target"), kinds[before](), *extra, kinds[after](), folder("z"))
            )
            found = tree(root)
            assert found["x"][0] == after
            assert found["y"][4] == b"target"
            if after == "file":
                assert found["x"][4] == b"new"
            # A directory on a directory keeps what is in it; anything else takes it away.
            assert ("x/inside" in found) == (before == after == "dir")
            staging.remove_tree(root)


@as_root
def test_a_missing_parent_is_made_and_reported(paths: Paths) -> None:
    root = f"{paths.tmp}/r"
    report = unpack(root, pack(member("a/b/c", data=b"1"), folder("a", mode=0o700), member("d/e", data=b"2")))
    found = tree(root)
    assert found["a/b"][:4] == ("dir", 0o755, 0, 0)
    assert report.implicit_dirs == [".", "a/b", "d"]
    assert unpack(root, pack(folder("./"))).implicit_dirs == []


@as_root
def test_a_path_through_a_symbolic_link_ends_inside(paths: Paths) -> None:
    root = f"{paths.tmp}/r"
    unpack(
        root,
        pack(
            folder("run"),
            symlink("var", "/run"),
            member("var/pid", data=b"1"),
            symlink("up", "../../.."),
            member("up/x"),
        ),
    )
    assert {"run/pid", "x"} <= set(tree(root))


@as_root
def test_sparse_files_stay_sparse(paths: Paths) -> None:
    import subprocess

    with open(f"{paths.tmp}/s", "wb") as f:
        f.write(b"begin")
        f.truncate(20_000_000)
        f.seek(10_000_000)
        f.write(b"middle")
    for option in ("--format=gnu", "--format=posix"):
        archive = subprocess.run(
            ["tar", option, "-S", "-C", paths.tmp, "-cf", "-", "s"], check=True, stdout=-1
        ).stdout
        report = unpack(f"{paths.tmp}/r", archive)
        with open(f"{paths.tmp}/s", "rb") as a, open(f"{paths.tmp}/r/s", "rb") as b:
            assert a.read() == b.read()
        assert os.stat(f"{paths.tmp}/r/s").st_blocks < 1000
        assert report.size_bytes == 20_000_000
        staging.remove_tree(f"{paths.tmp}/r")


@as_root
def test_attributes_of_files(paths: Paths) -> None:
    root = f"{paths.tmp}/r"
    capability = bytes.fromhex("0100000200200000000000000000000000000000")  # cap_net_raw+ep, version 2
    headers = {
        "SCHILY.xattr.user.note": "hello",
        "SCHILY.xattr.user.overlay.opaque": "y",
        "SCHILY.xattr.trusted.overlay.opaque": "y",
        "SCHILY.xattr.security.selinux": "x",
        "SCHILY.xattr.system.odd": "x",
        "SCHILY.xattr.security.capability": capability.decode("latin-1"),
    }
    report = unpack(root, pack(member("f", data=b"1", uid=3, pax_headers=headers)))
    if "user.note" not in os.listxattr(f"{root}/f"):
        return  # this file system has no such attributes; then the warning says so
    assert sorted(os.listxattr(f"{root}/f")) == ["security.capability", "user.note"]
    assert os.getxattr(f"{root}/f", "user.note") == b"hello"
    assert os.getxattr(f"{root}/f", "security.capability")[4:20] == capability[4:20]
    assert report.warnings == ['the attribute system.odd of "f" was left out: it is not supported']


# -- whiteouts ----------------------------------------------------------------------------------------------


def is_whiteout(path: str) -> bool:
    there = os.lstat(path)
    return there.st_mode >> 12 == 0o02 and there.st_rdev == 0


def is_opaque(path: str) -> bool:
    return OPAQUE in os.listxattr(path)


@as_root
def test_whiteouts_become_what_overlay_reads(paths: Paths) -> None:
    root = f"{paths.tmp}/r"
    unpack(
        root,
        pack(
            folder("etc"),
            member("etc/.wh.passwd"),
            folder("var"),
            member("var/.wh..wh..opq"),
            member("var/new", data=b"1"),
            member(".wh..wh.plnk"),
            member("made/.wh.gone"),
        ),
    )
    assert is_whiteout(f"{root}/etc/passwd")
    assert is_whiteout(f"{root}/made/gone")
    assert is_opaque(f"{root}/var")
    assert not is_opaque(f"{root}/etc")
    assert not [path for path in tree(root) if ".wh." in path]


@as_root
def test_a_name_that_is_removed_and_made_again_shows_only_the_new(paths: Paths) -> None:
    root = f"{paths.tmp}/r"
    unpack(
        root,
        pack(
            member(".wh.dir1"),
            folder("dir1"),
            folder("dir2"),
            member(".wh.dir2"),
            member("file", data=b"1"),
            member(".wh.file"),
            member(".wh.file2"),
            member("file2", data=b"2"),
        ),
    )
    assert is_opaque(f"{root}/dir1")
    assert is_opaque(f"{root}/dir2")
    assert tree(root)["file"][4] == b"1"
    assert tree(root)["file2"][4] == b"2"


@pytest.mark.parametrize("name", [".wh.", ".wh..", ".wh...", "a/.wh..."])
def test_a_whiteout_of_nothing_is_refused(name: str) -> None:
    @as_root
    def check(paths: Paths) -> None:
        assert "invalid whiteout" in refused(f"{paths.tmp}/r", folder("a"), member(name))

    check()


# -- hostile archives ---------------------------------------------------------------------------------------


@as_root
def test_a_name_above_the_root_is_refused(paths: Paths) -> None:
    for name in ("../evil", "a/../../evil", "/../evil", "..", "./../evil", "a/b/../../../evil"):
        for make in (member, folder):
            assert "points outside" in refused(f"{paths.tmp}/r", make(name))
        assert "points outside" in refused(f"{paths.tmp}/r", symlink(name, "x"))
    assert not os.path.exists(f"{paths.tmp}/evil")
    assert not os.path.exists("/evil")


@as_root
def test_an_absolute_name_is_made_below_the_root(paths: Paths) -> None:
    unpack(f"{paths.tmp}/r", pack(member("/etc/x", data=b"1"), member("//tmp//y"), member("a/./b/../c")))
    assert {"etc/x", "tmp/y", "a/c"} <= set(tree(f"{paths.tmp}/r"))


@as_root
def test_links_that_lead_out_lead_in(paths: Paths) -> None:
    victim = f"{paths.tmp}/victim"
    os.mkdir(victim)
    targets = [
        victim,
        "../victim",
        "../../../../../../" + victim,
        "/proc/self/cwd",
        "/proc/self/root" + victim,
    ]
    for target in targets:
        root = f"{paths.tmp}/r"
        try:
            unpack(
                root,
                pack(symlink("l", target), member("l/x", data=b"evil"), folder("l/y"), symlink("l/z", "q")),
            )
        except ImageError:
            pass
        assert os.listdir(victim) == []
        staging.remove_tree(root)
    assert not os.path.exists(os.getcwd() + "/x")


@as_root
def test_links_through_links_lead_in(paths: Paths) -> None:
    root, victim = f"{paths.tmp}/r", f"{paths.tmp}/victim"
    os.mkdir(victim)
    chain = [symlink("a", ".."), symlink("b", "a/.."), symlink("c", "b/../.."), symlink("d", f"c/{victim}")]
    unpack(root, pack(folder("x"), *chain, member("d/evil", data=b"1")))
    assert os.listdir(victim) == []
    assert tree(root)[f"{victim[1:]}/evil"][4] == b"1"


@as_root
def test_a_loop_of_links_is_refused(paths: Paths) -> None:
    assert "not a directory" in refused(f"{paths.tmp}/r", symlink("a", "b"), symlink("b", "a"), member("a/x"))


@as_root
def test_a_file_does_not_follow_the_link_in_its_place(paths: Paths) -> None:
    root, victim = f"{paths.tmp}/r", f"{paths.tmp}/victim"
    with open(victim, "w") as f:
        f.write("mine")
    unpack(root, pack(symlink("x", victim), member("x", data=b"evil", mode=0o777)))
    with open(victim) as f:
        assert f.read() == "mine"
    assert os.stat(victim).st_mode & 0o777 != 0o777
    assert tree(root)["x"][4] == b"evil"


@as_root
def test_a_directory_that_becomes_a_link_is_not_written_through(paths: Paths) -> None:
    root, victim = f"{paths.tmp}/r", f"{paths.tmp}/victim"
    os.mkdir(victim)
    unpack(root, pack(folder("d"), member("d/a", data=b"1"), symlink("d", victim), member("d/b", data=b"2")))
    assert os.listdir(victim) == []
    assert not os.path.exists(f"{root}/d/a")


@as_root
def test_a_link_that_becomes_a_directory_is_one(paths: Paths) -> None:
    root = f"{paths.tmp}/r"
    unpack(
        root,
        pack(
            folder("real"), symlink("l", "real"), member("l/a"), folder("l"), member("l/b"), member("real/c")
        ),
    )
    assert set(tree(root)) == {"real", "real/a", "real/c", "l", "l/b"}


@as_root
def test_hard_links_stay_inside(paths: Paths) -> None:
    victim = f"{paths.tmp}/victim"
    with open(victim, "w") as f:
        f.write("mine")
    os.chmod(victim, 0o600)
    root = f"{paths.tmp}/r"
    for target in ("../victim", "a/../../victim"):
        assert "points outside" in refused(root, hardlink("x", target))
    for target in (victim, "nothing", ".", "d", "d/nothing", "f/x", "loop/x"):
        words = refused(root, folder("d"), member("f"), symlink("loop", "loop"), hardlink("x", target))
        assert "not a file of the archive" in words
    refused(root, symlink("l", f"{paths.tmp}"), hardlink("x", "l/victim"))
    assert os.stat(victim).st_nlink == 1


@as_root
def test_a_hard_link_to_a_link_is_a_link(paths: Paths) -> None:
    victim = f"{paths.tmp}/victim"
    with open(victim, "w") as f:
        f.write("mine")
    unpack(f"{paths.tmp}/r", pack(symlink("l", victim), hardlink("x", "l"), member("x", data=b"evil")))
    with open(victim) as f:
        assert f.read() == "mine"
    assert tree(f"{paths.tmp}/r")["x"][4] == b"evil"


@as_root
def test_a_hard_link_replaces_files_and_directories(paths: Paths) -> None:
    root = f"{paths.tmp}/r"
    unpack(
        root,
        pack(
            member("f", data=b"1"),
            member("x", data=b"2"),
            hardlink("x", "f"),
            folder("d"),
            member("d/inside"),
            hardlink("d", "f"),
            hardlink("f", "f"),
            hardlink("x", "f"),
        ),
    )
    found = tree(root)
    assert found["x"][4] == found["d"][4] == found["f"][4] == b"1"
    assert os.stat(f"{root}/f").st_nlink == 3


@as_root
def test_devices_are_left_out_in_a_user_namespace(paths: Paths) -> None:
    if own_userns_is_initial():
        return
    root = f"{paths.tmp}/r"
    report = unpack(
        root,
        pack(
            member("null", tarfile.CHRTYPE, devmajor=1, devminor=3),
            member("sda", tarfile.BLKTYPE, devmajor=8, devminor=0),
            member("wh", tarfile.CHRTYPE, devmajor=0, devminor=0),
            member("pipe", tarfile.FIFOTYPE, mode=0o640, uid=1),
        ),
    )
    assert set(tree(root)) == {"pipe"}
    assert tree(root)["pipe"][:4] == ("fifo", 0o640, 1, 0)
    assert report.warning_count == 3
    assert '"null" (1:3)' in report.warnings[0]


@as_root
def test_a_file_where_a_directory_is_needed_is_refused(paths: Paths) -> None:
    assert "not a directory" in refused(f"{paths.tmp}/r", member("a"), member("a/b"))
    assert "not a directory" in refused(f"{paths.tmp}/r", member("p", tarfile.FIFOTYPE), member("p/b/c"))


@as_root
def test_the_root_itself_can_only_be_a_directory(paths: Paths) -> None:
    for name in (".", "./.", "a/.."):
        assert "root directory" in refused(f"{paths.tmp}/r", member(name))
        assert "root directory" in refused(f"{paths.tmp}/r", symlink(name, "/etc"))


@as_root
def test_an_owner_beyond_the_range_is_named_with_the_remedy(paths: Paths) -> None:
    if own_userns_is_initial():
        return
    cases: list[tuple[dict[str, Any], str]] = [
        ({"uid": 3_000_000}, "uid 3000000"),
        ({"gid": 3_000_000}, "gid 3000000"),
    ]
    for fields, word in cases:
        for kind in (tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.FIFOTYPE):
            with pytest.raises(ImageError) as caught:
                unpack(f"{paths.tmp}/r", pack(member("etc-shadow", kind, linkname="x", **fields)))
            assert word in caught.value.message
            assert "etc-shadow" in caught.value.message
            assert f"/etc/sub{word[:3]}" in caught.value.remedy
    with pytest.raises(ImageError):
        unpack(f"{paths.tmp}/r", pack(member("f", uid=2**60)))


@as_root
def test_all_files_are_the_callers_with_squashed_owners(paths: Paths) -> None:
    unpack(f"{paths.tmp}/r", pack(folder("d", uid=3_000_000), member("d/f", gid=42)), owners="squash")
    assert {row[2:4] for row in tree(f"{paths.tmp}/r").values()} == {(0, 0)}


@as_root
def test_names_that_no_file_system_takes_are_refused(paths: Paths) -> None:
    for name in ("x" * 256, "/".join(["y" * 200] * 30), "d/" + "z" * 300 + "/f"):
        assert "too long" in refused(f"{paths.tmp}/r", member(name))


@as_root
def test_more_members_than_the_bound_are_refused(paths: Paths) -> None:
    archive = pack(*[member(f"f{n}") for n in range(11)])
    with pytest.raises(ImageError, match="more than 10 members"):
        unpack(f"{paths.tmp}/r", archive, max_entries=10)
    assert unpack(f"{paths.tmp}/r2", archive, max_entries=11).entries == 11


@as_root
def test_names_may_hold_any_bytes(paths: Paths) -> None:
    root = f"{paths.tmp}/r"
    name = os.fsdecode(b"\xff\xfe\n\x1b[31m")
    unpack(root, pack(folder(name), member(f"{name}/x", data=b"1"), form=tarfile.GNU_FORMAT))
    assert tree(root)[f"{name}/x"][4] == b"1"


@as_root
def test_no_descriptor_is_left_open(paths: Paths) -> None:
    before = os.listdir("/proc/self/fd")
    many = [member(f"d{n}/e{n}/f", data=b"1") for n in range(120)]
    unpack(
        f"{paths.tmp}/r", pack(*many, *[hardlink(f"d{n}/l", f"d{119 - n}/e{119 - n}/f") for n in range(120)])
    )
    refused(f"{paths.tmp}/r", *many, member("../x"))
    assert len(os.listdir("/proc/self/fd")) == len(before)
    assert tree(f"{paths.tmp}/r")["d0/l"][4] == b"1"


@settings(max_examples=300)
@given(st.text(st.sampled_from("ab./"), min_size=1, max_size=14))
def test_clean_name_is_the_lexical_path(name: str) -> None:
    parts: list[str] = []
    outside = False
    for part in name.split("/"):
        if part == "..":
            outside = outside or not parts
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    if outside:
        with pytest.raises(ImageError):
            untar.clean_name(name.encode())
    else:
        assert untar.clean_name(name.encode()) == "/".join(parts).encode()
