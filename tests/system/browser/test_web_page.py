"""What a web page can really do to the control API, in a real browser, with a leaked token."""

import asyncio
import json
import logging
from contextlib import asynccontextmanager
from shutil import which

import pytest

from sana_vcam.control.access import unixsocket
from tests.fakes.chromium import chromium
from tests.fakes.controlserver import TOKEN
from tests.fakes.wire import exchange, exchange_unix, get

# What a page can send by itself. Each ends with "in" if something came back that it could use.
ATTACKS = """
const tries = {};
const wait = (make, after) => new Promise((done) => {
  const element = make();
  element.onload = () => done('loaded');
  element.onerror = () => done('failed');
  document.body.append(element);
  if (after) after(element);
  setTimeout(() => done('silent'), 3000);
});
const element = (name, fields) => () => Object.assign(document.createElement(name), fields);
const socket = (url, protocols) => new Promise((done) => {
  const socket = new WebSocket(url, protocols);
  socket.onopen = () => { socket.send('connect'); done('in'); };
  socket.onerror = () => done('failed');
});
const read = (answer) => answer.type === 'opaque' ? 'opaque' : 'in ' + answer.status;
const get = (path, options) => fetch(path, options).then(read, () => 'failed');
const form = (method, action, enctype) => wait(element('iframe', {name: 'f' + Math.random()}),
  (frame) => {
    const form = Object.assign(document.createElement('form'),
      {method, action, target: frame.name, enctype: enctype || ''});
    form.append(Object.assign(document.createElement('input'), {name: 'token', value: TOKEN}));
    form.append(Object.assign(document.createElement('input'),
      {name: 'x', value: 'GET /v1/connect?token=' + TOKEN + ' HTTP/1.1'}));
    document.body.append(form);
    form.submit();
  });
for (const host of HOSTS) {
  const http = 'http://' + host + ':' + PORT, ws = 'ws://' + host + ':' + PORT;
  const url = http + '/v1/connect?token=' + TOKEN;
  const jpeg = http + '/v1/snapshot.jpg?token=' + TOKEN;
  const file = (name) => http + '/dashboard/' + name + '?token=' + TOKEN;
  const all = {
    fetch: () => get(url),
    fetch_no_cors: () => get(url, {mode: 'no-cors'}),
    fetch_with_header: () => get(http + '/v1/connect',
      {headers: {Authorization: 'Bearer ' + TOKEN}}),
    fetch_post: () => get(url, {method: 'POST', mode: 'no-cors', body: 'connect'}),
    fetch_credentials: () => get(url, {credentials: 'include'}),
    fetch_picture: () => get(jpeg),
    fetch_without_token: () => get(http + '/v1/connect'),
    beacon: async () => String(navigator.sendBeacon(url, 'connect')),
    socket: () => socket(ws + '/ws?token=' + TOKEN),
    socket_without_token: () => socket(ws + '/ws'),
    socket_with_protocol: () => socket(ws + '/ws?token=' + TOKEN, ['token']),
    image: () => wait(element('img', {src: url})),
    picture: () => wait(element('img', {src: jpeg})),
    picture_cors: () => wait(element('img', {crossOrigin: 'anonymous', src: jpeg})),
    script: () => wait(element('script', {src: url})),
    style: () => wait(element('link', {rel: 'stylesheet', href: url})),
    prefetch: () => wait(element('link', {rel: 'prefetch', href: url})),
    frame: () => wait(element('iframe', {src: url})),
    no_referrer: () => wait(element('iframe', {src: url, referrerPolicy: 'no-referrer'})),
    object: () => wait(element('object', {data: url})),
    video: () => wait(element('video', {src: url})),
    form_get: () => form('get', http + '/v1/connect'),
    form_post: () => form('post', url),
    form_text: () => form('post', url, 'text/plain'),
    page: () => get(http + '/?token=' + TOKEN),
    page_frame: () => wait(element('iframe', {src: http + '/?token=' + TOKEN})),
    page_script: () => wait(element('script', {src: file('main.js')})),
    page_module: () => wait(element('script', {type: 'module', src: file('main.js')})),
    page_style: () => wait(element('link', {rel: 'stylesheet', href: file('page.css')})),
    page_image: () => wait(element('img', {src: file('icon.svg')})),
    page_import: () => import(file('main.js')).then(() => 'in', () => 'failed'),
    events: () => new Promise((done) => {
      const source = new EventSource(url);
      source.onopen = () => done('in');
      source.onerror = () => { source.close(); done('failed'); };
    }),
    worker: () => new Promise((done) => {
      const code = `fetch(${JSON.stringify(url)}).then(() => postMessage('in'),
        () => postMessage('failed'))`;
      const worker = new Worker(URL.createObjectURL(new Blob([code])));
      worker.onmessage = (event) => { worker.terminate(); done(event.data); };
      worker.onerror = () => done('failed');
    }),
    sandbox_without_token: () => new Promise((done) => {
      onmessage = (event) => done(event.data);
      const code = `<script>const s = new WebSocket('${ws}/ws');
        s.onopen = () => parent.postMessage('in', '*');
        s.onerror = () => fetch('${http}/v1/connect').then(() => parent.postMessage('in', '*'),
          () => parent.postMessage('failed', '*'));</` + `script>`;
      document.body.append(element('iframe', {sandbox: 'allow-scripts', srcdoc: code})());
      setTimeout(() => done('silent'), 5000);
    }),
  };
  for (const [name, run] of Object.entries(all)) {
    tries[host + ' ' + name] = await run().catch(() => 'failed');
  }
}
return JSON.stringify(tries);
"""


@pytest.fixture
def binary(require_tools):
    found = which("chromium") or which("chromium-browser") or which("google-chrome")
    if found is None:
        if require_tools:
            pytest.fail("chromium is needed")
        pytest.skip("no chromium here")
    return found


@asynccontextmanager
async def web_server():
    """Serves an empty page at every address; yields its port."""

    async def answer(reader, writer):
        try:
            await reader.readuntil(b"\r\n\r\n")
            body = b"<!doctype html><title>page</title><body></body>"
            head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n"
            writer.write(head.encode() + b"Connection: close\r\n\r\n" + body)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


def script(server, hosts):
    values = {"PORT": server.port, "TOKEN": TOKEN, "HOSTS": hosts}
    constants = "".join(f"const {name} = {json.dumps(value)};" for name, value in values.items())
    return constants + ATTACKS


@pytest.mark.timeout(400)
async def test_a_page_with_the_leaked_token_gets_nothing(
    serve, controls, binary, tmp_path, caplog, runtime_dir
):
    caplog.set_level(logging.DEBUG, "sana_vcam.control")
    async with (
        serve(same_user=True) as server,
        web_server() as port,
        chromium(binary, tmp_path / "profile") as page,
    ):
        for origin in (f"http://evil.localhost:{port}/", f"http://rebound.example:{port}/"):
            await page.go(origin)
            hosts = ["127.0.0.1", "localhost", "rebound.example"]
            tries = json.loads(await page.run(script(server, hosts)))
            assert len(tries) == 102
            # `loaded` is a frame that shows the refusal, `opaque` an answer that cannot be read.
            assert {name: said for name, said in tries.items() if said.startswith("in")} == {}
            pictures = [said for name, said in tries.items() if "picture" in name]
            assert set(pictures) == {"failed"}
            # Of the dashboard nothing is shown, run or applied; a frame shows the refusal.
            files = {
                said for name, said in tries.items() if "page_" in name and "frame" not in name
            }
            assert files == {"failed"}
            assert controls.done == []
            # Going there, with the token in the link.
            for host in hosts:
                await page.go(origin)
                url = f"http://{host}:{server.port}/v1/connect?token={TOKEN}"
                await page.run(f"setTimeout(() => location = {url!r}, 0)")
                await asyncio.sleep(0.3)
            assert controls.done == []
        refusals = [line.getMessage() for line in caplog.records if "refused a client" in line.msg]
        assert len([line for line in refusals if "(403): web sites" in line]) > 40
        assert len([line for line in refusals if "(421)" in line]) > 20

        # The same means do work for a page of this machine: it was not the browser that refused.
        await page.go(f"http://localhost:{port}/")
        said = await page.run(
            f"return (await fetch('http://127.0.0.1:{server.port}/v1/pause?token={TOKEN}')).text()"
        )
        assert said.startswith('{"type":"ok","data":{"applies":"now",')
        assert (
            await page.run(
                f"const s = new WebSocket('ws://127.0.0.1:{server.port}/ws?token={TOKEN}');"
                "return new Promise((done) => { s.onmessage = (m) => { s.send('resume');"
                "s.onmessage = (n) => n.data.includes('ok') && done('in'); };"
                "s.onerror = () => done('failed'); })"
            )
            == "in"
        )
        assert controls.done == [("pause", None), ("resume", None)]
        without = f"fetch('http://127.0.0.1:{server.port}/v1/pause')"
        assert await page.run(f"return {without}.then(() => 'in', () => 'failed')") == "failed"
        # So does an address that the user has typed.
        await page.go(f"http://127.0.0.1:{server.port}/v1/reset?token={TOKEN}")
        assert controls.done[2:] == [("reset", None)]
        await page.go("about:blank")
        assert (await exchange(server, get("/"))).status == 200
        if unixsocket.IS_SUPPORTED:
            assert (await exchange_unix(runtime_dir, get("/", headers=""))).status == 200


async def test_the_dashboard_runs_under_its_own_policy(serve, binary, tmp_path):
    """Its modules load with the token, its WebSocket opens; what is not its own does not run."""
    async with serve() as server, chromium(binary, tmp_path / "profile") as page:
        await page.go(f"http://127.0.0.1:{server.port}/?token={TOKEN}")
        seen = await page.run("""
            const file = (name) => import(new URL('/dashboard/' + name, location.href).href);
            const socket = new WebSocket(`ws://${location.host}/ws${location.search}`);
            const hello = new Promise((done) => {
              socket.onmessage = ({data}) => done(JSON.parse(data).type);
              socket.onerror = () => done('failed');
            });
            const loaded = performance.getEntriesByType('resource')
              .filter(({name}) => name.includes('/dashboard/'));
            const broken = new Set(), policies = new Promise((done) => {
              document.onsecuritypolicyviolation = ({effectiveDirective}) =>
                broken.add(effectiveDirective).size === 2 && done();
            });
            const script = document.createElement('script');
            script.textContent = 'window.injected = true';
            document.body.append(script);
            const elsewhere = await fetch('http://127.0.0.1:1/').then(() => 'in', () => 'failed');
            await policies;
            return JSON.stringify({
              hello: await hello, loaded: loaded.length, injected: 'injected' in window,
              bad: loaded.filter((one) => one.responseStatus !== 200).map(({name}) => name),
              broken: [...broken].sort(), elsewhere,
              // By its bare address, as modules name each other: the import map adds the token.
              module: await file('main.js').then(() => 'in', (error) => String(error)),
            });
        """)
        seen = json.loads(seen)
        assert seen.pop("loaded") > 2
        assert seen == {
            "hello": "hello",
            "injected": False,
            "bad": [],
            "broken": ["connect-src", "script-src-elem"],
            "elsewhere": "failed",
            "module": "in",
        }
        # Without the token there is nothing but a sentence on how to get in.
        await page.go(f"http://127.0.0.1:{server.port}/")
        assert "sana-vcam ctl url" in await page.run("return document.body.innerText")
        # Another page of this machine cannot frame it.
        async with web_server() as port:
            await page.go(f"http://localhost:{port}/")
            framed = await page.run(f"""
                const frame = document.createElement('iframe');
                frame.src = 'http://127.0.0.1:{server.port}/?token={TOKEN}';
                document.body.append(frame);
                await new Promise((done) => frame.onload = done);
                try {{ return frame.contentDocument === null ? 'closed' : 'open'; }}
                catch {{ return 'closed'; }}
            """)
            assert framed == "closed"
