"""The examples of the Python client's page, run as they stand there against the stand-in."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import sana_vcam
from tests.system.webrtc.reactor.rig import PATIENCE_S, running_runtime

PAGE = Path(sana_vcam.__file__).parent / "docs" / "python-client.md"
URL = "http://127.0.0.1:8080"
SAID = {
    "sana-streaming": [
        "the model refused pause: already paused",
        "the first picture is 320x176",
    ],
    "x2": [
        "set_keep_backlog True",
        "set_prompt True",
        "set_prompt True",
        "pictures of 320x176",
    ],
}
"""What each one says in the end, from a model that gives 320x176."""


def examples() -> dict[str, str]:
    found = re.findall(
        r"^<!-- runs: (\S+) -->\n```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE
    )
    return dict(found)


def test_every_example_is_run_here() -> None:
    assert examples().keys() == SAID.keys()
    assert PAGE.read_text().count("```python\n") == len(SAID)


@pytest.mark.parametrize("model", SAID)
def test_an_example_does_what_the_page_says(model: str, tmp_path: Path) -> None:
    code = examples()[model]
    assert code.count(URL) == 1
    with running_runtime("--model", model) as runtime:
        script = tmp_path / "example.py"
        script.write_text(code.replace(URL, runtime.url))
        done = subprocess.run(
            [sys.executable, str(script)],
            capture_output=True,
            text=True,
            check=False,
            timeout=4 * PATIENCE_S,
        )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    said = [line for line in done.stdout.splitlines() if not line.startswith("chunk ")]
    assert said == SAID[model]
    assert model != "sana-streaming" or "chunk 0\n" in done.stdout
