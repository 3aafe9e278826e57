"""Owns: which certificates count for a registry: containers-certs.d(5), and `--cert-dir`.

`<dir>/*.crt` are authorities, besides the machine's; `*.cert` with the `*.key` of the same name is our own.
"""

from __future__ import annotations

import os

from libpod import errors
from libpod.conf import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

SYSTEM = ("/etc/containers/certs.d", "/etc/docker/certs.d")


def folders(host: str, environ: Mapping[str, str]) -> list[str]:
    """The folders for `host[:port]` that exist: the user's own comes first."""
    own = files.user_dir(environ)
    bases = [f"{own}/certs.d", *SYSTEM] if own else list(SYSTEM)
    return [f"{base}/{host}" for base in bases if os.path.isdir(f"{base}/{host}")][:1]


def context(host: str, insecure: bool, cert_dir: str, environ: Mapping[str, str]) -> ssl.SSLContext:
    """The TLS settings for a host. Raises ConfigError that names the file that is wrong."""
    import ssl  # lazy: 20 ms

    found = ssl.create_default_context()
    found.minimum_version = ssl.TLSVersion.TLSv1_2
    if insecure:
        found.check_hostname = False
        found.verify_mode = ssl.CERT_NONE
    for folder in [cert_dir] if cert_dir else folders(host, environ):
        try:
            names = sorted(os.listdir(folder))
        except OSError as e:
            raise _bad(folder, e.strerror or "", "see that the folder is there and readable") from e
        for name in names:
            path = f"{folder}/{name}"
            if name.endswith(".crt"):
                _authority(found, path)
            elif name.endswith(".cert"):
                _own(found, path)
            elif name.endswith(".key") and name.removesuffix(".key") + ".cert" not in names:
                raise _bad(path, "there is no certificate for this key", f"put {path[:-4]}.cert beside it")
    return found


def _authority(found: ssl.SSLContext, path: str) -> None:
    import ssl

    try:
        found.load_verify_locations(path)
    except ssl.SSLError as e:
        raise _bad(path, "it holds no certificate (PEM)", f"replace or remove {path}") from e
    except OSError as e:
        raise _bad(path, e.strerror or "", f"make {path} readable") from e


def _own(found: ssl.SSLContext, path: str) -> None:
    import ssl

    key = path.removesuffix(".cert") + ".key"
    if not os.path.exists(key):
        raise _bad(path, "there is no key for this certificate", f"put {key} beside it")
    try:
        # A key with a pass phrase would ask for it on the terminal.
        found.load_cert_chain(path, key, password=lambda: b"")
    except ssl.SSLError as e:
        raise _bad(path, "certificate and key do not fit, or are no PEM", f"replace {path} and {key}") from e
    except OSError as e:
        raise _bad(path, e.strerror or "", f"make {path} and {key} readable") from e


def _bad(path: str, why: str, remedy: str) -> errors.ConfigError:
    return errors.ConfigError(f"{path}: {why}", remedy=remedy, name=path)
