"""The README's first command, as a whole process."""

from __future__ import annotations

import signal
import subprocess
import sys

from sana_vcam.errors import EXIT_OK


def test_the_demo_runs_and_ends_cleanly():
    """At the model's real size, until the picture is live."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sana_vcam", "demo", "--port", "0", "--camera", "test"],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    said: list[str] = []
    try:
        for line in process.stderr:
            said.append(line)
            if line.startswith("LIVE"):
                process.send_signal(signal.SIGINT)
        assert process.wait(60) == EXIT_OK, said
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
    text = "".join(said)
    assert "LIVE" in text
    assert "the session was closed" in text
    assert "Traceback" not in text
