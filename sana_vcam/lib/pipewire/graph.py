"""What a PipeWire server has told of its nodes, links and clients, and who reads which node."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

NODE: Final = "PipeWire:Interface:Node"
LINK: Final = "PipeWire:Interface:Link"
CLIENT: Final = "PipeWire:Interface:Client"
PORTAL: Final = "xdg-desktop-portal"
"""It makes the connections of browsers and sandboxed programs, which keep its name there."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A program that reads a node: its own node's number, and what it calls itself."""

    node: int
    name: str


class Graph:
    """The objects that the server has told of. Belongs to one thread."""

    def __init__(self) -> None:
        self._objects: dict[str, dict[int, Mapping[str, str]]] = {NODE: {}, LINK: {}, CLIENT: {}}
        self.version = 0
        """Goes up with every change."""

    def add(self, number: int, kind: str, properties: Mapping[str, str]) -> None:
        """Take note of an object; what is neither node, link nor client does not matter."""
        if kind in self._objects:
            self._objects[kind][number] = properties
            self.version += 1

    def remove(self, number: int) -> None:
        """Forget an object."""
        for objects in self._objects.values():
            if objects.pop(number, None) is not None:
                self.version += 1

    def nodes(self, name: str) -> dict[int, Mapping[str, str]]:
        """Find the nodes of this name, with what the server tells of each, by their number."""
        every = self._objects[NODE].items()
        return {number: node for number, node in every if node.get("node.name") == name}

    def readers(self, node: int) -> tuple[Reader, ...]:
        """List who reads the node, a line for each reading node, in the order of their coming."""
        ends = [
            int(link["link.input.node"])
            for link in self._objects[LINK].values()
            if link.get("link.output.node") == str(node)
            and link.get("link.input.node", "").isdecimal()
        ]
        return tuple(Reader(end, self._name(end)) for end in dict.fromkeys(ends))

    def _name(self, number: int) -> str:
        """Name a node by its program, as well as the server tells."""
        node = self._objects[NODE].get(number, {})
        owner = node.get("client.id", "")
        client = self._objects[CLIENT].get(int(owner) if owner.isdecimal() else -1, {})
        for properties, key in (
            (node, "application.name"),
            (client, "application.name"),
            (node, "node.description"),
            (node, "node.name"),
        ):
            if properties.get(key) and properties[key] != PORTAL:
                return properties[key]
        return f"node {number}"
