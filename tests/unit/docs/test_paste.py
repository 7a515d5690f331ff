"""Everything that a page shows to paste: commands, configuration, messages, addresses, links.

What the pages of the clients send is sent by tests/system/process/test_client_pages.py.
"""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sana_vcam.app import cli, ownparsers
from sana_vcam.clients.ctl.shortwords import OWN_WORDS, SHORT_WORDS
from sana_vcam.config.schema import Config
from sana_vcam.control.protocol import reading
from sana_vcam.docs import drawings, generate
from sana_vcam.engine import breaker, budget, engine, quota, usage
from sana_vcam.engine.quality import judge
from sana_vcam.host.doctor import (
    cameras,
    configuration,
    control,
    driver,
    node,
    packages,
    system,
    voice,
)
from sana_vcam.host.doctor.findings import GROUPS, TITLES
from sana_vcam.presets.playlists import Playlist
from sana_vcam.reactor.models import find
from tests.unit.docs.pages import (
    ALL,
    DOCS,
    PROJECT,
    anchors,
    commands,
    fenced,
    indented,
    name,
    prose,
)

README = PROJECT / "README.md"
TROUBLES = DOCS / "troubleshooting.md"
APPS = sorted((DOCS / "apps").glob("*.md"))
OWN_PARSERS = ("ctl", "service", "deck", "doctor", "presets", "standin")
OTHERS = {
    *("apt", "dnf", "pacman", "modprobe", "dkms", "mokutil", "reboot", "udevadm"),
    *("systemctl", "timedatectl", "flatpak", "flatpak-spawn", "v4l2loopback-ctl"),
    *("python", "python3", "pip", "pipx", "uv", "git", ".ci/run"),
    *("curl", "websocat", "ssh", "socat", "ffplay"),
    *("echo", "cat", "tee", "mkdir", "install", "export", "lintian"),
}
"""Programs that pages may name; one that is not here is probably a slip."""


# -- commands --------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ALL, ids=name)
def test_every_command_is_one(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for block in [*fenced(page, "sh"), *indented(page)]:
        for program, *rest in commands(block):
            if program == "sana-vcam":
                parse(rest)
            else:
                assert Path(program).name in OTHERS or program in OTHERS, program
    assert capsys.readouterr().err == ""


def parse(words: list[str]) -> None:
    """Read a command of ours as it is read when it is typed."""
    verb, *rest = [word for word in words if word != "..."]
    if verb not in OWN_PARSERS:
        parsed = cli.make_parser().parse_args([verb, *rest])
        if hasattr(parsed, "set"):
            cli.overrides(parsed)
        return
    getattr(ownparsers, verb)().parse_args(rest)
    if verb == "ctl" and rest[0] not in OWN_WORDS and not any(one.startswith("-") for one in rest):
        # What `ctl` itself reads: `record start`, and names of files.
        values = ["on" if rest[0] == "record" else one for one in rest[1:]]
        values = [] if rest[0] in {"snapshot", "image"} else values
        reading.command_from_arguments(SHORT_WORDS.get(rest[0], rest[0]), values)


@pytest.mark.parametrize("page", ALL, ids=name)
def test_a_shell_can_read_every_block(page: Path) -> None:
    text = "\n".join(fenced(page, "sh"))
    if text:
        done = subprocess.run(["bash", "-n"], input=text.encode(), capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("page", ALL, ids=name)
def test_nothing_is_installed_by_a_name_that_nobody_has_published(page: Path) -> None:
    """pip takes an extra of what is installed; pipx would ask a registry for it."""
    assert "pipx install 'sana-vcam" not in page.read_text("utf-8")


def test_the_ways_in_which_a_command_may_stand() -> None:
    block = (
        "A=1 sana-vcam run | ffplay -  # why\n"
        'sudo "$(command -v sana-vcam)" service install \\\n  --driver && x/bin/sana-vcam man > a\n'
        "sana-vcam ctl next        sana-vcam ctl pause\n"
        'curl "http://localhost/?token=$(sana-vcam ctl token)" -o "now.jpg"\n'
    )
    assert [" ".join(words) for words in commands(block)] == [
        "sana-vcam run",
        "ffplay -",
        "sana-vcam service install --driver",
        "sana-vcam man",
        "sana-vcam ctl next",
        "sana-vcam ctl pause",
        "curl http://localhost/?token=$(sana-vcam ctl token) -o now.jpg",
        "sana-vcam ctl token",
    ]


@pytest.mark.parametrize("words", ["ctl preset", "ctl blnk", "run --sink", "service instal"])
def test_a_slip_would_be_found(words: str) -> None:
    with pytest.raises((SystemExit, Exception)):
        parse(words.split())


@pytest.mark.parametrize("page", ALL, ids=name)
def test_nothing_is_to_be_filled_in(page: Path) -> None:
    """A command that prints the token stands where one is needed."""
    assert not re.search(r"YOUR_|<your|rk_\w{4}|xxxx", page.read_text("utf-8"), re.IGNORECASE)


# -- configuration and messages --------------------------------------------------------------------


@pytest.mark.parametrize("page", ALL, ids=name)
def test_every_configuration_is_right(page: Path) -> None:
    for block in fenced(page, "toml"):
        table = tomllib.loads(block)
        for playlist in table.pop("playlists", ()):
            Playlist.model_validate(playlist)
        Config.model_validate(table)


@pytest.mark.parametrize("page", ALL, ids=name)
def test_every_message_is_one(page: Path) -> None:
    for language in ("json", "jsonc"):
        for block in fenced(page, language):
            for text in re.findall(r"^\{.*?\}$(?!\n )", block, re.MULTILINE | re.DOTALL):
                # What `edit --json` prints is no message.
                if "event" not in json.loads(text):
                    reading.parse(text)


@pytest.mark.parametrize("page", ALL, ids=name)
def test_every_line_for_an_address_or_a_socket_is_one(page: Path) -> None:
    for block in fenced(page, "message"):
        for line in block.splitlines():
            reading.parse(line)
    for text in re.findall(r"127\.0\.0\.1:7262/v1/([\w.]+)\?([^\s\"`]*)", page.read_text("utf-8")):
        command, query = text
        if not command.endswith(".jpg") and "{{" not in query and "=value" not in query:
            reading.command_from_query(command, query)


# -- links and pictures ----------------------------------------------------------------------------


@pytest.mark.parametrize("page", ALL, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if "://" in target:
            parts = urlsplit(target)
            assert parts.scheme == "https", target
            assert re.fullmatch(r"[a-z0-9.-]+\.[a-z]+", parts.netloc), target
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), f"{name(page)}: {target}"
        if anchor:
            assert anchor in anchors(found), f"{name(page)}: {target}"


@pytest.mark.parametrize("page", ALL, ids=name)
def test_every_table_is_one(page: Path) -> None:
    """A row without a head above it is shown as it was typed."""
    for block in re.findall(r"(?:^ *\|.*\n?)+", prose(page), re.MULTILINE):
        lines = block.strip().splitlines()
        assert re.fullmatch(r"[\s|:-]+", lines[1] if len(lines) > 1 else ""), lines[0]
        columns = {len(re.findall(r"(?<!\\)\|", line)) for line in lines}
        assert len(columns) == 1, lines[0]


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, waiting = set(), [README]
    while waiting:
        page = waiting.pop()
        if page not in reached:
            reached.add(page)
            targets = re.findall(r"\]\(([^)\s#:]+\.md)", page.read_text("utf-8"))
            waiting += [(page.parent / target).resolve() for target in targets]
    assert set(ALL) <= reached


def test_the_dashboard_leads_to_pages_that_there_are() -> None:
    sheet = (generate.PACKAGE / "clients" / "dashboard" / "index.html").read_text("utf-8")
    targets = re.findall(r'data-doc="([^"]+)"', sheet)
    assert "troubleshooting.md" in targets
    assert all((DOCS / target).is_file() for target in targets)


def test_the_list_of_pages_has_them_all() -> None:
    """Those of clients and models have lists of their own."""
    listed = re.findall(r"\]\(([^)\s#]+\.md)", (DOCS / "README.md").read_text("utf-8"))
    own = {page for page in ALL if page.parent in {PROJECT, DOCS, DOCS / "apps"}}
    lists = {DOCS / "clients" / "README.md", DOCS / "models" / "README.md"}
    assert own - {DOCS / "README.md"} | lists <= {(DOCS / path).resolve() for path in listed}


@pytest.mark.parametrize("page", [*DOCS.glob("*.md"), *DOCS.glob("*/README.md")], ids=name)
def test_a_page_says_whom_it_is_for(page: Path) -> None:
    _, beginning, _ = page.read_text("utf-8").split("\n\n", 2)
    assert beginning.startswith("For whoever ")


def test_every_picture_is_shown() -> None:
    shown = {
        (page.parent / target).resolve()
        for page in ALL
        for target in re.findall(r"!\[[^]]+\]\(([^)\s]+)\)", page.read_text("utf-8"))
    }
    assert shown == set((DOCS / "pictures").iterdir())


@pytest.mark.parametrize("page", APPS, ids=name)
def test_what_is_drawn_is_called_so(page: Path) -> None:
    text = page.read_text("utf-8")
    assert text.count("*Drawn, not a screenshot") == text.count("](../pictures/app-")
    if page.name != "README.md":
        assert "**SANA VCam**" in text
        for section in ("Choose it", "Mirror and quality", "The voice", "If not"):
            assert f"\n## {section}\n" in text or page.name == "obs.md"


@pytest.mark.parametrize("drawing", drawings.DRAWINGS)
def test_a_drawing_says_what_it_is(drawing: str) -> None:
    text = drawings.texts()[f"docs/pictures/app-{drawing}.svg"]
    assert text.count(drawings.NOTE) == 2
    assert "SANA VCam" in text


# -- particular pages ------------------------------------------------------------------------------


def test_the_readme_is_short() -> None:
    text = README.read_text("utf-8")
    assert len(text.splitlines()) <= 160
    # .ci/run and people read them by these.
    assert text.count("<!-- the tests -->") == text.count("<!-- the demo -->") == 1


def test_every_finding_of_the_doctor_has_its_symptom() -> None:
    symptoms, _, table = TROUBLES.read_text("utf-8").partition("## All that the doctor looks at")
    named = set(re.findall(rf"`((?:{'|'.join(GROUPS)})\.\w+)`", symptoms))
    assert named <= TITLES.keys()
    for finding in named:
        # The page calls it as the doctor's line begins.
        title = TITLES[finding]
        assert re.search(
            rf"\b{title}\b[^(|]*\(`{finding}`|{title}.*`{finding}`", symptoms, re.IGNORECASE
        )
    assert all(f"`{finding}`" in table for finding in TITLES)
    concern = {"driver", "sink", "voice"}
    must = {finding for finding in TITLES if finding.partition(".")[0] in concern}
    assert must - named <= {"sink.browsers"}


def test_what_is_said_of_money_is_so() -> None:
    """Numbers that stand in sentences, each beside where it comes from."""
    config = Config()
    sana = find("sana")
    assert sana is not None
    assert sana.price_per_min is not None
    page = " ".join((DOCS / "cost.md").read_text("utf-8").split())
    for value, words in (
        (config.reactor.max_session_s / 60, "A session lives 20 minutes at most"),
        (config.reactor.renew_margin_s, "90 seconds before, the next one"),
        (config.capture.linger_s, "ends 10 seconds after the last one has left"),
        (config.cost.pause_ends_after_s / 60, "A pause of 2 minutes ends it"),
        (engine.CAMERA_GRACE_S, "unplugged for 20 seconds ends it"),
        (breaker.MAX_EMPTY_SESSIONS, "After 3 sessions in a row without a picture"),
        (quota.SESSIONS_AN_HOUR, "at most 60 an hour"),
        (usage.DROPPED_S, "billed for at most 40 seconds here"),
        (budget.NEARLY * 100, "you are told at 80 %"),
    ):
        assert words in page
        assert f" {value:g} " in f" {words} "
    hour = f"SANA-Streaming {60 * sana.price_per_min:.2f} USD"
    assert hour in (DOCS / "faq.md").read_text("utf-8")


def test_what_makes_it_choppy_is_said_as_the_state_says_it() -> None:
    page = TROUBLES.read_text("utf-8")
    # The worst of each; the way to the model and relays have no remedy here.
    bad = judge.Sample(
        age_s=100.0,
        fps_wanted=24.0,
        fps_camera=5.0,
        fps_encoded=1.0,
        fps_model=1.0,
        track_pixels=1280 * 704,
        target_kbps=100.0,
        rtt_ms=None,
        relay=None,
        loss_up=0.5,
        loss_down=None,
        kbps_up=None,
    )
    causes = [cause for _, cause in judge.symptoms(bad)]
    assert len(causes) == 5
    for cause in causes:
        assert f"\n| {cause} | " in page


def test_commands_that_mend_are_the_doctors() -> None:
    """What is no command of ours and mends something is what the doctor says, word for word."""
    modules = (cameras, configuration, control, driver, node, packages, system, voice)
    said = "".join(map(inspect.getsource, modules)) + driver.LOAD + driver.UNLOAD
    own = {"flatpak"}
    for block in fenced(TROUBLES, "sh"):
        for line in block.splitlines():
            program, *rest = next(commands(line))
            if program in own or program == "sana-vcam":
                continue
            if program == "systemctl" and rest[-1] == "sana-vcam":
                # The scope writes it.
                continue
            words = line.removeprefix("sudo ") if program == "mokutil" else line
            known = words.partition(" --import ")[0].partition(" ~/")[0]
            assert known in said, line
