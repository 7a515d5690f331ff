"""Checks of the camera that is a PipeWire node: the server, the node, the portal, the browsers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sana_vcam.host.doctor.facts import Facts
from sana_vcam.host.doctor.findings import Finding, Severity, fine, problem, unknown, warning
from sana_vcam.lib.pipewire.connection import SOCKET, START
from sana_vcam.lib.pipewire.library import INSTALL, SONAME
from sana_vcam.media.sinks.applications import APPLICATIONS
from sana_vcam.media.sinks.node import NODE

INSTALL_TOOLS = "sudo apt install pipewire-bin"
RESTART_PORTAL = "systemctl --user restart xdg-desktop-portal"
IS_CAMERA_PRESENT = (
    *("busctl", "--user", "get-property", "org.freedesktop.portal.Desktop"),
    *("/org/freedesktop/portal/desktop", "org.freedesktop.portal.Camera", "IsCameraPresent"),
)
NOTHING_TO_PICK = frozenset({"driver.module", "driver.secure_boot", "sink.found"})
"""Findings that mean no camera at all, unless there is another kind of it."""
BROWSERS = ("Firefox", "Chromium", "Chrome")


@dataclass(frozen=True, slots=True)
class NodeOffer:
    """What `pw-dump` tells: the server's version, and the camera's name; empty without one."""

    version: str
    camera: str


def may_publish(facts: Facts) -> bool:
    """Whether a daemon of this user can make a node: library and socket are there."""
    return facts.linux and _has_library(facts) and _has_socket(facts)


def milder(facts: Facts, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Pass findings on; without the driver there still is a camera, where PipeWire has it."""
    lighter = facts.config.sink.kind == "auto" and may_publish(facts)
    for finding in findings:
        if lighter and finding.severity is Severity.PROBLEM and finding.id in NOTHING_TO_PICK:
            means = f"Only applications that read PipeWire have the camera. {finding.means}"
            yield replace(finding, severity=Severity.WARNING, means=means)
        else:
            yield finding


def check_node(facts: Facts) -> Iterator[Finding]:
    """Yield every finding about the node; none where there is no PipeWire and none is asked for."""
    kind = facts.config.sink.kind
    if not facts.linux or kind not in {"auto", "pipewire"}:
        return
    if not may_publish(facts):
        if kind == "pipewire":
            yield _no_pipewire(facts)
        return
    dump = facts.machine.run("pw-dump")
    if not dump.ok:
        yield unknown(
            "sink.node",
            f"not looked at: pw-dump is missing, or PipeWire does not answer; {INSTALL_TOOLS}",
        )
        return
    offer = read_dump(dump.out)
    if not offer.camera:
        yield _not_offered(facts, offer)
        return
    yield fine("sink.node", f'"{offer.camera}", by PipeWire {offer.version}')
    yield _portal(facts)
    if browsers := _browsers(facts):
        yield unknown("sink.browsers", browsers)


def read_dump(text: str) -> NodeOffer:
    """Read what `pw-dump` has printed; nonsense offers nothing."""
    version = camera = ""
    for each in _objects(text):
        info = each.get("info")
        if not isinstance(info, dict):
            continue
        if str(each.get("type", "")).endswith(":Core"):
            version = str(info.get("version", ""))
        props = info.get("props")
        if isinstance(props, dict) and props.get("node.name") == NODE:
            camera = str(props.get("node.description") or NODE)
    return NodeOffer(version or "of unknown version", camera)


def _objects(text: str) -> Sequence[dict[str, Any]]:
    try:
        # Another array follows when something changes meanwhile.
        found, _ = json.JSONDecoder().raw_decode(text.lstrip())
    except ValueError:
        return ()
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else ()


def _no_pipewire(facts: Facts) -> Finding:
    if not _has_library(facts):
        what, command = f"{SONAME} is not installed", INSTALL
    else:
        what, command = "PipeWire does not run for this user", START
    return problem("sink.node", what, "The daemon ends at its start.", command)


def _not_offered(facts: Facts, offer: NodeOffer) -> Finding:
    if facts.daemons.pids:
        return warning(
            "sink.node",
            f"a daemon runs, and PipeWire {offer.version} does not offer its camera",
            "It was started with another kind of virtual camera, or without this PipeWire.",
            facts.scope.command("restart"),
        )
    return unknown(
        "sink.node", f"PipeWire {offer.version} runs, and offers the camera while sana-vcam runs"
    )


def _portal(facts: Facts) -> Finding:
    """Ask the portal, through which browsers and sandboxed applications read cameras."""
    answer = facts.machine.run(*IS_CAMERA_PRESENT)
    if not answer.ok:
        return unknown(
            "sink.portal",
            "not there, or it has no camera",
            "Browsers and Flatpak applications read PipeWire's cameras through it: install "
            "xdg-desktop-portal with your desktop's own part.",
        )
    if "true" in answer.out:
        return fine("sink.portal", "shows cameras")
    return warning(
        "sink.portal",
        "does not show the camera",
        "Browsers and Flatpak applications do not list it. The portal looks when it starts.",
        RESTART_PORTAL,
    )


def _browsers(facts: Facts) -> str:
    """Say what the browsers of this machine need to read PipeWire's cameras."""
    return "; ".join(
        f"{one.name}: {one.pipewire}"
        for one in APPLICATIONS
        if one.name in BROWSERS and any(facts.machine.has(name) for name in one.processes)
    )


def _has_library(facts: Facts) -> bool:
    root = facts.machine.root
    return any(
        next(root.glob(f"usr/{folder}/{SONAME}"), None) for folder in ("lib", "lib64", "lib/*")
    )


def _has_socket(facts: Facts) -> bool:
    environ = facts.machine.environ
    folder = environ.get("PIPEWIRE_RUNTIME_DIR") or environ.get("XDG_RUNTIME_DIR")
    return bool(folder) and facts.machine.path(f"{folder}/{SOCKET}").exists()
