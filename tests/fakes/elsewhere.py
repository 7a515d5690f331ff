"""`python -m tests.fakes.elsewhere win32|darwin COMMAND…`: runs commands as if on that system.

Each is the words after `sana-vcam`, or `import`, which imports every module, or `where`, which has
a daemon's control file and token written there, and found by a client.

It is this machine without what that system's Python has not: its modules cannot be imported, its
names are gone. Libraries are imported before, since they look for their own compiled halves.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import pkgutil
import select
import shutil
import signal
import socket
import ssl
import sys
import time
from collections.abc import Sequence
from types import SimpleNamespace

LIBRARIES = (
    *("aiortc", "av", "concurrent.futures.process", "cv2", "ctypes", "filelock", "multiprocessing"),
    "dbus_fast.aio",
    *("numpy", "platformdirs", "prometheus_client", "pydantic_settings", "reactor_sdk"),
    *("reactor_runtime.serve", "shutil"),
    *("subprocess", "tempfile", "websockets.asyncio.client", "websockets.asyncio.server"),
    *("websockets.sync.client", "webbrowser", "xml.etree.ElementTree", "http.server"),
)
NOT_ON_WINDOWS = {
    os: (
        *("O_CLOEXEC", "O_DIRECTORY", "O_NOCTTY", "O_NOFOLLOW", "O_NONBLOCK", "fchmod", "fchown"),
        *("getegid", "geteuid", "getgid", "getgrouplist", "getpgid", "killpg", "major"),
        *("minor", "mkfifo", "setsid", "sched_getaffinity", "uname"),
    ),
    select: ("POLLERR", "POLLHUP", "POLLIN", "POLLOUT", "POLLPRI", "epoll", "poll"),
    signal: ("SIGALRM", "SIGHUP", "SIGKILL", "SIGUSR1", "SIGUSR2", "pthread_sigmask", "sigwait"),
    socket: ("AF_NETLINK", "AF_UNIX", "SOCK_CLOEXEC", "SOCK_NONBLOCK", "SO_PEERCRED"),
    time: ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC", "clock_gettime"),
}
NOT_ON_MACOS = {
    os: ("sched_getaffinity",),
    select: ("epoll",),
    socket: ("AF_NETLINK", "SOCK_CLOEXEC", "SOCK_NONBLOCK", "SO_PEERCRED"),
    time: ("CLOCK_BOOTTIME",),
}
NO_MODULES_ON_WINDOWS = ("fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty")


def go(platform: str) -> None:
    """Be on that system from here on, in this process."""
    for name in LIBRARIES:
        importlib.import_module(name)
    # Python's own halves of this system stay, of which nothing of ours knows.
    asyncio.new_event_loop().close()
    family, pair = socket.AF_UNIX, socket.socketpair
    socket.socketpair = lambda *_: pair(family)
    ssl.SSLContext._load_windows_store_certs = lambda *_: None  # type: ignore[attr-defined]
    missing = NOT_ON_WINDOWS if platform == "win32" else NOT_ON_MACOS
    for module, names in missing.items():
        for name in names:
            if hasattr(module, name):
                delattr(module, name)
    if platform == "win32":
        for name in NO_MODULES_ON_WINDOWS:
            sys.modules[name] = None  # type: ignore[assignment]
        shutil._winapi = SimpleNamespace(NeedCurrentDirectoryForExePath=lambda _: True)  # type: ignore[attr-defined]
    sys.platform = platform


def main(arguments: Sequence[str]) -> int:
    platform, *commands = arguments
    # What is said on both streams stands in its order, whatever the environment asks for.
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    go(platform)
    from sana_vcam.app.cli import main as command

    for words in commands:
        print(f"$ {words}")
        if words == "import":
            _import_all()
            status = 0
        elif words == "where":
            _meet()
            status = 0
        else:
            status = command(words.split())
        print(f"exit status {status}")
    return 0


def _import_all() -> None:
    import sana_vcam

    for found in pkgutil.walk_packages(sana_vcam.__path__, "sana_vcam."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)


def _meet() -> None:
    from pydantic import SecretStr

    from sana_vcam.clients.connection import find_daemon
    from sana_vcam.config import paths
    from sana_vcam.control.access import discovery
    from sana_vcam.control.access.tokens import load_token

    token = load_token(None, paths.state_dir())
    kept = "as it was kept" if load_token(None, paths.state_dir()) == token else "and another"
    runtime_dir = paths.runtime_dir()
    control_file = discovery.ControlFile(
        url="ws://127.0.0.1:7262/ws", token=SecretStr(token), pid=os.getpid(), version="0"
    )
    discovery.publish(control_file, runtime_dir)
    try:
        found = find_daemon(None, None, None)
        print(f"a token of {len(token)} letters, {kept}; {found.url} is found")
    finally:
        discovery.withdraw(control_file, runtime_dir)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
