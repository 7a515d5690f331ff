"""Checks of the configuration, the model, and the API key."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Iterator
from pathlib import Path

from sana_vcam.config.apikey import API_KEY_VARIABLE, bare_key
from sana_vcam.config.load import API_KEY, API_KEY_FILE, CREDENTIAL
from sana_vcam.config.paths import user_path
from sana_vcam.config.schema import ReactorConfig
from sana_vcam.config.text import all_warnings
from sana_vcam.host.doctor.facts import Facts
from sana_vcam.host.doctor.findings import Finding, fine, problem, unknown, warning

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
        yield from _without_key(facts)
        return
    yield _form(key, where)
    if facts.online:
        yield _online(key, reactor)
    else:
        yield unknown("model.online", "the platform was not asked (sana-vcam doctor --online)")


def _without_key(facts: Facts) -> Iterator[Finding]:
    """Say that there is no key, unless the running daemon has one that we have not."""
    name, origin = "model.key", facts.running_key
    if origin:
        yield fine(name, f"the running daemon (pid {facts.reached}) has it, from its {origin}")
        if facts.online:
            yield unknown("model.online", "not asked: only the running daemon has the key")
        return
    # A shell keeps no history of what is pasted, and everybody's shell knows this.
    keys, by_hand = "paste it, Enter, Ctrl-D", f'export {API_KEY_VARIABLE}="$(cat)"'
    if facts.machine.platform == "win32":
        keys, by_hand = "paste it, Enter", f"$env:{API_KEY_VARIABLE} = Read-Host"
    service = facts.service.unit is not None and not facts.scope.system
    where = "Give it to the service" if service else "Give it to what you start in this terminal"
    yield problem(
        name,
        "there is none",
        f"No session can be opened. {where}: {keys}.",
        _put_key(_user_key(facts)) if service else by_hand,
    )


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
        return configured.get_secret_value(), facts.loaded.origins[API_KEY]
    if facts.loaded is None and (
        given := bare_key(facts.machine.environ.get(API_KEY_VARIABLE, ""))
    ):
        return given, f"environment {API_KEY_VARIABLE}"
    path = _user_key(facts)
    return bare_key(
        facts.machine.text(path) or ""
    ), f"{path}, for the service; by hand: export {API_KEY_VARIABLE}"


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
    if facts.machine.platform == "win32":
        # Who may read a file is not told by its mode there.
        yield unknown("model.key_file", f"not known who may read {path}")
        return
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
