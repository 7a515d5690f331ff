"""The API's description, read by AsyncAPI's own parser."""

import json
import subprocess
from pathlib import Path
from shutil import which

import platformdirs
import pytest

from sana_vcam.control.protocol import events, messages
from sana_vcam.docs import generate

PARSER = "@asyncapi/parser@3.6.3"

CHECK = """
const parser = require('@asyncapi/parser');
const text = require('fs').readFileSync(0, 'utf8');
new parser.Parser().parse(text).then(({ document, diagnostics }) => {
  const operations = document ? document.operations().all().map((one) => one.id()) : null;
  console.log(JSON.stringify({ operations, diagnostics }));
});
"""


@pytest.fixture(scope="module")
def parser_folder():
    """The parser from npm, in a folder of the user's that outlives the tests."""
    folder = platformdirs.user_cache_path("sana-vcam-tests", appauthor=False) / "asyncapi-parser"
    if not (folder / "node_modules" / "@asyncapi" / "parser").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        flags = ["--no-save", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(
            ["npm", "install", *flags, "--prefix", folder, PARSER],
            capture_output=True, check=True, timeout=180,
        )  # fmt: skip
    return folder


@pytest.fixture
def parse(request, require_tools):
    if not (which("node") and which("npm")):
        if require_tools:
            pytest.fail("node and npm are needed")
        pytest.skip("no node and npm here")
    try:
        folder: Path = request.getfixturevalue("parser_folder")
    except subprocess.SubprocessError as error:
        if require_tools:
            raise
        pytest.skip(f"npm cannot install {PARSER}: {error}")

    def run(text):
        done = subprocess.run(
            ["node", "-e", CHECK],
            cwd=folder,
            input=text,
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout)

    return run


def test_asyncapis_own_parser_finds_nothing_wrong(parse):
    text = (generate.PACKAGE / "docs" / "asyncapi.json").read_text()
    found = parse(text)
    assert set(found["operations"]) == {
        *messages.COMMANDS,
        *(f"{name}_event" for name in events.EVENTS),
    }
    # 3.0.0 is what every tool reads.
    codes = {diagnostic["code"] for diagnostic in found["diagnostics"]}
    assert codes <= {"asyncapi-latest-version"}
    broken = parse(text.replace('"#/channels/control/messages/Error"', '"#/channels/nowhere"'))
    assert broken["operations"] is None
