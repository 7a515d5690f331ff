"""MIDI controllers at the page that are made up: Chromium finds none here."""

from __future__ import annotations

from tests.system.browser.dashboard.rig import Desk

MIDI = """
    window.midi = { inputs: new Map(), asked: [] };
    midi.access = { inputs: midi.inputs, onstatechange: null };
    midi.plug = (name) => {
        const input = { name, state: "connected", onmidimessage: null };
        midi.inputs.set(name + midi.inputs.size, input);
        midi.access.onstatechange?.({ port: input });
    };
    midi.unplug = () => {
        const input = [...midi.inputs.values()].pop();
        input.state = "disconnected";
        midi.inputs.clear();
        midi.access.onstatechange?.({ port: input });
    };
    midi.send = (...data) => {
        const message = { data: Uint8Array.from(data) };
        for (const input of midi.inputs.values()) input.onmidimessage?.(message);
    };
    Object.defineProperty(navigator, "requestMIDIAccess", {
        configurable: true,
        value: async (options) => { midi.asked.push(options); return midi.access; },
    });
    Object.defineProperty(navigator.permissions, "query", {
        configurable: true,
        value: async () => ({ state: midi.state ?? "granted" }),
    });
"""
"""A browser that has MIDI, and controllers that a test plugs in."""
NOTE, KNOB = "0x90", "0xb0"


async def send(desk: Desk, *data: int | str) -> None:
    """Have the controllers send a message."""
    await desk.page.evaluate(f"midi.send({', '.join(map(str, data))})")
