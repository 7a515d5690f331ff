"""A clean change of look: the new one on the camera's picture, not on the look before.

SANA-Streaming edits the edited stream, so a new prompt is laid over the former look until the model
grounds the edit on the camera again, an anchor, which is every 20 chunks by default (half a
minute). The platform's own prompt guide says so, and that an anchor is seen as a short refresh.
"""

from __future__ import annotations

import logging
from typing import Literal

from sana_vcam.engine.desired import DesiredState
from sana_vcam.reactor import CommandRejected, ReactorClient
from sana_vcam.reactor.messages import WireMessage
from sana_vcam.reactor.models import Step

log = logging.getLogger(__name__)

type CleanChange = Literal["anchor", "restart", "off"]

PULLED_CHUNKS = 1
"""The interval for the time of the pull: an anchor at the next chunk."""
MOST_CHUNKS = 3
"""A pull is over after so many chunks, also if the model does not say that it anchored."""


class AnchorPull:
    """Has one session ground the edit anew after a change of preset. On the event loop."""

    def __init__(self, client: ReactorClient, how: CleanChange) -> None:
        self._client = client
        self._how = how
        self._pulled_at: int | None = None
        """The chunk at which the pull began; None while there is none."""
        self._anchored = False
        client.on_message(self._message)

    def wants_restart(self, given: DesiredState, wanted: DesiredState) -> bool:
        """Whether the run is to begin anew for this change."""
        return self._how == "restart" and self._is_another_look(given, wanted)

    async def pull(self, given: DesiredState, wanted: DesiredState) -> None:
        """Ask for an anchor at the next chunk if the change is one of preset, or to be clean."""
        if self._how != "anchor" or not self._is_another_look(given, wanted):
            return
        # 0 is the user's word that there are to be none.
        if wanted.anchor_interval > PULLED_CHUNKS and await self._send(PULLED_CHUNKS):
            self._pulled_at = self._client.reading.chunk or 0
            self._anchored = False

    async def let_go(self, wanted: DesiredState) -> None:
        """Set the interval that is wanted again, once the anchor was there."""
        if self._pulled_at is None:
            return
        chunks = (self._client.reading.chunk or 0) - self._pulled_at
        if self._anchored or chunks >= MOST_CHUNKS or chunks < 0:
            self._pulled_at = None
            await self._send(wanted.anchor_interval)

    def forget(self) -> None:
        """Take it that the interval is sent anew anyway."""
        self._pulled_at = None

    def _is_another_look(self, given: DesiredState, wanted: DesiredState) -> bool:
        has_anchors = self._client.model.anchor is not None
        if not has_anchors or given.look == wanted.look:
            return False
        is_another_preset = given.preset != wanted.preset and wanted.preset is not None
        return is_another_preset or given.clean != wanted.clean

    async def _send(self, chunks: int) -> bool:
        model = self._client.model
        setting = model.setting(model.anchor or "")
        if setting is None or setting.command is None:
            return False
        shown = {setting.state_field: chunks} if setting.state_field else {}
        try:
            return await self._client.send(
                Step(setting.command, {setting.field: chunks}, (setting.name,), shown=shown)
            )
        except CommandRejected as error:
            log.warning("%s", error)
            return False

    def _message(self, message: WireMessage) -> None:
        if message.type == self._client.model.anchor_message:
            self._anchored = True
