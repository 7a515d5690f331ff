"""One session's model as this side knows it: its record, what it does, and what it is told."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from reactor_sdk import FileRef, Reactor

from sana_vcam.reactor.channel import Channel
from sana_vcam.reactor.errors import CommandRejected, UploadFailed
from sana_vcam.reactor.messages import WireMessage
from sana_vcam.reactor.models import (
    Image,
    Model,
    ModelReading,
    Step,
    adapter_for,
    complete,
    from_schema,
)
from sana_vcam.reactor.once import Once
from sana_vcam.reactor.tracks import VideoTrack
from sana_vcam.reactor.uploads import upload

log = logging.getLogger(__name__)


class ModelLink:
    """The record, the adapter and the reading of one session's model. On the event loop."""

    def __init__(self, record: Model, require: Callable[[], Reactor], video: VideoTrack) -> None:
        """Begin with what is known.

        `require` gives the connection, or raises `SessionLost`. `video` is told when its frames are
        pictures of a run.
        """
        self.model = record
        """What is known of the model; completed by what the session declares."""
        self.adapter = adapter_for(record)
        self.reading = ModelReading()
        """What the model has said of itself."""
        self.channel = Channel(require)
        self.channel.on_message(self._read)
        self._require = require
        self._video = video
        self._uploads: dict[Image, FileRef] = {}
        self._reading_handlers: list[Callable[[ModelReading], None]] = []
        self._once = Once(log)

    @property
    def declared(self) -> bool:
        """Whether the session has said what it takes."""
        return self.channel.schema is not None

    def on_reading(self, handler: Callable[[ModelReading], None]) -> None:
        """Call `handler` on the loop after every message that tells what the model does."""
        self._reading_handlers.append(handler)

    async def learn(self) -> None:
        """Ask the session what it declares, and complete the record by it.

        Raises `SessionLost`, or `Refused` for a model that cannot work.
        """
        await self.channel.learn_declared()
        schema = self.channel.schema
        if schema is None:
            return
        known = self.model
        self.model = complete(from_schema(known.name, schema) if known.guessed else known, schema)
        for guess in self.model.guessed:
            self._once.say(guess)
        self.adapter = adapter_for(self.model, schema.commands)

    async def send(self, step: Step) -> bool:
        """Send a step of the adapter, its images uploaded.

        False if this session's model does not have the command. Raises `CommandRejected`,
        `SessionLost` or `Unavailable`.
        """
        data = dict(step.data)
        if self.channel.has(step.command):
            for name, value in step.data.items():
                if isinstance(value, Image):
                    data[name] = await self._uploaded(value, step.command)
        state = self.model.state.message

        def accepted(message: WireMessage) -> bool:
            if message.type in step.answers:
                return True
            shown = step.shown.items()
            return bool(shown) and message.type == state and shown <= message.data.items()

        return await self.channel.send(step.command, data, accepted)

    async def upload(
        self, file: Path | bytes, *, name: str = "clip.mp4", mime_type: str = "video/mp4"
    ) -> FileRef:
        """Upload a file for a command of this session. Raises `UploadFailed` or `SessionLost`."""
        return await upload(self._require(), file, name=name, mime_type=mime_type)

    def begin_run(self) -> None:
        """Forget a former run, because another one is to begin: no frame is a picture until it has.

        It has when the model says so; where no message does, `ReactorClient.run_began` is for the
        caller.
        """
        self._video.run_ended()
        self.reading = ModelReading(prompt=self.reading.prompt)

    async def _uploaded(self, image: Image, command: str) -> FileRef:
        """Upload an image once in a session; one that cannot be is a refusal of its command."""
        if image not in self._uploads:
            try:
                self._uploads[image] = await self.upload(
                    image.data, name=image.file_name, mime_type=image.mime_type
                )
            except UploadFailed as error:
                raise CommandRejected(command, str(error)) from None
        return self._uploads[image]

    def _read(self, message: WireMessage) -> None:
        reading = self.adapter.read(self.reading, message)
        if message.type == self.model.state.message or reading != self.reading:
            if reading.ended is not None:
                self._video.run_ended()
            elif reading.shows and not self.reading.shows:
                self._video.run_began()
            self.reading = reading
            for handler in self._reading_handlers:
                handler(reading)
