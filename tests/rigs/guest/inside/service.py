"""The system service under a real systemd: installed, ready, watched, reloaded, removed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.rigs.guest.inside import readers
from tests.rigs.guest.inside.kernel import PATIENCE_S, run, unload, until
from tests.rigs.guest.inside.running import silent_model
from tests.rigs.guest.inside.scenario import Case, scenario

PYTHON, PACKAGES, PROJECT = Path("/opt/python"), Path("/opt/packages"), Path("/opt/project")
"""Where the guest has the interpreter, the packages and the project for every user to read."""
INSTALLATION = Path("/opt/sana-vcam")
COMMAND = INSTALLATION / "bin/sana-vcam"
CONFIG = Path("/etc/sana-vcam/config.toml")
UNIT = "sana-vcam.service"
DROP_IN = Path("/etc/systemd/system/sana-vcam.service.d/guest.conf")
SLOW = DROP_IN.with_name("slow.conf")
DEVICE = "/dev/video10"
HANGING = f"""\
[Service]
ExecStart=
ExecStart={INSTALLATION}/bin/python -m tests.rigs.guest.inside.hanging 48 run --config {CONFIG}
WatchdogSec=4
"""
"""The service with a picture that stops after two seconds, and with the rig in its memory."""
SCRIPT = """#!{python}
import sys
from sana_vcam.app.cli import main
sys.exit(main())
"""


def make_installation() -> None:
    """An installation outside of any home folder, as `service install --system` asks for."""
    if COMMAND.exists():
        return
    Path("/etc/ld.so.conf.d/guest.conf").write_text(f"{PYTHON}/lib\n")
    run("ldconfig")
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    run(str(PYTHON / "bin" / version), "-m", "venv", "--without-pip", str(INSTALLATION))
    packages = f"lib/{version}/site-packages"
    paths = f"{PROJECT}\n{PACKAGES / packages}\n"
    (INSTALLATION / packages / "guest.pth").write_text(paths)
    COMMAND.write_text(SCRIPT.format(python=INSTALLATION / "bin/python"))
    COMMAND.chmod(0o755)


def configure(url: str, *lines: str) -> None:
    CONFIG.parent.mkdir(exist_ok=True)
    text = f'[reactor]\nlocal = true\napi_url = "{url}"\n[camera]\nsource = "test"\n'
    CONFIG.write_text(text + "\n".join(lines) + "\n")


def ask(*names: str) -> dict[str, str]:
    """Properties of the unit."""
    wanted = [f"--property={name}" for name in names]
    lines = run("systemctl", "show", UNIT, *wanted).splitlines()
    return dict(line.split("=", 1) for line in lines)


def journal() -> str:
    return run("journalctl", "--no-pager", "--output=cat", "--unit", UNIT)


@contextmanager
def installed(*words: str) -> Iterator[str]:
    """The service by its own installer; what it said. Removed at the end, with all it wrote."""
    make_installation()
    # A guest without hardware virtualisation is some ten times slower than its host.
    DROP_IN.parent.mkdir(exist_ok=True)
    SLOW.write_text("[Service]\nTimeoutStartSec=120\n")
    with silent_model() as url:
        configure(url)
        try:
            yield command("service", "install", "--system", "--driver", *words)
        except BaseException:
            print(journal()[-5000:], flush=True)
            raise
        finally:
            subprocess.run([COMMAND, "service", "uninstall", "--system"], check=False)
            DROP_IN.unlink(missing_ok=True)
            SLOW.unlink()
            run("systemctl", "daemon-reload")
            run("systemctl", "reset-failed")
            unload()


def command(*words: str) -> str:
    return run(str(COMMAND), *words)


@scenario
def ready_means_fed(case: Case) -> None:
    with installed() as said:
        case.seen["said"] = said
        # `enable --now` has returned, so the unit is ready, and a consumer has a picture at once.
        reading = readers.v4l2_ctl(DEVICE)
        assert (reading.width, reading.height, reading.fps) == (1280, 720, 24)
        case.seen |= ask("ActiveState", "StatusText", "NRestarts", "User")
        assert case.seen["ActiveState"] == "active"
        assert case.seen["User"] == "sana-vcam"
        run("systemctl", "stop", UNIT)
        ended = ask("ActiveState", "Result", "ExecMainStatus", "NRestarts")
        case.seen["stopped"] = ended
        assert ended == {
            "ActiveState": "inactive",
            "Result": "success",
            "ExecMainStatus": "0",
            "NRestarts": "0",
        }


@scenario
def removed_without_a_trace(case: Case) -> None:
    with installed():
        command("service", "uninstall", "--system")
        left = [path for path in map(Path, EVERYTHING_WRITTEN) if path.exists()]
        assert not left, left
        assert ask("LoadState") == {"LoadState": "not-found"}


EVERYTHING_WRITTEN = (
    "/etc/systemd/system/sana-vcam.service",
    "/etc/systemd/system/multi-user.target.wants/sana-vcam.service",
    "/etc/sysusers.d/sana-vcam.conf",
    "/etc/modprobe.d/sana-vcam.conf",
    "/etc/modules-load.d/sana-vcam.conf",
    "/run/sana-vcam",
)


@scenario
def never_ready_without_a_device(case: Case) -> None:
    with installed("--no-start"):
        with CONFIG.open("a") as file:
            file.write('[sink]\nkind = "v4l2loopback"\nlabel = "Nowhere"\n')
        started = subprocess.run(["systemctl", "start", UNIT], check=False, capture_output=True)
        assert started.returncode != 0
        assert 'no virtual camera has the label "Nowhere"' in journal()
        assert ask("ActiveState")["ActiveState"] != "active"


@scenario
def reloaded(case: Case) -> None:
    with installed():
        before = ask("MainPID")
        with CONFIG.open("a") as file:
            file.write('[log]\nlevel = "debug"\n')
        run("systemctl", "reload", UNIT)
        until(lambda: "in force now: log.level" in journal(), "the new level in force")
        with CONFIG.open("a") as file:
            file.write("[sink]\nfps = 'fast'\n")
        bad = subprocess.run(["systemctl", "reload", UNIT], check=False, capture_output=True)
        assert bad.returncode != 0
        assert "sink.fps" in journal()
        assert ask("MainPID", "ActiveState") == before | {"ActiveState": "active"}
        readers.v4l2_ctl(DEVICE)


@scenario
def killed_by_the_watchdog_and_started_again(case: Case) -> None:
    with installed("--no-start"):
        DROP_IN.write_text(HANGING)
        run("systemctl", "daemon-reload")
        run("systemctl", "start", UNIT)
        until(lambda: int(ask("NRestarts")["NRestarts"]) >= 1, "a restart", PATIENCE_S * 2)
        assert "Watchdog timeout" in journal()
        DROP_IN.unlink()
        run("systemctl", "daemon-reload")
        run("systemctl", "restart", UNIT)
        readers.v4l2_ctl(DEVICE)
