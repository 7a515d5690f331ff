"""The page at `/`: which files, what is filled in, and under which policy they run."""

import json
import re

import pytest

from sana_vcam.control.server.pages import CONTENT_TYPES, Dashboard, PageRequest
from tests.fakes.controlserver import TOKEN
from tests.fakes.wire import exchange, exchange_unix, get

PAGE = """<!doctype html>{{IMPORT_MAP}}
<link rel="stylesheet" href="/dashboard/style.css?token={{TOKEN}}">
<script type="module" src="/dashboard/main.js?token={{TOKEN}}"></script>"""
FILES = {
    "index.html": PAGE,
    "style.css": "body { background: url(/dashboard/icon.svg?token={{TOKEN}}) }",
    "main.js": "import './api.js'; // {{TOKEN}} stays",
    "api.js": "export {};",
    "icon.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
    "notes.md": "not for the web",
    "main.py": "raise SystemExit",
}


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "dashboard"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    (folder / "inner").mkdir()
    (folder / "inner" / "deep.js").write_text("deep")
    (folder / "looks").mkdir()
    (folder / "looks" / "noir.webp").write_bytes(b"RIFF")
    (folder / "looks" / "noir.js").write_text("deep")
    (tmp_path / "beside.js").write_text("beside")
    return folder


@pytest.fixture
def dashboard(folder):
    return Dashboard(folder)


def ask(dashboard, path, token="t&k", host="127.0.0.1:7262"):
    return dashboard.answer(path, PageRequest(token, host))


def test_the_page_gets_the_clients_token_in_its_links(dashboard):
    answer = ask(dashboard, "/")
    assert answer.status == 200
    assert answer.content_type == "text/html; charset=utf-8"
    page = answer.body.decode()
    assert 'href="/dashboard/style.css?token=t%26k"' in page
    assert "{{" not in page
    assert ask(dashboard, "/dashboard/style.css").body.decode().count("token=t%26k") == 1
    assert ask(dashboard, "/dashboard/main.js").body.decode() == FILES["main.js"]


def test_the_import_map_has_every_module_and_the_policys_nonce(dashboard):
    answer = ask(dashboard, "/")
    found = re.search(
        r'<script type="importmap" nonce="([^"]+)">(.+?)</script>', answer.body.decode()
    )
    assert json.loads(found[2])["imports"] == {
        "/dashboard/api.js": "/dashboard/api.js?token=t%26k",
        "/dashboard/main.js": "/dashboard/main.js?token=t%26k",
    }
    assert f"'nonce-{found[1]}'" in answer.headers["Content-Security-Policy"]
    assert ask(dashboard, "/").body != answer.body


def test_the_policy(dashboard):
    policy = ask(dashboard, "/").headers["Content-Security-Policy"]
    nonce = re.search(r"'nonce-[\w-]{22}'", policy)[0]
    assert policy == (
        f"default-src 'none'; script-src 'self' {nonce}; style-src 'self'; "
        "img-src 'self' blob: data:; connect-src 'self' ws://127.0.0.1:7262; "
        "media-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    by_ipv6 = ask(dashboard, "/", host="[::1]:7262").headers["Content-Security-Policy"]
    assert "connect-src 'self';" in by_ipv6
    assert ask(dashboard, "/dashboard/main.js").headers == {}


@pytest.mark.parametrize("name", ["index.html", "style.css", "main.js", "api.js", "icon.svg"])
def test_the_types(dashboard, name):
    answer = ask(dashboard, f"/dashboard/{name}")
    assert answer.status == 200
    assert answer.content_type == CONTENT_TYPES[f".{name.partition('.')[2]}"]


def test_the_pictures_of_looks_are_in_a_folder_of_their_own(dashboard):
    answer = ask(dashboard, "/dashboard/looks/noir.webp")
    assert (answer.status, answer.content_type) == (200, "image/webp")
    assert answer.body == b"RIFF"


@pytest.mark.parametrize(
    "name", ["dashboard.md", "clients/README.md", "apps/zoom.md", "models/x2.md"]
)
def test_the_documentation_is_served_as_text(dashboard, name):
    answer = ask(dashboard, f"/dashboard/docs/{name}")
    assert (answer.status, answer.content_type) == (200, "text/plain; charset=utf-8")
    assert answer.body.startswith(b"# ")


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../beside.js",
        "..%2fbeside.js",
        "%2e%2e/beside.js",
        "..\\beside.js",
        "inner",
        "inner/deep.js",
        "looks",
        "looks/",
        "looks/noir.js",
        "looks/../main.js",
        "noir.webp",
        "./main.js",
        "/main.js",
        "main.js/",
        "main.js/.",
        "inner/../main.js",
        "MAIN.JS",
        "main.js%00",
        "main.js\x00.svg",
        "main%2ejs",
        "notes.md",
        "docs",
        "docs/generate.py",
        "docs/../clients/README.md",
        "main.py",
        "__init__.py",
        "/etc/passwd",
        "file:///etc/passwd",
    ],
)
def test_nothing_but_the_files_themselves(dashboard, name):
    answer = ask(dashboard, f"/dashboard/{name}")
    assert answer.status == 404
    assert b"beside" not in answer.body


@pytest.mark.parametrize(
    "path", ["/dashboard", "/Dashboard/main.js", "//", "/index.html", "/v1/pause"]
)
def test_other_paths_are_not_its_own(dashboard, path):
    assert ask(dashboard, path) is None


async def test_the_packaged_page(serve):
    async with serve() as server:
        answer = await exchange(server, get(f"/?token={TOKEN}", headers=""))
        assert answer.status == 200
        page = answer.body.decode()
        assert "{{" not in page
        assert "ws://127.0.0.1 " not in page
        assert "connect-src 'self' ws://127.0.0.1;" in answer.headers["content-security-policy"]
        links = re.findall(r'(?:href|src)="(/[^"]*)"', page)
        mapped = re.search(r'type="importmap"[^>]*>(.+?)</script>', page)
        links += json.loads(mapped[1])["imports"].values()
        for link in links:
            assert link.endswith(f"?token={TOKEN}") or f"token={TOKEN}" in link, link
            answer = await exchange(server, get(link, headers=""))
            assert answer.status == 200, link
            assert answer.headers["x-content-type-options"] == "nosniff"
            plain = link.partition("?")[0]
            assert (await exchange(server, get(plain, headers=""))).status == 401


async def test_without_the_token_a_person_is_told_how_to_get_in(serve):
    async with serve() as server:
        answer = await exchange(server, get("/", headers="Sec-Fetch-Site: none\r\n"))
    assert answer.status == 401
    assert b"sana-vcam ctl url" in answer.body


async def test_the_unix_socket_gives_the_page_no_token(serve, runtime_dir):
    async with serve():
        answer = await exchange_unix(runtime_dir, get("/", headers=""))
    assert answer.status == 200
    assert TOKEN.encode() not in answer.body
