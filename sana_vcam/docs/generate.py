"""`python -m sana_vcam.docs.generate [--check]`: write what is made from the code.

AsyncAPI, JSON Schema, the page about the API, the drawings of applications, and in pages written by
hand what they take from the code (`sana_vcam.docs.blocks`).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from sana_vcam.docs import asyncapi, blocks, drawings, reference
from sana_vcam.docs.markdown import PageFault

PACKAGE = Path(__file__).resolve().parents[1]


def texts() -> Mapping[str, str]:
    """Make the text of every generated file, by its path in the package."""
    return {
        "docs/asyncapi.json": _json(asyncapi.asyncapi()),
        "docs/schema.json": _json(asyncapi.json_schema()),
        "docs/control-api.md": reference.page(),
        **drawings.texts(),
    } | {
        page.relative_to(PACKAGE).as_posix(): blocks.fill(page)
        for page in blocks.pages(PACKAGE / "docs")
    }


def _json(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def outdated(package: Path = PACKAGE) -> Mapping[str, str]:
    """Make the texts of the generated files that differ from what the code says now."""
    return {name: text for name, text in texts().items() if _read(package / name) != text}


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def main(arguments: Sequence[str] | None = None, package: Path = PACKAGE) -> int:
    """Write the files that are outdated; with --check only name them, and give 1 if any is."""
    parser = argparse.ArgumentParser(prog="python -m sana_vcam.docs.generate")
    parser.description = "Write what the documents take from the code."
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if any is outdated")
    check: bool = parser.parse_args(arguments).check
    try:
        found = outdated(package)
    except PageFault as fault:
        print(fault)
        return 1
    for name, text in found.items():
        if not check:
            (package / name).parent.mkdir(parents=True, exist_ok=True)
            (package / name).write_text(text, encoding="utf-8")
        print(f"{'outdated' if check else 'wrote'}: sana_vcam/{name}")
    return 1 if check and found else 0


if __name__ == "__main__":
    sys.exit(main())
