"""What `pw-dump --monitor` says, in whatever pieces it comes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sana_vcam.voice.line import Microphone
from sana_vcam.voice.pipewire.registry import MARK, Registry


def node(number: int, name: str, media_class: str = "Audio/Source", **info: Any) -> dict[str, Any]:
    props = {"node.name": name, "media.class": media_class, **info.pop("props", {})}
    return {
        "id": number,
        "type": "PipeWire:Interface:Node",
        "info": {"state": "suspended", "props": props, **info},
    }


def port(number: int, of: int, direction: str, **props: Any) -> dict[str, Any]:
    props = {"node.id": of, "format.dsp": "32 bit float mono audio", **props}
    info = {"direction": direction, "props": props}
    return {"id": number, "type": "PipeWire:Interface:Port", "info": info}


def link(number: int, output: tuple[int, int], into: tuple[int, int]) -> dict[str, Any]:
    names = ("output-node-id", "output-port-id", "input-node-id", "input-port-id")
    info = dict(zip(names, (*output, *into), strict=True))
    return {"id": number, "type": "PipeWire:Interface:Link", "info": info}


def core(version: str) -> dict[str, Any]:
    props = {"default.clock.quantum": "1024", "default.clock.rate": "48000"}
    info = {"version": version, "props": props}
    return {"id": 0, "type": "PipeWire:Interface:Core", "info": info}


def gone(number: int) -> dict[str, Any]:
    return {"id": number, "info": None}


def text(*data: dict[str, Any]) -> bytes:
    return json.dumps(list(data), indent=2).encode() + b"\n"


def registry(*data: dict[str, Any]) -> Registry:
    found = Registry()
    found.feed(text(*data))
    return found


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_arrays_are_taken_when_they_are_whole(size: int):
    whole = text(core("1.4.2"), node(40, "mic")) + text(node(41, "other")) + text(gone(40))
    found = Registry()
    changes = [found.feed(whole[at : at + size]) for at in range(0, len(whole), size)]
    assert any(changes)
    assert found.is_synced
    assert [one.name for one in found.nodes] == ["other"]


def test_nothing_is_known_before_the_first_array_is_whole():
    found = Registry()
    assert found.feed(text(node(40, "mic"))[:-2]) is False
    assert not found.is_synced
    assert found.nodes == []


def test_a_node_that_changed_is_known_as_it_is_now():
    found = registry(node(40, "mic"))
    found.feed(text(node(40, "mic", state="running")))
    assert [one.state for one in found.nodes] == ["running"]


def test_only_real_sources_are_microphones():
    found = registry(
        node(1, "alsa_input.usb", props={"node.description": "A Headset"}),
        node(2, "alsa_output.pci", "Audio/Sink"),
        node(3, "sana_mic", "Audio/Source/Virtual"),
        node(4, "echo-cancel-source", "Audio/Source/Virtual"),
        node(5, "zoom", "Stream/Input/Audio"),
        node(6, "webcam", "Video/Source"),
    )
    assert found.microphones == [
        Microphone("alsa_input.usb", "A Headset"),
        Microphone("echo-cancel-source", "echo-cancel-source"),
    ]


def test_a_node_is_found_by_its_name_and_by_who_started_it():
    found = registry(
        node(1, "sana_voice", props={MARK: "7-1"}), node(2, "sana_voice", props={MARK: "8-1"})
    )
    first, second = found.named("sana_voice"), found.named("sana_voice", "8-1")
    assert first is not None
    assert second is not None
    assert (first.id, second.id) == (1, 2)
    assert found.named("sana_voice", "9-1") is None


def test_the_ports_of_a_monitor_are_apart_from_the_others():
    found = registry(
        node(1, "sana_listen", "Stream/Input/Audio"),
        port(10, 1, "input"),
        port(11, 1, "output", **{"port.monitor": True}),
        port(12, 1, "input", **{"format.dsp": "8 bit raw midi"}),
        port(13, 2, "input"),
    )
    (listen,) = found.nodes
    assert found.ports(listen, "input") == [10]
    assert found.ports(listen, "output") == []
    assert found.ports(listen, "output", monitor=True) == [11]


def test_a_source_is_read_when_a_link_takes_its_sound_and_it_runs():
    found = registry(node(1, "sana_mic"), node(2, "zoom"), link(30, (2, 20), (1, 10)))
    assert found.is_linked(20, 10)
    assert not found.is_linked(10, 20)

    def is_read() -> bool:
        source = found.named("sana_mic")
        assert source is not None
        return found.is_read(source)

    found.feed(text(node(1, "sana_mic", state="running")))
    assert not is_read()
    found.feed(text(link(31, (1, 11), (2, 21))))
    assert is_read()
    found.feed(text(node(1, "sana_mic", state="idle")))
    assert not is_read()
    found.feed(text(node(1, "sana_mic", state="running"), gone(31)))
    assert not is_read()


@pytest.mark.parametrize(
    ("version", "cycle_ms", "is_slow"),
    [("0.3.65", 1024 / 48, True), ("1.0.5", 0.0, True), ("1.4.2", 0.0, False), ("2.0", 0.0, False)],
)
def test_what_a_version_adds_and_how_it_retunes(version: str, cycle_ms: float, is_slow: bool):
    found = registry(core(version))
    assert found.cycle_ms == pytest.approx(cycle_ms)
    assert found.is_slow_to_retune is is_slow


def test_the_cycle_is_the_shortest_that_is_wanted_by_one_that_runs_with_the_source():
    def one(number: int, name: str, latency: str, **props: str) -> dict[str, Any]:
        return node(number, name, state="running", props={"node.latency": latency, **props})

    found = registry(
        core("0.3.65"),
        one(1, "sana_mic", ""),
        one(2, "sana_voice", "", **{"node.group": "filter-chain"}),
        one(3, "sana_listen", "1024/48000", **{"node.group": "filter-chain"}),
        one(4, "somebody else", "64/48000"),
        link(30, (2, 20), (1, 10)),
    )
    assert found.cycle_ms == pytest.approx(1024 / 48)
    # Rounded down to a power of two, by the server.
    found.feed(text(one(5, "call", "960/48000"), link(31, (1, 11), (5, 50))))
    assert found.cycle_ms == pytest.approx(512 / 48)
    found.feed(text(node(5, "call", state="suspended", props={"node.latency": "960/48000"})))
    assert found.cycle_ms == pytest.approx(1024 / 48)
    found.feed(text(one(5, "call", "128/44100")))
    assert found.cycle_ms == pytest.approx(128 / 48)
    found.feed(text(gone(31)))
    assert found.cycle_ms == pytest.approx(1024 / 48)
