"""The first generation of `sana-streaming`, in a bad temper."""

from __future__ import annotations

from sana_vcam.standin.models import wire_npm
from tests.rigs.faults.badmodel import BadTempered


class BadNpm(BadTempered, wire_npm.SanaStreaming):
    """The model, refusing, stalling and babbling as the row says."""
