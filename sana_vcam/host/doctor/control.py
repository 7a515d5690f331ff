"""Checks of the control port, and of daemons that want the same things."""

from __future__ import annotations

from collections.abc import Iterator

from sana_vcam.control.access import group, listen, peers, sockdiag
from sana_vcam.host.doctor.daemons import RunningDaemon
from sana_vcam.host.doctor.facts import Facts, Process
from sana_vcam.host.doctor.findings import Finding, fine, problem, unknown, warning
from sana_vcam.lib.openfiles import opened, socket_name
from sana_vcam.media.v4l2.devices import describe


def check_control(facts: Facts) -> Iterator[Finding]:
    """Find out who has the control port, and whether daemons want the same devices."""
    if facts.linux:
        yield _port(facts)
        yield _daemons(facts)


def kill_command(facts: Facts, pid: int, uid: int) -> str:
    """Write the command that ends a process."""
    return f"kill {pid}" if uid == facts.machine.uid else f"sudo kill {pid}"


# -- the port --------------------------------------------------------------------------------------


def _port(facts: Facts) -> Finding:
    config, name = facts.config.control, "control.port"
    if config.port == 0:
        return fine(name, "a free one at each start, as configured")
    tables = [facts.machine.text(f"/proc/net/{table}") for table in ("tcp", "tcp6")]
    if tables == [None, None]:
        return unknown(name, f"not known whether {config.port} is free: /proc/net tells nothing")
    sockets = (row for table in tables for row in peers.parse_table(table or ""))
    row = peers.find_listener(sockets, sockdiag.endpoint(listen.address(config), config.port))
    if row is None:
        return fine(name, f"{config.port} is free")
    holder = _process_with(facts, row.inode)
    daemon = facts.daemons.at(holder.pid if holder else None)
    if holder is not None and holder.pid == facts.reached:
        return fine(name, f"{config.port}, listened on by sana-vcam")
    if holder is None and facts.service.runs and facts.scope.system:
        return _port_of_the_service(facts, config.port, row.uid)
    return _taken(facts, config.port, row.uid, holder, daemon)


def _port_of_the_service(facts: Facts, port: int, uid: int) -> Finding:
    """Judge a port of another user's while the machine's service runs, whose user has its name."""
    name = "control.port"
    entries = (line.split(":") for line in (facts.machine.text("/etc/passwd") or "").splitlines())
    users = {entry[2]: entry[0] for entry in entries if len(entry) > 2}
    if users.get(str(uid)) == group.GROUP:
        return fine(name, f"{port}, listened on by the service")
    who = users.get(str(uid)) or f"the user with the id {uid}"
    return unknown(name, f"{port} is listened on by {who}, perhaps as the service")


def _taken(
    facts: Facts, port: int, uid: int, holder: Process | None, daemon: RunningDaemon | None
) -> Finding:
    if daemon is not None:
        who, end = f"another daemon, {_named(facts, daemon)}", "End that daemon"
    elif holder is not None:
        who = f"{holder.words[0] if holder.words else 'a program'} (pid {holder.pid})"
        end = "End that program"
    else:
        who, end = f"a program of the user with the id {uid}", "End that program"
    look = f"sudo ss -ltnp sport = :{port}"
    if facts.reached is not None:
        # The one that runs has another port, so only its next start is concerned.
        means = f"The daemon that runs has another port, and does not start again. {end} before."
        again = (look,) if holder is None else (kill_command(facts, holder.pid, holder.uid),)
        return warning("control.port", f"{port} is taken by {who}", means, *again)
    return problem(
        "control.port",
        f"{port} is taken by {who}",
        f"The daemon does not start. {end}, or choose another port.",
        look if holder is None else kill_command(facts, holder.pid, holder.uid),
        f"sana-vcam run --port {port % 65535 + 1}",
    )


def _process_with(facts: Facts, inode: int) -> Process | None:
    """Find the process of this machine that has the socket open, if we may see it."""
    pids = {pid for _, pid in opened({socket_name(inode)}, facts.machine.path("/proc"))}
    return next((process for process in facts.processes if process.pid in pids), None)


# -- more than one daemon --------------------------------------------------------------------------


def _daemons(facts: Facts) -> Finding:
    """Say which daemons run. Those with things of their own are no fault, however many there are.

    Two never have one run-time folder, state folder or port: the second one does not start.
    """
    name, shown = "control.daemons", facts.daemons.shown
    others = f"{len(facts.daemons.hidden)} of other users" if facts.daemons.hidden else ""
    for device in facts.devices:
        held = [one for one in shown if device.path in one.files]
        if len(held) > 1:
            kept = _kept(facts, held)
            return problem(
                name,
                f"{len(held)} have {describe(device)} open: {_list(facts, held)}",
                "It gives or takes the picture of one of them, and each may pay for a session. "
                f"These end the others and leave pid {kept.pid}:",
                *(kill_command(facts, one.pid, one.uid) for one in held if one is not kept),
            )
    if not shown:
        return fine(name, f"none of yours runs, and {others}" if others else "none runs")
    found = f"one, {_named(facts, shown[0])}"
    if len(shown) > 1:
        found = f"{len(shown)}, which have nothing in common: {_list(facts, shown)}"
    return fine(name, f"{found}; and {others}" if others else found)


def _kept(facts: Facts, daemons: list[RunningDaemon]) -> RunningDaemon:
    """Choose the one that goes on: the one that `ctl` talks to, else the service's, else the first.

    It is never offered to be ended.
    """
    wanted = [facts.daemons.at(pid) for pid in (facts.reached, facts.service.pid)]
    return next((one for one in wanted if one in daemons and one is not None), daemons[0])


def _list(facts: Facts, daemons: list[RunningDaemon] | tuple[RunningDaemon, ...]) -> str:
    return "; ".join(_named(facts, one) for one in daemons)


def _named(facts: Facts, daemon: RunningDaemon) -> str:
    parts = [
        "sana-vcam ctl talks to it" if daemon.pid == facts.reached else "",
        f"port {daemon.port}" if daemon.port else "",
        daemon.folder,
    ]
    return f"pid {daemon.pid} ({', '.join(part for part in parts if part)})"
