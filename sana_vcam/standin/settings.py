"""What one stand-in process is told at its start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sana_vcam.standin.hosted import HOSTED, Hosted, HostedName

TIMED_FRAMES = 24
"""Frames that `chunk_time_s` is for: a chunk of `sana-streaming`, as its API page says."""

Wire = Literal["live", "npm", "page"]
EditMode = Literal["look", "copy"]


@dataclass(frozen=True, slots=True)
class Fault:
    """A failure to stage once a run has completed `after_chunks` chunks.

    `stall` stops all output and messages of that run; `crash` ends the process with status 1.
    """

    kind: Literal["stall", "crash"]
    after_chunks: int


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a stand-in can be told; `sana-vcam standin --help` explains each in words.

    Sizes are in pixels, rates in frames per second, times in seconds. A `session_limit_s` of 0
    means no limit; a `port` of 0 means any free port; a `width` and `height` of 0 mean the
    source's.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    width: int = 1280
    height: int = 704
    fps: float = 24.0
    chunk_frames: int = 24
    first_chunk: int = 9
    chunk_time_s: float = 0.4
    session_limit_s: float = 0.0
    edit_limit_s: float = 600.0
    max_kbps: int = 4000
    edit: EditMode = "look"
    model: HostedName = "sana-streaming"
    wire: Wire = "live"
    fault: Fault | None = None
    cloud: bool = False
    sessions: int = 5
    gpu_wait_s: float = 0.0
    deaf: int = 0
    no_schema: bool = False
    exit_with_stdin: bool = False
    verbose: bool = False

    @property
    def hosted(self) -> Hosted:
        """What there is to know about the model."""
        return HOSTED[self.model]

    @property
    def url(self) -> str:
        """Address that a client on this machine connects to."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        if ":" in host:
            host = f"[{host}]"
        return f"http://{host}:{self.port}"

    def chunk_length(self, chunk_index: int) -> int:
        """Count the frames of the chunk with this zero-based index."""
        if chunk_index == 0:
            return min(self.first_chunk, self.chunk_frames)
        return self.chunk_frames

    @property
    def frame_time_s(self) -> float:
        """Seconds the edit of one frame is made to take, at least."""
        return self.chunk_time_s / TIMED_FRAMES

    @property
    def playout_fps(self) -> float:
        """Rate at which the runtime plays emitted frames out.

        Twice the track's rate when every frame is its own chunk: at the same rate, a queue that
        has once filled never empties, and each frame in it is a constant delay.
        """
        return self.fps * 2 if self.chunk_frames == 1 else self.fps
