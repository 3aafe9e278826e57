"""The booted machine with the test image in the stores of its users; after a test nothing may be left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.engine import IMAGE
from tests.support.machine import Machine
from tests.support.sources import TREE

TAR = "/var/tmp/busybox.tar"  # stays over a reboot


@pytest.fixture(scope="session")
def ready(machine: Machine) -> Machine:
    """The machine, with the image for the user "tester"."""
    machine.run(f"{TREE}/scripts/busybox-image", TAR)
    machine.sh(f"pypod image exists {IMAGE} || pypod import {TAR} {IMAGE}")
    return machine


@pytest.fixture
def box(ready: Machine) -> Iterator[Machine]:
    """The machine; afterwards no container and no process of pypod may be left."""
    yield ready
    ready.sh("pypod rm -af -t 0")
    left = ready.sh(
        "for try in 1 2 3 4 5 6 7 8 9 10; do"
        "  left=$(ps -u tester -o pid=,args= | grep -E '[p]ypod|[s]lirp4netns' || true);"
        '  [ "$left" ] || break; sleep 0.1; '
        'done; echo "$left"',
        user="root",
    )
    assert left.out.strip() == ""
