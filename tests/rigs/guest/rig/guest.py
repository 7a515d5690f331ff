"""Boots a guest, runs one command in it, and brings back what came of it.

A guest sees folders of the host under the same paths and read-only, unless a `Share` says
otherwise; everything else that it writes is in its memory and gone with it. It has no network.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

from tests.rigs.guest.rig.cache import FILES, Cache, RigMissing

type Kind = Literal["uml", "qemu"]

PROJECT = Path(__file__).parents[4]
LOOK_EVERY_S = 0.05
CONSOLE_LINES = 40
SYSTEM_FOLDERS = ("/", "/usr", "/bin", "/lib", "/etc")
PROBE_S = 20


class GuestDied(Exception):
    """The guest ended without the command's exit status."""


class GuestTimeout(Exception):
    """The command did not end in time."""


@dataclass(frozen=True)
class Share:
    """A folder of the host that the guest sees, by default under the same path."""

    host: Path
    guest: Path | None = None
    writable: bool = False

    def line(self, number: int) -> str:
        """The entry for the guest's first program: tag, mode, path here, path there."""
        places = [str(self.host), str(self.guest or self.host)]
        for place in places:
            if any(letter.isspace() or letter == "," for letter in place):
                raise RigMissing(f"the guests cannot share a path with a space or comma: {place}")
        return " ".join([f"s{number}", "rw" if self.writable else "ro", *places])


@dataclass(frozen=True)
class Outcome:
    """What came of the command."""

    status: int
    output: str
    console: str
    took_s: float


@dataclass(frozen=True)
class Guest:
    """A kind of guest; each `run` boots a fresh one.

    `series` chooses the v4l2loopback of a QEMU guest (0.12, 0.13, 0.15). `udev` makes the stable
    names of cameras; systemd has it anyway. It has `cpus` processors, at most the machine's.
    """

    kind: Kind = "uml"
    series: str | None = None
    systemd: bool = False
    udev: bool = False
    memory_mib: int = 3072
    cpus: int = 2
    shares: Sequence[Share] = ()
    cache: Cache = field(default_factory=Cache.default)

    def run(
        self,
        command: Sequence[str | Path],
        *,
        timeout_s: float,
        env: Mapping[str, str] | None = None,
        cwd: Path = PROJECT,
        on_output: Callable[[str], None] | None = None,
    ) -> Outcome:
        """Boot, run the command, power off.

        `on_output` is called with pieces of the output as they come. Raises `GuestDied` and
        `GuestTimeout`, both with the end of the output and of the kernel's console, and
        `RigMissing` before anything is started.
        """
        self.cache.require()
        with tempfile.TemporaryDirectory(prefix="sana-vcam-guest-") as name:
            folder = Path(name)
            shares = [*project_shares(), *self.shares, self._modules()]
            self._write_run(folder, shares, command, env or {}, cwd)
            began = time.monotonic()
            with _process(self._command_line(folder, shares), folder) as process:
                ended = _wait(process, folder / "output", began + timeout_s, on_output)
            took_s = time.monotonic() - began
            return _outcome(folder, ended=ended, took_s=took_s, timeout_s=timeout_s)

    def _modules(self) -> Share:
        modules = (self.cache.uml if self.kind == "uml" else self.cache.debian) / "modules"
        release = (modules / "release").read_text()
        return Share(modules, Path("/usr/lib/modules") / release)

    def _write_run(
        self,
        folder: Path,
        shares: Sequence[Share],
        command: Sequence[str | Path],
        env: Mapping[str, str],
        cwd: Path,
    ) -> None:
        """Fill the folder that the guest sees as /rig."""
        lines = [share.line(number) for number, share in enumerate(shares)]
        (folder / "shares").write_text("".join(f"{line}\n" for line in lines))
        words = [f"export {name}={shlex.quote(value)}" for name, value in env.items()]
        words += [f"cd {shlex.quote(str(cwd))}", shlex.join(str(part) for part in command)]
        (folder / "command").write_text("\n".join(words) + "\n")
        (folder / "output").touch()
        shutil.copy(FILES / "start", folder)
        (folder / "start").chmod(0o755)
        if self.udev:
            (folder / "udev").touch()
        if self.series is not None:
            (folder / "series").write_text(self.series)

    def _command_line(self, folder: Path, shares: Sequence[Share]) -> list[str]:
        next_program = "/lib/systemd/systemd" if self.systemd else "/rig/start"
        quiet = ["quiet", "loglevel=4", "panic=-1", f"rig.next={next_program}"]
        cpus = str(min(self.cpus, os.cpu_count() or 1))
        root = self.cache.debian / "root"
        if self.kind == "uml":
            return [
                *(str(self.cache.uml / "linux"), f"mem={self.memory_mib}M", "seccomp=on"),
                *(f"ncpus={cpus}", f"initrd={self.cache.uml / 'initrd.gz'}"),
                *("con=null", "con0=null,fd:1", f"uml_dir={folder}/", "umid=uml"),
                *(*quiet, f"rig.run={folder}", f"rig.root={root}"),
            ]
        folders = [("rig", folder, True), ("root", root, False)]
        folders += [(f"s{n}", share.host, share.writable) for n, share in enumerate(shares)]
        return [
            *qemu(self.cache.debian / "vmlinux", quiet),
            *("-initrd", str(self.cache.debian / "initrd.gz")),
            *("-smp", cpus, "-m", str(self.memory_mib)),
            *("-object", "rng-random,id=rng,filename=/dev/urandom"),
            *("-device", "virtio-rng-pci,rng=rng"),
            *(word for tag, host, rw in folders for word in _virtfs(tag, host, writable=rw)),
        ]


def project_shares() -> list[Share]:
    """The project, its virtual environment and the interpreter's own folder, all read-only."""
    base = Path(sys.base_prefix).resolve()
    if str(base) in SYSTEM_FOLDERS:
        raise RigMissing(
            f"the guest cannot share the interpreter in {base}, which would hide its own programs:"
            " make the virtual environment with a Python in a folder of its own (pyenv, uv)"
        )
    folders = [PROJECT.resolve(), Path(sys.prefix).resolve(), base]
    # The interpreter is reached through the links that the virtual environment was made with.
    executable = Path(sys.executable)
    home = executable.readlink() if executable.is_symlink() else base
    if not home.is_relative_to(base) and home.is_absolute():
        folders.append(home.parents[1])
    inside = {one for one in folders for other in folders if one != other and _is_in(one, other)}
    return [Share(one) for one in dict.fromkeys(folders) if one not in inside]


def _is_in(one: Path, other: Path) -> bool:
    return one.is_relative_to(other)


def qemu(kernel: Path, append: Sequence[str], accelerator: str = "") -> list[str]:
    """QEMU with a kernel and its console on standard output, and nothing else."""
    accelerator = accelerator or accelerated(kernel)
    # Nehalem: new enough for numpy, and without AVX, which is slow to emulate.
    cpu = "host" if accelerator == "kvm" else "Nehalem-v1"
    emulation = "tcg,thread=multi,tb-size=1024" if accelerator == "tcg" else accelerator
    # Without tsc=reliable an emulated clock is one exit to QEMU for each reading.
    words = ("console=ttyS0", "mitigations=off", "nokaslr", "tsc=reliable", "no_timer_check")
    return [
        *("qemu-system-x86_64", "-machine", "q35", "-cpu", cpu, "-accel", emulation),
        *("-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio"),
        *("-kernel", str(kernel), "-append", " ".join([*words, *append])),
    ]


@cache
def accelerated(kernel: Path) -> str:
    """`kvm` where it really boots this kernel, else `tcg`.

    A /dev/kvm proves nothing: some clouds have one that only runs kernels of their own. Without a
    root the kernel panics, which ends QEMU.
    """
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg"
    flags = Path("/proc/cpuinfo").read_text()
    if " vmx" not in flags and " svm" not in flags:
        return "tcg"
    command = [*qemu(kernel, ["panic=-1"], "kvm"), "-m", "256"]
    try:
        done = subprocess.run(
            command, check=False, stdin=subprocess.DEVNULL, capture_output=True, timeout=PROBE_S
        )
    except subprocess.TimeoutExpired:
        return "tcg"
    return "kvm" if done.returncode == 0 else "tcg"


def _virtfs(tag: str, host: Path, *, writable: bool) -> list[str]:
    mode = "" if writable else ",readonly=on"
    model = "security_model=none,multidevs=remap"
    return ["-virtfs", f"local,path={host},mount_tag={tag},{model}{mode}"]


@contextmanager
def _process(command: Sequence[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The guest as a process group of its own, which does not outlive the block or this process."""
    # The memory of User Mode Linux is a file without a name in TMPDIR.
    memory = next((place for place in ("/dev/shm",) if _room_gib(place) >= 4), str(folder))
    with (folder / "console").open("wb") as console:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *command],
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=os.environ | {"TMPDIR": memory},
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _room_gib(place: str) -> float:
    try:
        return shutil.disk_usage(place).free / 2**30
    except OSError:
        return 0.0


def _wait(
    process: subprocess.Popen[bytes],
    output: Path,
    deadline: float,
    on_output: Callable[[str], None] | None,
) -> bool:
    """Wait for the guest's end, passing its output on; False if the deadline came first."""
    with output.open(errors="replace", newline="") as file:
        while True:
            ended = process.poll() is not None
            piece = file.read()
            if piece and on_output is not None:
                on_output(piece)
            if ended:
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(LOOK_EVERY_S)


def _outcome(folder: Path, *, ended: bool, took_s: float, timeout_s: float) -> Outcome:
    output = (folder / "output").read_text(errors="replace")
    console = (folder / "console").read_text(errors="replace").replace("\r", "")
    try:
        status = int((folder / "status").read_text())
    except (OSError, ValueError):
        said = f"\n--- output\n{_tail(output)}\n--- console\n{_tail(console)}"
        if not ended:
            raise GuestTimeout(f"the guest was ended after {timeout_s:.0f} s{said}") from None
        raise GuestDied(f"the guest died after {took_s:.0f} s{said}") from None
    return Outcome(status, output, console, took_s)


def _tail(text: str) -> str:
    return "\n".join(text.splitlines()[-CONSOLE_LINES:])
