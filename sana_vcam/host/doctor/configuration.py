"""Checks of the configuration, the API key, and the control port."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Iterator
from pathlib import Path

from sana_vcam.config.load import API_KEY_FILE, API_KEY_VARIABLE, CREDENTIAL
from sana_vcam.config.paths import user_path
from sana_vcam.config.schema import ReactorConfig
from sana_vcam.config.text import all_warnings
from sana_vcam.control.access import listen, peers, sockdiag
from sana_vcam.host.doctor.facts import Facts, Process
from sana_vcam.host.doctor.findings import Finding, fine, problem, unknown, warning
from sana_vcam.lib.openfiles import opened, socket_name

KEY_PREFIX = "rk_"
SHORTEST_KEY = 8
ONLINE_TIMEOUT_S = 8.0
SAME_SHAPE = 0.05
"""Two shapes are as good as the same up to this part: 640x360 beside 1280x704 is 2 % off."""


def check_configuration(facts: Facts) -> Iterator[Finding]:
    """Yield what is wrong with the configuration, or probably not meant."""
    if facts.loaded is None:
        for line in facts.config_error.splitlines():
            yield problem(
                "config.valid",
                line,
                "The daemon does not start with it. The rest was looked at with the defaults.",
                "sana-vcam config check",
            )
        return
    yield fine("config.valid", str(facts.loaded.path or "the defaults"))
    for text in all_warnings(facts.loaded):
        # The key and its file have checks of their own.
        if not text.startswith("no Reactor API key") and "holds a secret" not in text:
            yield warning("config.caution", text, "", "sana-vcam config show")


def check_model(facts: Facts) -> Iterator[Finding]:
    """Yield every finding about the key; with `online` also what the platform says to it."""
    reactor = facts.config.reactor
    yield _named(reactor)
    yield _sent(reactor)
    if reactor.local:
        yield fine("model.key", f"not needed: a runtime of your own, {reactor.api_url}")
        return
    files = (reactor.api_key_file, _user_key(facts))
    for path in dict.fromkeys(path for path in files if path is not None):
        yield from _exposed(facts, path)
    key, where = _key(facts)
    if not key:
        yield problem(
            "model.key",
            "there is none",
            "No session can be opened. Give it to the service: paste it, Enter, Ctrl-D.",
            _put_key(_user_key(facts)),
        )
        return
    yield _form(key, where)
    if facts.online:
        yield _online(key, reactor)
    else:
        yield unknown("model.online", "the platform was not asked (sana-vcam doctor --online)")


def _named(reactor: ReactorConfig) -> Finding:
    """Say which model is configured, and whether it is one that is known here."""
    from sana_vcam.reactor.models import connect_names, find, nearest  # loads the SDK

    model = find(reactor.model)
    if model is not None:
        names = " or ".join(connect_names(reactor.model))
        return fine("model.name", f"{model.title} ({names})")
    means = "It works as far as what it declares tells, and the daemon's log says what was guessed."
    better = f"sana-vcam run --set reactor.model={nearest(reactor.model)}"
    return warning("model.name", f"{reactor.model!r} is not known here", means, better)


def _sent(reactor: ReactorConfig) -> Finding:
    """Say how large the camera's picture is sent, and what is odd about that."""
    # Loads the Reactor SDK, which takes a while.
    from sana_vcam.engine.factory import sending_for

    sending = sending_for(reactor)
    (width, height), (own_width, own_height) = sending.full, sending.model_size
    found, own = f"{width}x{height}", f"{own_width}x{own_height}"
    if sending.small is not None:
        small = f"{sending.small[0]}x{sending.small[1]}"
        return fine("model.send", f"{found}, and {small} while the upload is poor")
    as_configured = f'{found} (reactor.send = "{reactor.send}"); the model\'s picture is {own}'
    if width * height > own_width * own_height:
        means = "The upload and the encoder work for pixels that the model has no use for."
        return warning("model.send", as_configured, means, "sana-vcam config show")
    if abs(width * own_height / (height * own_width) - 1) > SAME_SHAPE:
        means = "It has another shape, so the model cuts off its sides, or stretches it."
        return warning("model.send", as_configured, means, "sana-vcam config show")
    return fine("model.send", as_configured)


def _user_key(facts: Facts) -> Path:
    """Say where the user unit takes the key from."""
    return user_path(facts.machine.environ).parent / CREDENTIAL


def _put_key(path: Path) -> str:
    return f"install -D -m 600 /dev/stdin {shlex.quote(str(path))}"


def _key(facts: Facts) -> tuple[str, str]:
    """Find the key, and where it is from; the user unit's if we ourselves have none."""
    configured = facts.config.reactor.api_key
    if configured is not None and facts.loaded is not None:
        return configured.get_secret_value(), facts.loaded.origins["reactor.api_key"]
    path = _user_key(facts)
    text = facts.machine.text(path) or ""
    return text, f"{path}, for the service; by hand: export {API_KEY_VARIABLE}"


def _form(key: str, where: str) -> Finding:
    flaws = {
        "it is not one word of plain characters": (
            not key.isascii() or not key.isprintable() or " " in key
        ),
        "there are quotes around it": key[0] in "\"'" or key[-1] in "\"'",
        "it is cut off": key.startswith(KEY_PREFIX) and len(key) < SHORTEST_KEY,
        f"it does not begin with {KEY_PREFIX}, as keys of Reactor do": (
            not key.startswith(KEY_PREFIX)
        ),
    }
    flaw = next((flaw for flaw, there in flaws.items() if there), None)
    if flaw is None:
        return fine("model.key", where)
    means = "The platform will probably refuse it. Ask it:"
    return warning("model.key", f"{where}: {flaw}", means, "sana-vcam doctor --online")


def _exposed(facts: Facts, path: Path) -> Iterator[Finding]:
    """Find out whether others can read a key file; one that may be missing is passed over."""
    try:
        mode = facts.machine.path(path).stat().st_mode
    except OSError:
        if path == facts.config.reactor.api_key_file:
            look = f"ls -l {shlex.quote(str(path))}"
            means = f"{API_KEY_FILE} names it."
            yield problem("model.key_file", f"{path} cannot be read", means, look)
        return
    if not mode & 0o077:
        yield fine("model.key_file", f"{path}, readable by you alone")
        return
    yield warning(
        "model.key_file",
        f"{path} can be read by others (mode {mode & 0o777:04o})",
        "Whoever has the key spends your money.",
        f"chmod 600 {shlex.quote(str(path))}",
    )


def _online(key: str, reactor: ReactorConfig) -> Finding:
    """Ask for a token, which opens no session and costs nothing."""
    # Loads the Reactor SDK, which takes a while.
    from sana_vcam.reactor.errors import Refused, SessionError
    from sana_vcam.reactor.platform import Platform

    platform = Platform(reactor.api_url, False, reactor.model, key, reactor.max_session_s)
    try:
        asyncio.run(platform.mint(timeout_s=ONLINE_TIMEOUT_S))
    except Refused as error:
        return problem(
            "model.online",
            str(error),
            "No session can be opened until that is mended.",
            _put_key(user_path().parent / CREDENTIAL),
        )
    except SessionError as error:
        host = reactor.api_url.partition("://")[2].partition("/")[0]
        return problem(
            "model.online",
            str(error),
            "No session can be opened until the platform is reached. Is it the network?",
            f"curl -sSI {reactor.api_url}",
            f"getent hosts {host.partition(':')[0]}",
        )
    return fine("model.online", f"{reactor.api_url} takes the key")


def check_control(facts: Facts) -> Iterator[Finding]:
    """Find out who has the control port, and whether more than one daemon runs."""
    if not facts.linux:
        return
    yield _port(facts)
    daemons = [process for process in facts.processes if process.is_daemon]
    if len(daemons) < 2:
        yield fine("control.daemons", f"one, pid {daemons[0].pid}" if daemons else "none runs")
        return
    names = "; ".join(f"pid {one.pid} ({shlex.join(one.words)})" for one in daemons)
    yield problem(
        "control.daemons",
        f"{len(daemons)} run: {names}",
        "They want the same virtual camera, webcam and port, and each may pay for a session.",
        *(_kill(facts, one) for one in daemons if str(one.pid) != str(facts.service.pid)),
    )


def _kill(facts: Facts, process: Process) -> str:
    return f"kill {process.pid}" if process.uid == facts.machine.uid else f"sudo kill {process.pid}"


def _port(facts: Facts) -> Finding:
    config = facts.config.control
    if config.port == 0:
        return fine("control.port", "a free one at each start, as configured")
    tables = (facts.machine.text(f"/proc/net/{name}") or "" for name in ("tcp", "tcp6"))
    sockets = (row for table in tables for row in peers.parse_table(table))
    row = peers.find_listener(sockets, sockdiag.endpoint(listen.address(config), config.port))
    if row is None:
        return fine("control.port", f"{config.port} is free")
    holder = _process_with(facts, row.inode)
    if holder is not None and holder.pid in facts.daemon_pids:
        return fine("control.port", f"{config.port}, listened on by sana-vcam")
    if holder is None and facts.scope.system and facts.service.runs:
        return fine("control.port", f"{config.port}, listened on by the service")
    if holder is None:
        who = f"a program of the user with the id {row.uid}"
        end = f"sudo ss -ltnp sport = :{config.port}"
    else:
        who = f"{holder.words[0] if holder.words else 'a program'} (pid {holder.pid})"
        end = _kill(facts, holder)
    return problem(
        "control.port",
        f"{config.port} is taken by {who}",
        "The daemon does not start. End that program, or choose another port.",
        end,
        f"sana-vcam run --port {config.port % 65535 + 1}",
    )


def _process_with(facts: Facts, inode: int) -> Process | None:
    """Find the process of this machine that has the socket open, if we may see it."""
    pids = {pid for _, pid in opened({socket_name(inode)}, facts.machine.path("/proc"))}
    return next((process for process in facts.processes if process.pid in pids), None)
