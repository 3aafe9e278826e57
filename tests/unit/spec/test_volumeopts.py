"""The options of a volume."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from libpod.errors import NotSupportedError, UsageError
from libpod.spec import volumeopts

WORDS = ["bind", "rbind", "nocopy", "uid=3", "gid=x", "size=1", "ro", "=", "uid=", "", "type=none", "o=bind"]


@given(
    st.lists(
        st.tuples(st.sampled_from(["type", "device", "o", "x"]), st.text(max_size=8) | st.sampled_from(WORDS))
    )
)
def test_any_words_are_options_or_an_error(words: list[tuple[str, str]]) -> None:
    """A directory is taken only by its absolute path, and only when that was asked for."""
    try:
        options = volumeopts.pairs([f"{key}={value}" for key, value in words])
        found = volumeopts.parse(options)
    except (UsageError, NotSupportedError):
        return
    assert found.device in ("", options.get("device", ""))
    assert not found.device or (found.device.startswith("/") and found.uid is None)


def test_what_they_mean() -> None:
    found = volumeopts.parse(volumeopts.pairs(["type=none", "o=nocopy,rbind", "device=/srv"]))
    assert (found.device, found.copy_up, found.uid) == ("/srv", False, None)
    found = volumeopts.parse({"o": "uid=7,gid=0"})
    assert (found.device, found.copy_up, found.uid, found.gid) == ("", True, 7, 0)
