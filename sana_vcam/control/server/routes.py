"""The HTTP side of the API: the dashboard, commands as GET, the picture, the metrics.

Free of any transport.
"""

from __future__ import annotations

import base64
import importlib
import re
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus

from sana_vcam.control.commands import Commands
from sana_vcam.control.protocol import messages, replies
from sana_vcam.control.protocol.messages import ReplyCode
from sana_vcam.control.protocol.reading import command_from_line_query, command_from_query
from sana_vcam.control.protocol.sharing import ExportedPresets
from sana_vcam.control.server.pages import PREFIX as DASHBOARD_PREFIX
from sana_vcam.control.server.pages import Dashboard, PageRequest
from sana_vcam.control.server.responses import JPEG, JSON, Response
from sana_vcam.lib.threads import run_blocking
from sana_vcam.presets.library import THUMBNAIL_PATH
from sana_vcam.presets.looksfile import FILE_NAME as LOOKS_FILE

PREFIX = "/v1/"
SNAPSHOT_PATH = "/v1/snapshot.jpg"
LOOKS_PATH = "/v1/looks.jsonl"
LINE_PATH = "/v1/line"
METRICS_PATH = "/metrics"
LOOKS = "application/jsonl"
METRICS_MODULE = "sana_vcam.control.server.metrics"
VERSION_FIELD = re.compile(r"(?:^|&)v=\d*(?=&|$)")
"""A field that changes with a still, so that a page takes the new one; no part of the command."""

STATUS_OF: Mapping[ReplyCode, HTTPStatus] = {
    ReplyCode.PARSE_ERROR: HTTPStatus.BAD_REQUEST,
    ReplyCode.INVALID_REQUEST: HTTPStatus.BAD_REQUEST,
    ReplyCode.INVALID_DATA: HTTPStatus.BAD_REQUEST,
    ReplyCode.UNKNOWN_COMMAND: HTTPStatus.NOT_FOUND,
    ReplyCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    ReplyCode.NOT_READY: HTTPStatus.CONFLICT,
    ReplyCode.REJECTED: HTTPStatus.CONFLICT,
    ReplyCode.RATE_LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    ReplyCode.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""The status of an error reply; a reply that is ok has 200."""


class Routes:
    """Answers GET requests that the policy has let in.

    Args:
        commands: Runs them.
        dashboard: The page at `/`.
        metrics: Makes the answer to `/metrics`.
    """

    def __init__(
        self,
        commands: Commands,
        *,
        dashboard: Dashboard,
        metrics: Callable[[], Response],
    ) -> None:
        self._commands = commands
        self._dashboard = dashboard
        self._metrics = metrics

    async def answer(self, target: str, request: PageRequest) -> Response:
        """Answer `target`, the path with its query. Paths are taken as they are, not decoded."""
        path, _, query = target.partition("?")
        if path == "/" or path.startswith(DASHBOARD_PREFIX):
            read = partial(self._dashboard.answer, path, request)
            page = await run_blocking(read, name="dashboard")
            if page is not None:
                return page
        if path == METRICS_PATH:
            # Half a second at the first scrape; most daemons are never asked.
            load = partial(importlib.import_module, METRICS_MODULE)
            await run_blocking(load, name="load-metrics")
            return self._metrics()
        if path == SNAPSHOT_PATH:
            return _as_picture(await self._run(partial(command_from_query, "snapshot", query)))
        if path == THUMBNAIL_PATH:
            still = partial(command_from_query, "thumbnail", _without_version(query))
            return _as_picture(await self._run(still))
        if path == LOOKS_PATH:
            return _as_looks(await self._run(partial(command_from_query, "export_presets", query)))
        if path == LINE_PATH:
            return as_response(await self._run(partial(command_from_line_query, query)))
        name = path.removeprefix(PREFIX)
        if not path.startswith(PREFIX) or "/" in name:
            files = f"{SNAPSHOT_PATH}, {THUMBNAIL_PATH}, {LOOKS_PATH}"
            paths = f"{LINE_PATH}, {files}, {METRICS_PATH}"
            known = f"/, /ws, {PREFIX}<command>, {paths}"
            return Response.text(HTTPStatus.NOT_FOUND, f"nothing is here; have: {known}")
        return as_response(await self._run(partial(command_from_query, name, query)))

    async def _run(self, read: Callable[[], messages.Command]) -> messages.Ok | messages.Error:
        try:
            command = read()
        except messages.ProtocolError as error:
            return error.reply()
        return await self._commands.answer(messages.Request(None, command))


def is_file(target: str) -> bool:
    """Whether `target` is one of the many files that the page loads, which runs no command."""
    path = target.partition("?")[0]
    return path in {"/", THUMBNAIL_PATH} or path.startswith(DASHBOARD_PREFIX)


def _without_version(query: str) -> str:
    return VERSION_FIELD.sub("", query).removeprefix("&")


def as_response(reply: messages.Ok | messages.Error) -> Response:
    """Make an HTTP response of a reply; its body is the text that a WebSocket would be sent."""
    status = HTTPStatus.OK if isinstance(reply, messages.Ok) else STATUS_OF[reply.code]
    more = {"Retry-After": "1"} if status is HTTPStatus.TOO_MANY_REQUESTS else {}
    return Response(status, f"{reply.text()}\n".encode(), JSON, more)


def _as_picture(reply: messages.Ok | messages.Error) -> Response:
    if isinstance(reply, messages.Ok) and isinstance(reply.data, replies.EncodedPicture):
        return Response(HTTPStatus.OK, base64.b64decode(reply.data.data), JPEG)
    return as_response(reply)


def _as_looks(reply: messages.Ok | messages.Error) -> Response:
    if isinstance(reply, messages.Ok) and isinstance(reply.data, ExportedPresets):
        name = {"Content-Disposition": f'attachment; filename="{LOOKS_FILE}"'}
        return Response(HTTPStatus.OK, reply.data.text.encode(), LOOKS, name)
    return as_response(reply)
