"""What is in the PipeWire server, as `pw-dump --monitor` tells it: nodes, ports and links."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sana_vcam.voice.line import OURS, SOURCE_NAME, Microphone

MARK = "sana_vcam.chain"
"""Property of the nodes of one child: who started it."""
CYCLE_S = 1024 / 48_000
"""The longest cycle of the graph that a child wants before version 1.0: readers may want 2048
samples, and the voice would be later by what that adds. It costs a third more than those do."""
LATENCY = re.compile(r"(\d+)/([1-9]\d*)")
"""How long a cycle a node wants: so many samples at such a rate."""


@dataclass(frozen=True)
class Node:
    """One node of the graph."""

    id: int
    name: str
    description: str
    media_class: str
    state: str
    """"error", "creating", "suspended", "idle" or "running"."""
    mark: str
    """Who started it, if one of ours did."""


class Registry:
    """The server's objects. They are whole from the first array on that `pw-dump` has written."""

    def __init__(self) -> None:
        self.is_synced = False
        self._text = b""
        self._objects: dict[int, dict[str, Any]] = {}
        self._nodes: list[Node] | None = None
        self._cycle_ms: float | None = None

    def feed(self, text: bytes) -> bool:
        """Take what `pw-dump` wrote, in any pieces; whether something changed."""
        self._text += text
        changed = False
        # Only an array itself ends with a bracket at the begin of a line.
        while (end := self._text.find(b"\n]\n")) >= 0:
            array, self._text = self._text[: end + 3], self._text[end + 3 :]
            for data in json.loads(array):
                self._take(data)
            self.is_synced = changed = True
            self._nodes = self._cycle_ms = None
        return changed

    def _take(self, data: dict[str, Any]) -> None:
        # An object that is gone has no information; one that nobody may read never had.
        if data.get("info") is None:
            self._objects.pop(data["id"], None)
        else:
            self._objects[data["id"]] = data

    def _infos(self, kind: str) -> list[tuple[int, dict[str, Any]]]:
        return [
            (number, data["info"])
            for number, data in self._objects.items()
            if data.get("type", "").endswith(f":{kind}")
        ]

    # -- nodes ---------------------------------------------------------------------------------

    @property
    def nodes(self) -> list[Node]:
        """All nodes, the oldest first."""
        if self._nodes is None:
            self._nodes = self._read_nodes()
        return self._nodes

    def _read_nodes(self) -> list[Node]:
        return [
            Node(
                number,
                name=str(props.get("node.name", "")),
                description=str(props.get("node.description") or props.get("node.name", "")),
                media_class=str(props.get("media.class", "")),
                state=str(info.get("state", "")),
                mark=str(props.get(MARK, "")),
            )
            for number, info in self._infos("Node")
            for props in [info.get("props") or {}]
        ]

    def named(self, name: str, mark: str | None = None) -> Node | None:
        """Find a node by name, and by who started it; the oldest of several."""
        return next(
            (
                node
                for node in self.nodes
                if node.name == name and (mark is None or node.mark == mark)
            ),
            None,
        )

    @property
    def microphones(self) -> list[Microphone]:
        """What can be chosen. A monitor is no node of its own here, and so none of them."""
        return [
            Microphone(node.name, node.description)
            for node in self.nodes
            if node.media_class.startswith("Audio/Source") and not node.name.startswith(OURS)
        ]

    # -- ports and links -----------------------------------------------------------------------

    def ports(self, node: Node, direction: str, *, monitor: bool = False) -> list[int]:
        """List the ids of a node's ports of sound: "input" or "output", its monitor's or not."""
        return [
            number
            for number, info in self._infos("Port")
            for props in [info.get("props") or {}]
            if props.get("node.id") == node.id
            and info.get("direction") == direction
            and "audio" in str(props.get("format.dsp", "audio"))
            and (props.get("port.monitor") is True) == monitor
        ]

    def is_linked(self, output: int, into: int) -> bool:
        """Whether a link goes from one port to the other."""
        return any(
            info.get("output-port-id") == output and info.get("input-port-id") == into
            for _, info in self._infos("Link")
        )

    def is_read(self, node: Node) -> bool:
        """Whether some application takes sound from the node now."""
        return node.state == "running" and any(
            info.get("output-node-id") == node.id for _, info in self._infos("Link")
        )

    @property
    def cycle_ms(self) -> float:
        """What the graph itself adds now to a filter whose output feeds another node.

        One cycle before version 1.0, none after it (measured on 0.3.65 and 1.4.2).
        """
        if self._cycle_ms is None:
            self._cycle_ms = self._read_cycle_ms() if self.adds_a_cycle else 0.0
        return self._cycle_ms

    def _read_cycle_ms(self) -> float:
        """Find the length of the cycle in which the source runs, which no object tells.

        As the server does: the shortest that one of the nodes wants, rounded down to a power of
        two samples; the usual one if none wants any.
        """
        props = next((info.get("props") or {} for _, info in self._infos("Core")), {})
        rate = int(props.get("default.clock.rate", 48_000))
        wanted = min(self._wanted_s(), default=int(props.get("default.clock.quantum", 1024)) / rate)
        least = int(props.get("default.clock.min-quantum", 1))
        frames = max(least, int(min(wanted, CYCLE_S) * rate))
        return 1000.0 * (1 << (frames.bit_length() - 1)) / rate

    def _wanted_s(self) -> list[float]:
        """List the cycles that those want which run together with the source."""
        together = self._together()
        return [
            int(latency[1]) / int(latency[2])
            for number, info in self._infos("Node")
            if number in together and info.get("state") == "running"
            if (latency := LATENCY.fullmatch(str((info.get("props") or {}).get("node.latency"))))
        ]

    def _together(self) -> set[int | str]:
        """Find what is joined to the source by links, and by groups, which run as one."""
        joined: defaultdict[int | str, set[int | str]] = defaultdict(set)
        pairs: list[tuple[int | str, int | str]] = [
            (info.get("output-node-id", ""), info.get("input-node-id", ""))
            for _, info in self._infos("Link")
        ]
        for number, info in self._infos("Node"):
            if group := (info.get("props") or {}).get("node.group"):
                pairs.append((number, str(group)))
        for one, other in pairs:
            joined[one].add(other)
            joined[other].add(one)
        source = self.named(SOURCE_NAME)
        left: set[int | str] = set() if source is None else {source.id}
        found: set[int | str] = set()
        while left:
            one = left.pop()
            found.add(one)
            left |= joined[one] - found
        return found

    @property
    def adds_a_cycle(self) -> bool:
        """Whether what a filter gives to another node comes a cycle later."""
        return self.version < (1, 0)

    @property
    def version(self) -> tuple[int, int]:
        """Version of the server, the first two numbers; (0, 0) while it is not known."""
        for _, info in self._infos("Core"):
            if found := re.match(r"(\d+)\.(\d+)", str(info.get("version", ""))):
                return int(found[1]), int(found[2])
        return (0, 0)

    @property
    def is_slow_to_retune(self) -> bool:
        """Whether a filter that is given another delay has the right sound only after that delay.

        0.3.65 moves the place where it writes, 1.4.2 that where it reads (measured).
        """
        return self.version < (1, 4)
