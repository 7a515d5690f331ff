"""A desktop's PipeWire session: the daemon publishes its node there, and a program reads it.

The program writes what it reads into the FIFO that the eye watches, frame by frame.
"""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from tests.rigs.pipewire import VERSIONS, Session

NODE = "sana_vcam"
READER = "reader"
PATIENCE_S = 45.0
OWN = ("XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME")
"""What the daemon has for itself."""


class Desktop:
    """A private session with the installed PipeWire, and one reader of the node."""

    def __init__(self, fifo: Path) -> None:
        """Start the session; the reader's frames go into `fifo`."""
        self._fifo = fifo
        self._session = Session(VERSIONS["debian"], microphone=False)
        self._session.__enter__()

    @property
    def variables(self) -> dict[str, str]:
        """What the daemon needs to find the session."""
        every = self._session.environment.items()
        return {key: text for key, text in every if key not in OWN}

    async def cameras(self) -> int:
        """Count the nodes of our name that have their port."""
        objects = await asyncio.to_thread(self._session.objects)
        found = [one["info"] for one in objects.values() if one.get("info", {}).get("props")]
        return sum(
            one["props"].get("node.name") == NODE and one.get("n-output-ports") == 1
            for one in found
        )

    async def until(self, count: int) -> None:
        """Wait for so many nodes of our name."""
        async with asyncio.timeout(PATIENCE_S):
            while await self.cameras() != count:
                await asyncio.sleep(0.05)

    async def read(self) -> None:
        """Have the program read from now on, once the node is there."""
        # Without it, GStreamer waits for half a minute.
        await self.until(1)
        self._session.spawn(
            READER,
            *("gst-launch-1.0", "-q", "pipewiresrc", f"target-object={NODE}"),
            *("!", "video/x-raw,format=I420"),
            *("!", "filesink", "sync=false", "buffer-mode=unbuffered", f"location={self._fifo}"),
        )

    async def leave(self) -> None:
        """End the program."""
        await asyncio.to_thread(self._session.stop, READER, signal.SIGKILL)

    @property
    def reads(self) -> bool:
        """Whether the program has not ended by itself."""
        return self._session.is_running(READER)

    def signal_reader(self, number: signal.Signals) -> None:
        """Send the program a signal."""
        self._session._processes[READER].send_signal(number)

    async def kill_server(self) -> None:
        """SIGKILL PipeWire and what depends on it."""
        for name in ("pipewire", "wireplumber", "pulse"):
            await asyncio.to_thread(self._session.stop, name, signal.SIGKILL)

    async def start_server(self) -> None:
        """Start PipeWire again."""
        await asyncio.to_thread(self._session.start_server)

    def close(self) -> None:
        """End all of it."""
        self._session.__exit__(None, None, None)
