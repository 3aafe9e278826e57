"""Owns: what a command needs to talk to registries, in one place: settings, credentials, connections."""

from __future__ import annotations

from libpod.image import auth
from libpod.image.registry import Client
from libpod.image.transport import Settings, Transport

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from libpod.conf.registries import Registries
    from libpod.image.auth import Credentials
    from libpod.image.names import Endpoint


class Access:
    """`creds` are the user's own words and go before every file."""

    def __init__(
        self,
        registries: Registries,
        environ: Mapping[str, str],
        *,
        tls_verify: bool | None = None,
        cert_dir: str = "",
        creds: Credentials | None = None,
        authfile: str = "",
        retries: int | None = None,
        retry_delay_s: float | None = None,
    ) -> None:
        self.registries = registries
        self.environ = environ
        self.tls_verify = tls_verify
        self.authfile = authfile
        self._creds = creds
        self.transport = Transport(Settings(cert_dir, retries, retry_delay_s), environ)

    def client(self, endpoint: Endpoint) -> Client:
        """What speaks to the repository at an endpoint."""

        def credentials() -> Credentials | None:
            if self._creds is not None and not endpoint.mirror:
                return self._creds
            return auth.find(endpoint.key, self.environ, self.authfile)

        return Client(self.transport, endpoint, credentials)
