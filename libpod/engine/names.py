"""Owns: the names of containers that were given none, and which names are allowed."""

from __future__ import annotations

import os

from libpod import errors

_LEFT = (
    "able amber ample apt arctic avid azure blithe bold brave bright brisk calm candid civil clear clever "
    "cosmic crisp curious daring deft eager early earnest fair famed fast fleet fluent fond frank free "
    "fresh gallant gentle glad golden good grand happy hardy honest humble ideal jolly jovial keen kind "
    "lively lucid lucky lunar lush merry mild modest neat nimble noble open orderly patient placid plain "
    "polite prime proud pure quick quiet ready robust royal rustic sage serene sharp silent silver simple "
    "sleek smart smooth snowy solar solid spry stable steady still stoic sturdy subtle sunny sure swift "
    "tidy trusty upbeat urban valid vast vivid warm wise witty young zesty"
)
_RIGHT = (
    "acorn alder anchor anvil aspen badger basin beacon beech birch bison bridge brook canyon cedar cliff "
    "cloud clover comet condor coral crane creek cypress delta dolphin dune eagle elm ember falcon fern "
    "finch fjord forge fox gale garnet geyser glacier grove gull harbor hare hawk hazel heron hill ibex "
    "inlet iris island jasper juniper kestrel lagoon lake larch lark laurel lemur linden lion lotus lynx "
    "maple marsh marten meadow mesa meteor mink moose moss oak ocean olive orca orchid osprey otter owl "
    "panda peak pebble pelican pine plover pond poplar prairie puffin quartz rapid raven reef ridge river "
    "robin sable sail salmon sequoia spruce stork summit swan thistle tiger tulip valley walnut willow "
    "wren yarrow zebra"
)


def random_name() -> str:
    """Two words, as in `calm_otter`; not unique by itself."""
    left, right = _LEFT.split(), _RIGHT.split()
    a, b = os.urandom(2)
    return f"{left[a % len(left)]}_{right[b % len(right)]}"


def check(name: str) -> str:
    """The name, if it is a valid one for a container, pod or volume. Raises UsageError."""
    ok = bool(name) and name[0].isascii() and name[0].isalnum()
    if not ok or not all(c.isascii() and (c.isalnum() or c in "_.-") for c in name):
        raise errors.UsageError(
            f'invalid name "{name}": names start with a letter or digit, '
            'and go on with letters, digits, "_", "." and "-"',
            remedy="give another name with --name",
            name=name,
        )
    return name
