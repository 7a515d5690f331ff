"""From command to daemon: the only place that maps the commands to `Controls`."""

from __future__ import annotations

import base64
import logging
from collections.abc import Sequence

from pydantic import BaseModel

from sana_vcam.control import protocol
from sana_vcam.control.controls import Controls
from sana_vcam.control.previews import Screen
from sana_vcam.engine.budget import Budget
from sana_vcam.errors import CommandFailed
from sana_vcam.evolve import Suggestion
from sana_vcam.presets import Look

_log = logging.getLogger(__name__)


class Dispatcher:
    """Runs commands; knows nothing of the transport that they came by."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    async def answer(
        self, request: protocol.Request, screen: Screen | None = None
    ) -> protocol.Ok | protocol.Error:
        """Run a request's command and say how it went. Raises nothing but cancellation.

        `screen` is of the connection that asks, if it is one that stays open. A defect is logged
        with its traceback; the client is told only that there is one.
        """
        try:
            return protocol.Ok(request.id, await self.dispatch(request.command, screen))
        except CommandFailed as error:
            if error.code in protocol.ReplyCode:
                return protocol.Error(request.id, protocol.ReplyCode(error.code), str(error))
            name = request.command.wire_name
            _log.exception("%s failed with the unknown code %r", name, error.code)
        except Exception:
            _log.exception("%s failed", request.command.wire_name)
        return protocol.Error(
            request.id,
            protocol.ReplyCode.INTERNAL,
            f"{request.command.wire_name} failed inside the daemon; its log has the details",
        )

    async def dispatch(  # noqa: PLR0912 - one case each
        self, command: protocol.Command, screen: Screen | None = None
    ) -> BaseModel:
        """Run `command` and return its reply's data, an instance of `command.reply`.

        Raises:
            CommandFailed: the daemon refuses the command.
        """
        controls = self._controls
        match command:
            case protocol.GetState():
                return controls.state()
            case protocol.Blank():
                return protocol.Switched(on=controls.blank(command.on))
            case protocol.Freeze():
                return protocol.Switched(on=controls.freeze(command.on))
            case protocol.Bypass():
                return protocol.Switched(on=controls.bypass(command.on))
            case protocol.Snapshot():
                return _picture(await controls.snapshot())
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
            case protocol.Renew():
                controls.renew()
            case protocol.ReadUsage():
                return usage(controls.usage())
            case protocol.Preview() if screen is not None:
                return protocol.PreviewAnswer(sdp=await screen.show(command.sdp))
            case protocol.StopPreview() if screen is not None:
                await screen.stop()
            case protocol.Subscribe() | protocol.Preview() | protocol.StopPreview():
                raise CommandFailed(
                    "rejected", f"{command.wire_name} needs a connection that stays open"
                )
            case _:
                return await self._about_presets(command)
        return protocol.Nothing()

    async def _about_presets(self, command: protocol.Command) -> BaseModel:
        """Run a command that is about presets; raises as `dispatch` does."""
        controls = self._controls
        match command:
            case protocol.ListPresets():
                return _presets(controls.presets())
            case protocol.ApplyPreset():
                return await controls.apply_preset(command.id)
            case protocol.StepPreset():
                return await controls.step_preset(command.by)
            case protocol.SavePreset():
                return await controls.save_preset(command.preset(), command.replaces)
            case protocol.RemovePreset():
                return await controls.remove_preset(command.id)
            case protocol.MovePreset():
                return _presets(await controls.move_preset(command.id, command.place))
            case protocol.ResetPresets():
                return _presets(await controls.reset_presets())
            case protocol.Suggest():
                return _suggestions(controls.suggest(command.prompt))
            case protocol.Thumbnail():
                return _picture(await controls.thumbnail(command.id))
        raise TypeError(f"no Controls method for {command.wire_name}")


def _presets(looks: Sequence[Look]) -> protocol.Presets:
    return protocol.Presets(presets=tuple(looks))


def _suggestions(found: Sequence[Suggestion]) -> protocol.Suggestions:
    return protocol.Suggestions(
        suggestions=tuple(protocol.Suggestion(label=one.label, prompt=one.prompt) for one in found)
    )


def _picture(jpeg: bytes) -> protocol.Picture:
    return protocol.Picture(data=base64.b64encode(jpeg).decode("ascii"))


def usage(budget: Budget) -> protocol.Usage:
    """Write an account as the reply to `usage`."""
    spent = [
        protocol.Spent(seconds=round(line.seconds, 1), cap_s=line.cap_s, cost=line.cost)
        for line in budget.lines
    ]
    return protocol.Usage(
        session=spent[0],
        day=spent[1],
        month=spent[2],
        total_s=round(budget.seconds.total, 1),
        price_per_min=budget.cost.price_per_min or None,
        currency=budget.cost.currency,
        budget=budget.sentence,
    )
