"""Where the engine gets its sessions from: the seam between decisions and the platform."""

from __future__ import annotations

from functools import partial
from typing import Any, Protocol

from sana_vcam.config.schema import ReactorConfig
from sana_vcam.engine.quality.sending import Sending
from sana_vcam.reactor import OpenSession, Platform, ReactorClient, Refused, SanaClient, faults
from sana_vcam.reactor.models import record_of


def sending_for(config: ReactorConfig) -> Sending:
    """Make the choice of the size that the configured model's sessions are sent."""
    model = record_of(config.model)
    return Sending(
        config,
        model.send_size,
        multiple=model.send_multiple,
        follows=model.output_size is None or model.input_track is None,
    )


class SessionFactory(Protocol):
    """Makes clients, and ends sessions by their id."""

    def new_client(self) -> ReactorClient:
        """Make a client for one new session; no I/O."""
        ...

    async def end(self, session: OpenSession) -> None:
        """End a session that no client holds. Raises `SessionError`."""
        ...


class SanaSessionFactory(Protocol):
    """Makes clients for `sana-streaming`, with its own commands."""

    def new_sana_client(self) -> SanaClient:
        """Make a client for one new session; no I/O."""
        ...


class ReactorSessionFactory:
    """Sessions on Reactor's platform, or on a runtime of this machine."""

    def __init__(self, config: ReactorConfig, sending: Sending | None = None) -> None:
        """Prepare; `sending` chooses the size in which each session is sent the camera."""
        self._config = config
        self._sending = sending or sending_for(config)
        self._record = record_of(config.model)
        self._name = config.model
        """Under which the platform has the model, as the last session has shown."""
        self._key = config.api_key.get_secret_value() if config.api_key else None

    def new_client(self) -> ReactorClient:
        """Make a client with the configured key, model and limits, and the size of the moment."""
        client = ReactorClient(self._key, record=self._record, **self._how())
        client.on_session(self._opened)
        return client

    def new_sana_client(self) -> SanaClient:
        """Make one that is typed for `sana-streaming`, under whatever name."""
        client = SanaClient(self._key, **self._how())
        client.on_session(self._opened)
        return client

    def _how(self) -> dict[str, Any]:
        config, send_size = self._config, self._sending.size()
        return {
            "api_url": config.api_url,
            "local": config.local,
            "model": self._name,
            "max_session_s": config.max_session_s,
            "send_size": send_size,
            "connect_timeout_s": config.connect_timeout_s,
            "waiting_timeout_s": config.waiting_timeout_s,
            "start_bps": partial(self._sending.start_bps, config.start_kbps * 1000),
        }

    def _opened(self, session: OpenSession) -> None:
        self._name = session.model

    async def end(self, session: OpenSession) -> None:
        """End `session` where it was opened, which may be another platform than today's."""
        if self._key is None and not session.local:
            raise Refused(
                f"ending a session on {session.api_url} takes the API key", fault=faults.NO_KEY
            )
        platform = Platform(session.api_url, session.local, session.model, self._key)
        await platform.end(session)
