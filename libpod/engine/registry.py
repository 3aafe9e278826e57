"""Owns: from the options of a command to what it needs to talk to registries."""

from __future__ import annotations

from libpod import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from libpod.engine.session import Session
    from libpod.image.access import Access
    from libpod.image.platform import Platform

    Options = Mapping[str, object]


def access(session: Session, options: Options) -> Access:
    """Read the configuration of registries and the options `tls_verify`, `cert_dir`, `creds`, `authfile`,
    `retry` and `retry_delay`. Nothing is connected yet.
    """
    from libpod.conf import registries
    from libpod.image import access as image_access
    from libpod.image import auth

    creds, verify, retry = options.get("creds"), options.get("tls_verify"), options.get("retry")
    return image_access.Access(
        registries.load(session.environ, session.paths.cache),
        session.environ,
        tls_verify=None if verify is None else bool(verify),
        cert_dir=_text(options, "cert_dir"),
        creds=auth.parse(str(creds)) if creds else None,
        authfile=_text(options, "authfile"),
        retries=retry if isinstance(retry, int) else None,
        retry_delay_s=_delay(_text(options, "retry_delay")),
    )


def platform(options: Options) -> Platform:
    """`platform`, or `os`, `arch` and `variant`. Raises UsageError."""
    from libpod.image import platform as image_platform

    return image_platform.parse(
        _text(options, "platform"), _text(options, "os"), _text(options, "arch"), _text(options, "variant")
    )


def _text(options: Options, name: str) -> str:
    value = options.get(name)
    return value if isinstance(value, str) else ""


def _delay(text: str) -> float | None:
    if not text:
        return None
    from libpod import units

    try:
        return units.parse_duration_ns(text) / 1e9
    except ValueError as e:
        raise errors.UsageError(
            f'--retry-delay "{text}": {e}', remedy="give a number with its unit, as in 2s or 500ms"
        ) from e


def without_parts(say: Callable[[str], None]) -> Callable[[str], None]:
    """Lines of progress without those that a display has a row for."""
    return lambda line: None if line.startswith("Copying blob ") else say(line)
