"""From command to daemon: the only place that maps the commands to `Controls`."""

from __future__ import annotations

import base64
import logging

from pydantic import BaseModel

from sana_vcam.control import protocol
from sana_vcam.control.controls import Controls
from sana_vcam.errors import CommandFailed

_log = logging.getLogger(__name__)


class Dispatcher:
    """Runs commands; knows nothing of the transport that they came by."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    async def answer(self, request: protocol.Request) -> protocol.Ok | protocol.Error:
        """Run a request's command and say how it went. Raises nothing but cancellation.

        A defect is logged with its traceback; the client is told only that there is one.
        """
        try:
            return protocol.Ok(request.id, await self.dispatch(request.command))
        except CommandFailed as error:
            if error.code in protocol.ReplyCode:
                return protocol.Error(request.id, protocol.ReplyCode(error.code), str(error))
            _log.exception("%s failed with the unknown code %r", request.command.name, error.code)
        except Exception:
            _log.exception("%s failed", request.command.name)
        return protocol.Error(
            request.id,
            protocol.ReplyCode.INTERNAL,
            f"{request.command.name} failed inside the daemon; its log has the details",
        )

    async def dispatch(self, command: protocol.Command) -> BaseModel:  # noqa: PLR0912 - one case each
        """Run `command` and return its reply's data, an instance of `command.reply`.

        Raises:
            CommandFailed: the daemon refuses the command.
        """
        controls = self._controls
        match command:
            case protocol.GetState():
                return controls.state()
            case protocol.ListPresets():
                return protocol.Presets(presets=tuple(controls.presets()))
            case protocol.ApplyPreset():
                return await controls.apply_preset(command.id)
            case protocol.StepPreset():
                return await controls.step_preset(command.by)
            case protocol.Blank():
                return protocol.Switched(on=controls.blank(command.on))
            case protocol.Freeze():
                return protocol.Switched(on=controls.freeze(command.on))
            case protocol.Bypass():
                return protocol.Switched(on=controls.bypass(command.on))
            case protocol.Snapshot():
                jpeg = await controls.snapshot()
                return protocol.Picture(data=base64.b64encode(jpeg).decode("ascii"))
            case protocol.SetPrompt():
                await controls.set_prompt(command.prompt)
            case protocol.SetSeed():
                await controls.set_seed(command.seed)
            case protocol.SetAnchorInterval():
                await controls.set_anchor_interval(command.chunks)
            case protocol.Pause():
                await controls.pause()
            case protocol.Resume():
                await controls.resume()
            case protocol.Reset():
                await controls.reset()
            case protocol.Connect():
                await controls.connect()
            case protocol.Disconnect():
                await controls.disconnect()
            case protocol.Subscribe():
                raise CommandFailed("rejected", "subscribe needs a connection that stays open")
            case _:
                raise TypeError(f"no Controls method for {command.name}")
        return protocol.Nothing()
