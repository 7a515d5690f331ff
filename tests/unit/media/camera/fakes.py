"""A camera that does what a script says, and a clock that only waiting moves."""

import threading

import numpy as np

from sana_vcam.errors import CameraError
from sana_vcam.media.states import CameraKind


class Clock:
    """A clock that only waiting moves: every wait takes exactly as long as was asked for."""

    def __init__(self):
        self.now = 1000.0
        self.waits = []

    def __call__(self):
        return self.now

    def drive(self, source):
        """Make the source's waits pass on this clock."""
        closed = source._closed
        real_wait = closed.wait

        def wait(seconds):
            self.waits.append(seconds)
            self.now += seconds
            return real_wait(0)

        closed.wait = wait
        return source


class Lost:
    """In a script: the device fails here."""


class Hang:
    """In a script: the device gives nothing until the source is told to go on."""


class ScriptedSource:
    """Plays its script, one entry for each read; at the end it waits to be told to go on.

    An entry is a (width, height), an array, `Lost`, `Hang` or an exception.
    """

    kind = CameraKind.WEBCAM

    def __init__(self, *script, fail_opens=0, name="scripted camera"):
        self.name = name
        self.script = list(script)
        self.fail_opens = fail_opens
        self.opened = 0
        self.closed = 0
        self.is_open = False
        self.go_on = threading.Event()
        self.hanging = threading.Event()

    def open(self):
        self.opened += 1
        if self.opened <= self.fail_opens:
            raise CameraError(f"cannot be opened ({self.opened})")
        self.is_open = True

    def read(self):
        entry = self.script.pop(0) if self.script else Hang
        if entry is Hang:
            self.hanging.set()
            if not self.go_on.wait(20):
                raise AssertionError("nobody told the source to go on")
            entry = self.script.pop(0) if self.script else Lost
        if entry is Lost:
            raise CameraError("gives no picture")
        if isinstance(entry, Exception):
            raise entry
        if isinstance(entry, tuple):
            return np.full((entry[1], entry[0], 3), 128, np.uint8)
        return entry

    def close(self):
        self.closed += 1
        self.is_open = False
