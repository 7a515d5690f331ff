"""Checks of the configuration, the API key, and the control port."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

from sana_vcam.config.load import API_KEY_FILE, API_KEY_VARIABLE, CREDENTIAL
from sana_vcam.config.paths import user_path
from sana_vcam.config.schema import ReactorConfig
from sana_vcam.config.text import cautions
from sana_vcam.control.access import listen, peers
from sana_vcam.host.doctor.facts import Case, Process
from sana_vcam.host.doctor.findings import Finding, Group, Severity

KEY_PREFIX = "rk_"
SHORTEST_KEY = 8
ONLINE_TIMEOUT_S = 8.0


# --- the configuration --------------------------------------------------------------------------


def check_configuration(case: Case) -> Iterator[Finding]:
    """What is wrong with the configuration, or probably not meant."""
    if case.loaded is None:
        for line in case.config_error.splitlines():
            yield _configuration(
                "valid",
                Severity.PROBLEM,
                line,
                "The daemon does not start with it. The rest was looked at with the defaults.",
                ["sana-vcam config check"],
            )
        return
    yield _configuration("valid", Severity.FINE, str(case.loaded.path or "the defaults"))
    about_key = "no Reactor API key"
    for text in cautions(case.loaded):
        # The key and its file have checks of their own.
        if not text.startswith(about_key) and "holds a secret" not in text:
            yield _configuration("caution", Severity.WARNING, text, "", ["sana-vcam config show"])


def _configuration(
    name: str, severity: Severity, found: str, means: str = "", mend: Iterable[str] = ()
) -> Finding:
    title = {"valid": "configuration", "caution": "configuration"}[name]
    return Finding(
        f"config.{name}", Group.CONFIGURATION, title, severity, found, means, tuple(mend)
    )


# --- the key ------------------------------------------------------------------------------------


def check_model(case: Case) -> Iterator[Finding]:
    """Every finding about the key; with `online` also what the platform says to it."""
    reactor = case.config.reactor
    if reactor.local:
        yield _model("key", Severity.FINE, f"not needed: a runtime of your own, {reactor.api_url}")
        return
    for path in _key_files(case):
        exposed = _exposed(case, path)
        if exposed is not None:
            yield exposed
    key, where = _key(case)
    if not key:
        yield _model(
            "key",
            Severity.PROBLEM,
            "there is none",
            "No session can be opened. Give it to the service: paste it, Enter, Ctrl-D.",
            [_put_key(_user_key(case))],
        )
        return
    yield _form(key, where)
    if case.online:
        yield _online(key, reactor)
    else:
        yield _model(
            "online", Severity.UNKNOWN, "the platform was not asked (sana-vcam doctor --online)"
        )


def _model(
    name: str, severity: Severity, found: str, means: str = "", mend: Iterable[str] = ()
) -> Finding:
    titles = {"key": "API key", "key_file": "key file", "online": "platform"}
    return Finding(f"model.{name}", Group.MODEL, titles[name], severity, found, means, tuple(mend))


def _user_key(case: Case) -> Path:
    """Where the user unit takes the key from."""
    return user_path(case.machine.environ).parent / CREDENTIAL


def _put_key(path: Path) -> str:
    return f"install -D -m 600 /dev/stdin {shlex.quote(str(path))}"


def _key_files(case: Case) -> list[Path]:
    files = [case.config.reactor.api_key_file, _user_key(case)]
    return [path for path in dict.fromkeys(files) if path is not None]


def _key(case: Case) -> tuple[str, str]:
    """The key and where it is from; the user unit's if we ourselves have none."""
    configured = case.config.reactor.api_key
    if configured is not None and case.loaded is not None:
        return configured.get_secret_value(), case.loaded.origins["reactor.api_key"]
    path = _user_key(case)
    text = case.machine.text(path) or ""
    return text, f"{path}, for the service; by hand: export {API_KEY_VARIABLE}"


def _form(key: str, where: str) -> Finding:
    odd = ""
    if not key.isascii() or not key.isprintable() or " " in key:
        odd = "it is not one word of plain characters"
    elif key[0] in "\"'" or key[-1] in "\"'":
        odd = "there are quotes around it"
    elif key.startswith(KEY_PREFIX) and len(key) < SHORTEST_KEY:
        odd = "it is cut off"
    elif not key.startswith(KEY_PREFIX):
        odd = f"it does not begin with {KEY_PREFIX}, as keys of Reactor do"
    if not odd:
        return _model("key", Severity.FINE, where)
    return _model(
        "key",
        Severity.WARNING,
        f"{where}: {odd}",
        "The platform will probably refuse it. Ask it:",
        ["sana-vcam doctor --online"],
    )


def _exposed(case: Case, path: Path) -> Finding | None:
    try:
        mode = case.machine.path(path).stat().st_mode
    except OSError:
        if path == case.config.reactor.api_key_file:
            return _model(
                "key_file",
                Severity.PROBLEM,
                f"{path} cannot be read",
                f"{API_KEY_FILE} names it.",
                [f"ls -l {shlex.quote(str(path))}"],
            )
        return None
    if not mode & 0o077:
        return _model("key_file", Severity.FINE, f"{path}, readable by you alone")
    return _model(
        "key_file",
        Severity.WARNING,
        f"{path} can be read by others (mode {mode & 0o777:04o})",
        "Whoever has the key spends your money.",
        [f"chmod 600 {shlex.quote(str(path))}"],
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
        return _model(
            "online",
            Severity.PROBLEM,
            str(error),
            "No session can be opened until that is mended.",
            [_put_key(user_path().parent / CREDENTIAL)],
        )
    except SessionError as error:
        host = reactor.api_url.partition("://")[2].partition("/")[0]
        return _model(
            "online",
            Severity.PROBLEM,
            str(error),
            "No session can be opened until the platform is reached. Is it the network?",
            [f"curl -sSI {reactor.api_url}", f"getent hosts {host.partition(':')[0]}"],
        )
    return _model("online", Severity.FINE, f"{reactor.api_url} takes the key")


# --- the control port, and other daemons ----------------------------------------------------------


def check_control(case: Case) -> Iterator[Finding]:
    """Who has the control port, and whether more than one daemon runs."""
    if not case.linux:
        return
    yield _port(case)
    daemons = [process for process in case.processes if process.is_daemon]
    if len(daemons) > 1:
        names = "; ".join(f"pid {one.pid} ({shlex.join(one.words)})" for one in daemons)
        yield _control(
            "daemons",
            Severity.PROBLEM,
            f"{len(daemons)} run: {names}",
            "They want the same virtual camera, webcam and port, and each may pay for a session.",
            [_kill(case, one) for one in daemons if str(one.pid) != str(case.service.pid)],
        )
    else:
        found = f"one, pid {daemons[0].pid}" if daemons else "none runs"
        yield _control("daemons", Severity.FINE, found)


def _control(
    name: str, severity: Severity, found: str, means: str = "", mend: Iterable[str] = ()
) -> Finding:
    titles = {"port": "port", "daemons": "daemons"}
    return Finding(
        f"control.{name}", Group.CONTROL, titles[name], severity, found, means, tuple(mend)
    )


def _kill(case: Case, process: Process) -> str:
    return f"kill {process.pid}" if process.uid == case.machine.uid else f"sudo kill {process.pid}"


def _port(case: Case) -> Finding:
    config = case.config.control
    if config.port == 0:
        return _control("port", Severity.FINE, "a free one at each start, as configured")
    tables = ("/proc/net/tcp", "/proc/net/tcp6")
    sockets = (row for table in tables for row in peers.parse_table(case.machine.text(table) or ""))
    row = peers.find_listener(sockets, peers.endpoint(listen.address(config), config.port))
    if row is None:
        return _control("port", Severity.FINE, f"{config.port} is free")
    holder = _process_with(case, row.inode)
    if holder is not None and holder.pid in case.daemon_pids:
        return _control("port", Severity.FINE, f"{config.port}, listened on by sana-vcam")
    if holder is None and case.scope.system and case.service.runs:
        return _control("port", Severity.FINE, f"{config.port}, listened on by the service")
    other = config.port % 65535 + 1
    who = (
        f"{holder.words[0] if holder.words else 'a program'} (pid {holder.pid})"
        if holder
        else f"a program of the user with the id {row.uid}"
    )
    return _control(
        "port",
        Severity.PROBLEM,
        f"{config.port} is taken by {who}",
        "The daemon does not start. End that program, or choose another port.",
        [
            *([_kill(case, holder)] if holder else [f"sudo ss -ltnp sport = :{config.port}"]),
            f"sana-vcam run --port {other}",
        ],
    )


def _process_with(case: Case, inode: int) -> Process | None:
    wanted = f"socket:[{inode}]"
    for process in case.processes:
        try:
            links = case.machine.path(f"/proc/{process.pid}/fd").iterdir()
            if any(str(link.readlink()) == wanted for link in links):
                return process
        except OSError:
            # Another user's process, or one that has ended.
            continue
    return None
