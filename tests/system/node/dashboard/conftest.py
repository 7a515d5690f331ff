"""The dashboard's modules that need no page, run by Node."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sana_vcam

SOURCE = Path(sana_vcam.__file__).parent / "clients" / "dashboard"

type Evaluate = Callable[..., Any]


@pytest.fixture
def evaluate(require_tools: bool, tmp_path: Path) -> Evaluate:
    """Run the body of an async function, which has `given`; gives what it returns."""
    node = shutil.which("node")
    if node is None and require_tools:
        pytest.fail("node is needed")
    if node is None:
        pytest.skip("no node here")
    for module in SOURCE.glob("*.js"):
        shutil.copy(module, tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')

    def evaluated(body: str, given: Any = None) -> Any:
        main = tmp_path / "main.mjs"
        run = f"async function run(given) {{\n{body}\n}}"
        main.write_text(f"{run}\nconsole.log(JSON.stringify(await run({json.dumps(given)})));\n")
        done = subprocess.run(
            [node, str(main)], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return evaluated
