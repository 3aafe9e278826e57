"""Fixtures: see tests/support/fixtures.py."""

from __future__ import annotations

from tests.support.fixtures import image_tar, machine, pypod

__all__ = ["image_tar", "machine", "pypod"]
