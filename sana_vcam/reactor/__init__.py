"""A typed Python client for Reactor's `sana-streaming` model; useful without the rest.

    from sana_vcam.reactor import SanaClient

    async with SanaClient(api_key=key) as client:
        client.on_frame(lambda frame: show(frame.i420))   # on an SDK thread
        await client.connect()
        await client.publish()
        await client.set_mode("live")                     # False where the model is live only
        await client.set_prompt("Van Gogh oil painting, swirling brushstrokes, vivid colors")
        await client.start()
        client.push(bgra_bytes)                           # send_size, from any thread

`ReactorClient` is for any model that there is a record of (`sana_vcam.reactor.models`). Methods,
messages, errors and threads are described in `sana_vcam/docs/python-client.md`.

This package is the only place that imports the Reactor SDK.
"""

from sana_vcam.reactor.client import Phase, ReactorClient
from sana_vcam.reactor.errors import (
    CommandRejected,
    Refused,
    SessionError,
    SessionGone,
    SessionLost,
    Unavailable,
    UploadFailed,
)
from sana_vcam.reactor.messages import CommandErrorMessage, Message, parse_message
from sana_vcam.reactor.platform import OpenSession, Platform
from sana_vcam.reactor.sana import (
    Anchored,
    ChunkComplete,
    ConditionsReady,
    GenerationComplete,
    GenerationPaused,
    GenerationReset,
    GenerationResumed,
    GenerationStarted,
    PromptAccepted,
    SanaClient,
    StateMessage,
    VideoAccepted,
)
from sana_vcam.reactor.stats import ConnectionStats

__all__ = [
    "Anchored",
    "ChunkComplete",
    "CommandErrorMessage",
    "CommandRejected",
    "ConditionsReady",
    "ConnectionStats",
    "GenerationComplete",
    "GenerationPaused",
    "GenerationReset",
    "GenerationResumed",
    "GenerationStarted",
    "Message",
    "OpenSession",
    "Phase",
    "Platform",
    "PromptAccepted",
    "ReactorClient",
    "Refused",
    "SanaClient",
    "SessionError",
    "SessionGone",
    "SessionLost",
    "StateMessage",
    "Unavailable",
    "UploadFailed",
    "VideoAccepted",
    "parse_message",
]
