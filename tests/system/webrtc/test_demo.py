"""The README's first command, as a whole process."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from sana_vcam.errors import EXIT_CONFIG, EXIT_OK

DEMO = (sys.executable, "-m", "sana_vcam", "demo", "--port", "0", "--camera", "test")


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ((), "sana-streaming"),
        (("--model", "x2"), "xmax/x2"),
        (("--model", "joyai"), "joy-video-edit"),
        (("--model", "vidu"), "reactor/vidu-s2-editing"),
        (("--model", "helios"), "reactor/helios"),
    ],
)
def test_the_demo_runs_and_ends_cleanly(words: tuple[str, ...], name: str):
    """At the model's real size, until the picture is live."""
    process = subprocess.Popen([*DEMO, *words], stderr=subprocess.PIPE, text=True)
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
    assert f"a stand-in for {name} at http://127.0.0.1" in text
    assert (" ctl preset noir " in text) == (name != "reactor/vidu-s2-editing"), (
        "it takes no prompt"
    )


def test_a_model_that_nobody_stands_in_for_is_one_line():
    done = subprocess.run(
        [*DEMO, "--model", "hellios"], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == EXIT_CONFIG
    assert done.stderr.splitlines() == [
        "sana-vcam: there is no stand-in for hellios: try sana-vcam demo --model helios"
    ]
