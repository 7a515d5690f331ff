"""When a look that is wanted is in the pictures: told by what sessions have applied, and by chunks.

A model takes a look on at its next chunk, and its pictures come later than its messages. So a look
has arrived some chunks after the model has accepted it, and every frame received from then on
shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sana_vcam.engine.desired import DesiredState
from sana_vcam.engine.session import Session
from sana_vcam.engine.states import SessionState as S

ARRIVED_CHUNKS = 3
"""The chunk in the making may still be of the look before, and its pictures may come until the
second after it is done: the picture's way is longer than a message's."""
UNCOUNTED_S = 10.0
"""The same for a model that does not count its chunks: the slowest that were seen take 5 s for one.
A refusal may come for as long (`runcontrol.LATE_S`)."""
UNTOLD = frozenset({S.IDLE, S.CONNECTING, S.WAITING})
"""The states of a session before anything is sent to its model."""


@dataclass
class _Course:
    """How far one session is with one look."""

    wanted: DesiredState
    applied_at: float
    first: int
    last: int
    arrived_at: float | None = None

    def follow(self, chunk: int | None, now: float) -> None:
        """Take note of the last chunk that is done; None: the model has not counted one."""
        done = -1 if chunk is None else chunk
        if done < self.last:
            # Another run.
            self.first, self.applied_at, self.arrived_at = done, now, None
        self.last = done
        told = chunk is not None and done - self.first >= ARRIVED_CHUNKS
        untold = chunk is None and now - self.applied_at >= UNCOUNTED_S
        if self.arrived_at is None and (told or untold):
            self.arrived_at = now


class LookArrival:
    """Follows the look that is wanted into the pictures of all sessions; on the event loop."""

    def __init__(self) -> None:
        self._courses: dict[Session, _Course] = {}

    def at(self, sessions: Sequence[Session], wanted: DesiredState, now: float) -> float | None:
        """Tell from when on every frame shows the look that is `wanted`; None while one may not.

        To be called every now and then while the answer matters; `now` is monotonic seconds.
        """
        courses: dict[Session, _Course] = {}
        for session in sessions:
            is_well = session.state is S.STREAMING and session.degraded is None
            if not (is_well and session.running and session.applied == wanted):
                continue
            chunk = session.client.reading.chunk
            course = self._courses.get(session)
            if course is None or course.wanted != wanted:
                done = -1 if chunk is None else chunk
                course = _Course(wanted, now, done, done)
            course.follow(chunk, now)
            courses[session] = course
        self._courses = courses
        # One that has been told nothing yet can show no former look.
        told = [session for session in sessions if session.state not in UNTOLD]
        if not told:
            return now
        arrived = [courses[one].arrived_at if one in courses else None for one in told]
        known = [at for at in arrived if at is not None]
        return max(known) if len(known) == len(told) else None
