"""Build the guests, or run a command in one.

python -m tests.rigs.guest.rig build
python -m tests.rigs.guest.rig run -- uname -a
python -m tests.rigs.guest.rig run --qemu --series 0.12 --udev -- bash -c 'modprobe vivid; ls /dev'
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.rigs.guest.rig import Cache, Guest, GuestDied, GuestTimeout, RigMissing, Share
from tests.rigs.guest.rig.debian import SERIES
from tests.rigs.guest.rig.guest import accelerated


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    # So that a guest and its folder go with us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    cache = Cache.default()
    try:
        if arguments.command == "build":
            cache.ensure()
            how = accelerated(cache.debian / "vmlinux")
            print(f"{cache.folder}: complete; QEMU would use {how}")
            return 0
        return _run(arguments, cache)
    except (RigMissing, GuestDied, GuestTimeout) as error:
        print(f"rig: {error}", file=sys.stderr)
        return 125


def _run(arguments: argparse.Namespace, cache: Cache) -> int:
    guest = Guest(
        kind="qemu" if arguments.qemu else "uml",
        series=arguments.series,
        systemd=arguments.systemd,
        udev=arguments.udev,
        shares=[Share(folder.resolve(), writable=True) for folder in arguments.writable],
        cache=cache,
    )
    outcome = guest.run(
        arguments.program,
        timeout_s=arguments.timeout,
        cwd=Path.cwd(),
        on_output=lambda piece: print(piece, end="", flush=True),
    )
    if arguments.console:
        print(outcome.console, file=sys.stderr)
    return outcome.status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.rigs.guest.rig",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("build", help="build what is missing (root, Debian 12)")
    run = commands.add_parser("run", help="run a command in a fresh guest")
    run.add_argument("--qemu", action="store_true", help="Debian 12's kernel in QEMU")
    run.add_argument("--series", choices=SERIES, help="v4l2loopback's, with --qemu")
    run.add_argument("--systemd", action="store_true", help="with systemd")
    run.add_argument("--udev", action="store_true", help="with udev alone")
    run.add_argument("--writable", action="append", default=[], type=Path, metavar="FOLDER")
    run.add_argument("--timeout", type=float, default=600, metavar="SECONDS")
    run.add_argument("--console", action="store_true", help="show the kernel's console")
    run.add_argument("program", nargs="+", metavar="PROGRAM")
    return parser


if __name__ == "__main__":
    sys.exit(main())
