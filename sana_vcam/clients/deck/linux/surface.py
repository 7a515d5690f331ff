"""One plugged-in deck: painted by one thread, listened to by another, put back as it was."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import replace

from StreamDeck.Devices.StreamDeck import DialEventType, StreamDeck, TouchscreenEventType
from StreamDeck.ImageHelpers import PILHelper
from StreamDeck.Transport.Transport import TransportError

from sana_vcam.clients.deck.linux.deck import Deck
from sana_vcam.clients.deck.linux.keys import Board, Key
from sana_vcam.clients.deck.linux.layout import Shape
from sana_vcam.clients.deck.linux.paint import paint, paint_segment, paint_strip
from sana_vcam.lib.mailbox import Closed, Mailbox
from sana_vcam.lib.threads import run_loop, wait_out

POLL_HZ = 250
"""How often the library asks for presses; half of the period is added to each on average."""

log = logging.getLogger(__name__)


class Lost(Exception):
    """The deck was unplugged, or another program took it."""


class Unopened(Exception):
    """The deck is there, and cannot be opened."""


def shape_of(device: StreamDeck) -> Shape:
    """What the library says of the model."""
    rows, columns = device.key_layout()
    return Shape(
        rows, columns, device.touch_key_count(), device.dial_count(), has_display=device.is_visual()
    )


class Surface:
    """The only owner of its device. `show` may be called from any thread."""

    def __init__(self, device: StreamDeck) -> None:
        self.device = device
        self.shape = shape_of(device)
        self.name = device.deck_type()
        self._boards: Mailbox[Board] = Mailbox()
        self._shown = Board(())

    def show(self, board: Board) -> None:
        """Show this; what was not shown yet of an older board is left out."""
        self._boards.put(board)

    async def serve(self, deck: Deck, on_open: Callable[[str], None]) -> None:
        """Open the deck and serve it until it is lost, or this task is cancelled.

        On the event loop, `deck` gets the presses, and `on_open` once the model's name.

        Raises:
            Unopened: it cannot be opened.
            Lost: it has gone.
        """
        loop = asyncio.get_running_loop()
        try:
            # A cancellation waits, so that no reader is left behind.
            await wait_out(loop.run_in_executor(None, self._open, deck, loop))
            on_open(self.name)
            await run_loop(self._draw, name="deck-painter", wake=self._boards.close)
        finally:
            await wait_out(loop.run_in_executor(None, self._close))

    def _open(self, deck: Deck, loop: asyncio.AbstractEventLoop) -> None:
        post = loop.call_soon_threadsafe

        def on_key(_deck: StreamDeck, key: int, is_down: bool) -> None:
            if is_down:
                post(deck.press, key)

        def on_dial(_deck: StreamDeck, dial: int, kind: DialEventType, value: int) -> None:
            if kind is DialEventType.TURN:
                post(deck.turn, dial, int(value))
            elif value:
                post(deck.push, dial)

        def on_touch(_deck: StreamDeck, kind: TouchscreenEventType, at: dict[str, int]) -> None:
            # A tap on the strip is a push of the dial below; longer touches mean nothing.
            if kind is TouchscreenEventType.SHORT:
                width = self.device.touchscreen_image_format()["size"][0]
                post(deck.push, min(self.shape.dials - 1, at["x"] * self.shape.dials // width))

        self.device.set_poll_frequency(POLL_HZ)
        self.device.set_key_callback(on_key)
        self.device.set_dial_callback(on_dial)
        self.device.set_touchscreen_callback(on_touch)
        try:
            self.device.open()
        except TransportError as error:
            raise Unopened(str(error)) from error

    def _close(self) -> None:
        """Put the deck back to its own standby picture. Blocks until its reader has ended."""
        self.device.run_read_thread = False
        if self.device.read_thread is not None:
            self.device.read_thread.join()
        try:
            if self.device.is_open():
                self.device.reset()
        except TransportError as error:
            log.debug("the deck went before its reset: %s", error)
        self.device.close()

    # Painting, on its own thread

    def _draw(self, stop: threading.Event) -> None:
        seen = 0
        while not stop.is_set():
            try:
                got = self._boards.get(seen, timeout_s=0.5)
                if got is None:
                    self._require_listener()
                    continue
                board, seen = got
                self._write(board, seen)
            except Closed:
                return
            except TransportError as error:
                raise Lost(str(error)) from error

    def _require_listener(self) -> None:
        """Raise `Lost` once the library's reader has ended, as it does when the device goes."""
        reader = self.device.read_thread
        if reader is None or not reader.is_alive():
            raise Lost("it was unplugged")

    def _write(self, board: Board, seen: int) -> None:
        """Write what differs; stop early for a newer board. Only what was written is kept."""
        before, is_first = self._shown, not self._shown.keys
        if is_first or board.light != before.light:
            self.device.set_brightness(board.light)
        self._shown = replace(before, light=board.light)
        keys = list(before.keys or [None] * len(board.keys))
        for number, key in enumerate(board.keys if self.shape.has_display else ()):
            if is_first or key != keys[number]:
                self.device.set_key_image(number, self._key_image(key))
                keys[number] = key
            if not is_first and self._boards.peek()[1] != seen:
                self._shown = replace(self._shown, keys=tuple(keys))
                return
        self._write_more(board, before)
        self._shown = board

    def _write_more(self, board: Board, before: Board) -> None:
        for number, (lamp, was) in enumerate(
            zip(board.lamps, before.lamps or [None] * len(board.lamps), strict=True)
        ):
            if lamp != was:
                self.device.set_key_color(self.shape.keys + number, *lamp)
        if self.device.is_touch() and board.strip != before.strip:
            size = self.device.touchscreen_image_format()["size"]
            image = paint_strip(board.strip, size)
            native = PILHelper.to_native_touchscreen_format(self.device, image)
            self.device.set_touchscreen_image(native, 0, 0, *size)
        size = self.device.screen_image_format()["size"]
        if size[0] and board.screen is not None and board.screen != before.screen:
            image = paint_segment(board.screen, size)
            self.device.set_screen_image(PILHelper.to_native_screen_format(self.device, image))

    def _key_image(self, key: Key) -> bytes:
        size: tuple[int, int] = self.device.key_image_format()["size"]
        return bytes(PILHelper.to_native_key_format(self.device, paint(key, size)))
