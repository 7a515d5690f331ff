"""The second generation of `sana-streaming`, in a bad temper."""

from __future__ import annotations

from sana_vcam.standin.models import wire_live
from tests.rigs.faults.badmodel import BadTempered


class BadLive(BadTempered, wire_live.SanaStreaming):
    """The model, refusing, stalling and babbling as the row says."""
