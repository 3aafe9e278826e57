"""--volume, --mount, --tmpfs."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libpod.errors import PypodError
from libpod.spec import volumes
from libpod.spec.values import clean_path, split_csv, split_escaped
from tests.unit.spec.conftest import Maker


def one(make: Maker, **options: Any) -> Any:
    (mount,) = make.request(**options)["mounts"]
    return mount


def test_relative_sources_are_resolved_against_the_working_directory(make: Maker) -> None:
    assert one(make, volume=["./data:/data"])["source"] == "/home/user/data"
    assert one(make, volume=["../x/./y:/data"])["source"] == "/home/x/y"
    assert one(make, mount=["type=bind,src=data,dst=/data"])["source"] == "/home/user/data"


def test_a_name_is_a_volume_and_a_lone_path_an_anonymous_one(make: Maker) -> None:
    named = one(make, volume=["data:/data"])
    assert (named["type"], named["source"], named["copy_up"]) == ("volume", "data", True)
    lone = one(make, volume=["/data"])
    assert (lone["type"], lone["source"], lone["anonymous"]) == ("volume", "", True)


def test_suboptions_that_are_not_mount_options_become_flags(make: Maker) -> None:
    mount = one(make, volume=["/a:/b:Z,U,nocopy,ro"])
    assert (mount["relabel"], mount["chown"]) == ("Z", True)
    assert mount["options"] == ["ro", "rprivate", "rbind"]
    mount = one(make, volume=["/a:/b:O,U,upperdir=up,workdir=/w/."])
    assert (mount["overlay"], mount["chown"]) == (True, True)
    assert (mount["upperdir"], mount["workdir"]) == ("/home/user/up", "/w")
    assert one(make, volume=["v:/b:nocopy"])["copy_up"] is False
    assert "copy_up" not in one(make, volume=["/a:/b:nocopy"])


def test_what_the_user_says_about_set_uid_and_devices_wins(make: Maker) -> None:
    assert one(make, volume=["v:/b:suid,dev,exec"])["options"] == [
        "suid",
        "dev",
        "exec",
        "rw",
        "rprivate",
        "rbind",
    ]
    assert one(make, volume=["v:/b:bind"])["options"] == ["rw", "rprivate", "nosuid", "nodev", "bind"]


def test_colons_in_paths_are_escaped(make: Maker) -> None:
    assert one(make, volume=[r"/a\:b:/c"])["source"] == "/a:b"


def test_the_same_mount_given_twice_counts_once(make: Maker) -> None:
    assert len(make.request(volume=["/a:/b", "/a:/b/"])["mounts"]) == 1


@pytest.mark.parametrize(
    ("value", "options"),
    [
        ("type=tmpfs,dst=/t", ["rw", "rprivate", "nosuid", "nodev", "tmpcopyup"]),
        ("type=tmpfs,dst=/t,notmpcopyup,ro=true", ["ro", "rprivate", "nosuid", "nodev"]),
        ("type=tmpfs,dst=/t,tmpfs-mode=700", ["mode=700", "rw", "rprivate", "nosuid", "nodev", "tmpcopyup"]),
        ("type=bind,src=/a,dst=/t,readonly", ["ro", "rprivate", "rbind"]),
        ("type=bind,src=/a,dst=/t,rw=false", ["ro", "rprivate", "rbind"]),
        ("type=bind,src=/a,target=/t,bind-nonrecursive,bind-propagation=rslave", ["rslave", "rw", "bind"]),
        ('type=bind,"src=/a,b",dst=/t', ["rw", "rprivate", "rbind"]),
        ("dst=/t,volume-nocopy=true", ["rw", "rprivate", "nosuid", "nodev", "rbind"]),
        ("type=devpts,dst=/t,uid=5,mode=0600", ["uid=5", "mode=0600"]),
    ],
)
def test_mount_fields(value: str, options: list[str], make: Maker) -> None:
    assert one(make, mount=[value])["options"] == options


def test_mount_of_a_part_of_a_volume(make: Maker) -> None:
    assert one(make, mount=["type=volume,src=v,dst=/t,subpath=a//b"])["subpath"] == "a/b"


def test_a_glob_is_mounted_in_a_folder_or_each_match_on_its_own_path(make: Maker) -> None:
    mount = one(make, mount=["type=glob,src=/usr/lib/lib*.so,ro"])
    assert (mount["type"], mount["source"], mount["same_place"]) == ("glob", "/usr/lib/lib*.so", True)
    mount = one(make, mount=["type=glob,src=/usr/lib/lib*.so,dst=/there"])
    assert mount["destination"] == "/there"
    assert "same_place" not in mount


def test_an_image_is_read_only_unless_it_is_asked_for(make: Maker) -> None:
    mount = one(make, mount=["type=image,src=busybox:1,dst=/i"])
    assert (mount["type"], mount["source"]) == ("image", "busybox:1")
    assert mount["options"] == ["ro", "rprivate", "rbind"]
    mount = one(make, mount=["type=image,src=busybox,dst=/i,rw=true,subpath=/bin/"])
    assert (mount["options"][0], mount["subpath"]) == ("rw", "bin")


names = st.text(string.ascii_letters + string.digits + "_.-", min_size=1, max_size=12)
paths = st.builds(lambda parts: "/" + "/".join(parts), st.lists(names, min_size=1, max_size=4))


@given(paths, paths, st.sets(st.sampled_from(["ro", "nosuid", "noexec", "z", "U", "rslave"])))
def test_what_is_written_is_what_is_parsed(source: str, target: str, words: set[str]) -> None:
    if clean_path(target) == "/":
        return
    value = f"{source}:{target}:{','.join(sorted(words))}"
    (mount,) = volumes.parse_all({"volume": [value]}, "/")
    assert mount["source"] == clean_path(source)
    assert mount["destination"] == clean_path(target)
    assert ("ro" in mount["options"]) == ("ro" in words)
    assert ("rslave" in mount["options"]) == ("rslave" in words)
    assert mount.get("chown", False) == ("U" in words)
    assert sum(word in ("ro", "rw") for word in mount["options"]) == 1


@given(st.text(max_size=40), st.sampled_from(["volume", "mount", "tmpfs"]))
def test_no_text_leads_to_anything_but_our_own_errors(text: str, key: str) -> None:
    try:
        found = volumes.parse_all({key: [text]}, "/home")
    except PypodError as e:
        if not e.remedy:
            pytest.fail(f"no remedy: {e.message}")
        return
    for mount in found:
        assert mount["destination"].startswith("/")
        assert ".." not in mount["destination"].split("/")


@given(st.text("ab/.", max_size=20))
def test_cleaned_paths_are_absolute_and_stay_as_they_are(path: str) -> None:
    clean = clean_path(path)
    assert clean.startswith("/")
    assert clean_path(clean) == clean
    assert not {"", ".", ".."} & set(clean[1:].split("/")) or clean == "/"


@given(st.lists(st.text('ab",', max_size=5), min_size=1, max_size=4))
def test_quoted_fields_come_back(fields: list[str]) -> None:
    line = ",".join('"' + field.replace('"', '""') + '"' for field in fields)
    assert split_csv(line) == fields


def test_a_quote_that_is_not_closed_is_seen() -> None:
    assert split_csv('a,"b') is None


@given(st.lists(st.text("ab:c", max_size=5), min_size=1, max_size=4))
def test_escaped_separators_come_back(fields: list[str]) -> None:
    assert split_escaped(":".join(f.replace(":", r"\:") for f in fields), ":") == fields
