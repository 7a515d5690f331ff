"""A private PulseAudio server for tests, without PipeWire, and microphones that tests speak into.

with PulseSession() as session, Talker(session) as talker:
    talker.say(clicks(60))
"""

from tests.rigs.pulse.session import PulseMissing, PulseSession
from tests.rigs.pulse.sounds import Listener, Talker

__all__ = ["Listener", "PulseMissing", "PulseSession", "Talker"]
