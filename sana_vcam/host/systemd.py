"""Whether systemd can be asked on this machine; that its programs are installed proves nothing."""

from __future__ import annotations

from sana_vcam.host.machine import Machine

NO_SESSION = (
    "systemd of this user is not reachable: log in as the user, not by su or sudo, or have it run "
    "without a login: sudo loginctl enable-linger $USER"
)


def why_unreachable(machine: Machine, *, system: bool) -> str:
    """Say why the machine's systemd, or the user's, cannot be asked; empty if it can."""
    # Unlike is-system-running, this tells by its exit status whether anybody answered.
    user = () if system else ("--user",)
    answer = machine.run("systemctl", *user, "show", "--property=Version")
    if answer.ok:
        return ""
    if answer.status is None:
        return "there is no systemd here"
    # As sd_booted(3) has it.
    if not machine.path("/run/systemd/system").is_dir():
        first = machine.text("/proc/1/comm")
        return f"systemd does not run here{f' (process 1 is {first})' if first else ''}"
    return "systemd does not answer" if system else NO_SESSION
