"""From command to daemon: the only place that maps the commands to `Controls`."""

from __future__ import annotations

import base64
import logging
from collections.abc import Sequence

from pydantic import BaseModel

from sana_vcam.control.controls import Controls
from sana_vcam.control.preview.screen import Screen
from sana_vcam.control.protocol import messages
from sana_vcam.engine.budget import Budget
from sana_vcam.errors import CommandFailed
from sana_vcam.presets.catalog import ListedPreset

_log = logging.getLogger(__name__)


class Dispatcher:
    """Runs commands; knows nothing of the transport that they came by."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    async def answer(
        self, request: messages.Request, screen: Screen | None = None
    ) -> messages.Ok | messages.Error:
        """Run a request's command and say how it went. Raises nothing but cancellation.

        `screen` is of the connection that asks, if it is one that stays open. A defect is logged
        with its traceback; the client is told only that there is one.
        """
        try:
            return messages.Ok(request.id, await self.dispatch(request.command, screen))
        except CommandFailed as error:
            if error.code in messages.ReplyCode:
                return messages.Error(request.id, messages.ReplyCode(error.code), str(error))
            name = request.command.wire_name
            _log.exception("%s failed with the unknown code %r", name, error.code)
        except Exception:
            _log.exception("%s failed", request.command.wire_name)
        return messages.Error(
            request.id,
            messages.ReplyCode.INTERNAL,
            f"{request.command.wire_name} failed inside the daemon; its log has the details",
        )

    async def dispatch(  # noqa: PLR0912 - one case each
        self, command: messages.Command, screen: Screen | None = None
    ) -> BaseModel:
        """Run `command` and return its reply's data, an instance of `command.reply`.

        Raises:
            CommandFailed: the daemon refuses the command.
        """
        controls = self._controls
        match command:
            case messages.GetState():
                return controls.state()
            case messages.Blank():
                return messages.Switched(on=controls.blank(command.on))
            case messages.Freeze():
                return messages.Switched(on=controls.freeze(command.on))
            case messages.Bypass():
                return messages.Switched(on=controls.bypass(command.on))
            case messages.Snapshot():
                return _picture(await controls.snapshot())
            case messages.SetPrompt():
                await controls.set_prompt(command.prompt)
            case messages.SetSeed():
                await controls.set_seed(command.seed)
            case messages.SetAnchorInterval():
                await controls.set_anchor_interval(command.chunks)
            case messages.Pause():
                await controls.pause()
            case messages.Resume():
                await controls.resume()
            case messages.Reset():
                await controls.reset()
            case messages.Connect():
                await controls.connect()
            case messages.Disconnect():
                await controls.disconnect()
            case messages.Renew():
                controls.renew()
            case messages.ReadUsage():
                return usage(controls.usage())
            case messages.Preview() if screen is not None:
                return messages.PreviewAnswer(sdp=await screen.show(command.sdp))
            case messages.StopPreview() if screen is not None:
                await screen.stop()
            case messages.Subscribe() | messages.Preview() | messages.StopPreview():
                raise CommandFailed(
                    "rejected", f"{command.wire_name} needs a connection that stays open"
                )
            case _:
                return await self._about_presets(command)
        return messages.Nothing()

    async def _about_presets(self, command: messages.Command) -> BaseModel:
        """Run a command that is about presets; raises as `dispatch` does."""
        controls = self._controls
        match command:
            case messages.ListPresets():
                return _presets(controls.presets())
            case messages.ApplyPreset():
                return await controls.apply_preset(command.id)
            case messages.StepPreset():
                return await controls.step_preset(command.by)
            case messages.SavePreset():
                return await controls.save_preset(command.preset(), command.replaces)
            case messages.RemovePreset():
                return await controls.remove_preset(command.id)
            case messages.MovePreset():
                return _presets(await controls.move_preset(command.id, command.place))
            case messages.ResetPresets():
                return _presets(await controls.reset_presets())
            case messages.Suggest():
                return messages.Suggestions(suggestions=tuple(controls.suggest(command.prompt)))
            case messages.Thumbnail():
                return _picture(await controls.thumbnail(command.id))
        raise TypeError(f"no Controls method for {command.wire_name}")


def _presets(presets: Sequence[ListedPreset]) -> messages.Presets:
    return messages.Presets(presets=tuple(presets))


def _picture(jpeg: bytes) -> messages.Picture:
    return messages.Picture(data=base64.b64encode(jpeg).decode("ascii"))


def usage(budget: Budget) -> messages.Usage:
    """Write an account as the reply to `usage`."""
    spent = [
        messages.Spent(seconds=round(line.seconds, 1), cap_s=line.cap_s, cost=line.cost)
        for line in budget.lines
    ]
    return messages.Usage(
        session=spent[0],
        day=spent[1],
        month=spent[2],
        total_s=round(budget.seconds.total, 1),
        price_per_min=budget.cost.price_per_min or None,
        currency=budget.cost.currency,
        budget=budget.sentence,
    )
