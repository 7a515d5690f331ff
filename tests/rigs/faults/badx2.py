"""X2, which no command begins and none pauses, in a bad temper."""

from __future__ import annotations

from sana_vcam.standin.models import x2
from tests.rigs.faults.badmodel import BadTempered


class BadX2(BadTempered, x2.X2):
    """The model, refusing, stalling and babbling as the row says."""
