"""What `sana-vcam edit` keeps of its sessions: a ledger and an account of its own.

A daemon may run beside it, and each of the two replaces its files as a whole: so each has its own,
and reads what the other has billed. One edit runs at a time, which a lock says that the operating
system frees even after SIGKILL. What a killed edit has left open is ended by the next edit, or by
the next start of the daemon.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from sana_vcam.config.schema import CostConfig
from sana_vcam.engine.ledger import Ledger
from sana_vcam.engine.usage import USAGE_FILE, UsageAccount
from sana_vcam.errors import StartupError
from sana_vcam.lib.diskwriter import DiskWriter
from sana_vcam.lib.statefile import make_private_folder

log = logging.getLogger(__name__)

LOCK_FILE = "edit.lock"
LEDGER_FILE = "edit-sessions.json"
EDIT_USAGE_FILE = "edit-usage.json"


@contextmanager
def edit_accounts(state_dir: Path, cost: CostConfig) -> Iterator[tuple[Ledger, UsageAccount]]:
    """Open the ledger and the account of edits. Raises `StartupError` while another one runs."""
    lock = FileLock(state_dir / LOCK_FILE)
    try:
        make_private_folder(state_dir)
        lock.acquire(timeout=0)
    except Timeout:
        raise StartupError(
            "another `sana-vcam edit` is running; wait until it is done, as one runs at a time"
        ) from None
    except OSError as error:
        raise StartupError(
            f"{state_dir} cannot be written to ({error.strerror}), so a session that is left open "
            "could not be ended. Set XDG_STATE_HOME to a folder that you may write to"
        ) from None
    disk = DiskWriter()
    try:
        ledger = Ledger(state_dir / LEDGER_FILE, disk.write_soon)
        usage = UsageAccount(
            state_dir / EDIT_USAGE_FILE,
            cost,
            beside=state_dir / USAGE_FILE,
            write_soon=disk.write_soon,
        )
        yield ledger, usage
    finally:
        disk.end()
        lock.release()


def take_over_edits(ledger: Ledger, state_dir: Path) -> None:
    """Note in the daemon's ledger what a killed edit has left open; one that runs is left alone."""
    if not (state_dir / LEDGER_FILE).exists():
        return
    lock = FileLock(state_dir / LOCK_FILE)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return
    except OSError as error:
        log.warning("%s cannot be locked: %s", state_dir / LOCK_FILE, error)
        return
    try:
        of_edits = Ledger(state_dir / LEDGER_FILE)
        for session in of_edits.pending:
            ledger.opened(session)
            of_edits.ended(session.session_id)
    finally:
        lock.release()
