"""What viewers of the preview see, and what runs for them: real WebRTC over loopback."""

import asyncio
import logging
import threading

import pytest

from sana_vcam.control.preview import previews as module
from sana_vcam.control.preview.comparison import Compared
from sana_vcam.control.preview.previews import MAX_VIEWERS, PreviewServer
from sana_vcam.errors import CommandFailed
from sana_vcam.media.pixels import fit_i420
from tests.fakes.viewers import difference, looking, until, viewer


def small(sink):
    """What the sink shows, at the preview's size."""
    _, frame = sink.latest_i420()
    return fit_i420(frame, 640, 360, "stretch")


def encoders():
    return [thread for thread in threading.enumerate() if thread.name == "preview"]


@pytest.mark.parametrize("name", ["scene", "card", "red", "black"])
async def test_a_viewer_sees_what_the_sink_shows(preview_server, sink, name, request):
    sink.send(request.getfixturevalue(name))
    async with looking(preview_server) as (viewer, _):
        frame = await viewer.until_like(small(sink))
    # Not by chance: the pictures differ by far more than the codec's error.
    others = {"scene", "card", "red", "black"} - {name}
    for other in others:
        sink.send(request.getfixturevalue(other))
        assert difference(frame, small(sink)) > 8


async def test_it_follows_the_sink(preview_server, sink, scene, card):
    sink.send(scene)
    async with looking(preview_server) as (viewer, _):
        await viewer.until_like(small(sink))
        sink.send(card)
        await viewer.until_like(small(sink))
        sink.send(scene)
        await viewer.until_like(small(sink))


async def test_blank_is_black_in_the_preview(preview_server, sink, scene, black):
    sink.send(scene)
    async with looking(preview_server) as (viewer, _):
        await viewer.until_like(small(sink))
        seen = small(sink)
        sink.send(black)
        while True:
            frame = await viewer.frame()
            if difference(frame, seen) > 3:
                break
        # The first picture that is another one is all black: nothing fades.
        assert frame[:360].max() <= 17
        assert abs(frame[360:].astype(int) - 128).max() <= 1


async def test_a_sink_without_a_picture_yet(preview_server, sink, scene):
    async with viewer() as one:
        preview, answer = await preview_server.open(await one.offer(), None)
        await one.take(answer)
        await until(lambda: preview_server.viewers == 1)
        sink.send(scene)
        await one.until_like(small(sink))
        await preview.close()


async def test_nothing_runs_without_a_viewer(preview_server, source, sink, scene):
    sink.send(scene)
    assert source.asked == 0
    async with viewer() as one:
        # Not even for one who is let in, but is not there.
        preview, answer = await preview_server.open(await one.offer(), None)
        assert (preview_server.viewers, source.asked, encoders()) == (0, 0, [])
        await one.take(answer)
        await one.frame()
        assert (preview_server.viewers, len(encoders())) == (1, 1)
        await preview.close()
        assert (preview_server.viewers, encoders()) == (0, [])
        asked = source.asked
        await asyncio.sleep(0.2)
        assert source.asked == asked > 0
    assert source.threads == {"preview"}


async def test_a_picture_that_stays_is_converted_once(preview_server, sink, scene, monkeypatch):
    converted = []

    def counted(*arguments):
        converted.append(arguments)
        return fit_i420(*arguments)

    monkeypatch.setattr("sana_vcam.control.preview.encoder.fit_i420", counted)
    sink.send(scene)
    async with looking(preview_server) as (viewer, _):
        for _ in range(4):
            await viewer.frame()
        assert len(converted) == 1
        sink.send(scene)
        await viewer.frame()
    assert len(converted) == 1


async def test_one_encoder_for_all(preview_server, sink, scene, card):
    sink.send(scene)
    async with looking(preview_server) as (first, _):
        await first.until_like(small(sink))
        async with looking(preview_server) as (second, preview):
            # Who comes later begins with a whole picture, too.
            await second.until_like(small(sink))
            assert (preview_server.viewers, len(encoders())) == (2, 1)
            sink.send(card)
            await first.until_like(small(sink))
            await second.until_like(small(sink))
            await preview.close()
            assert (preview_server.viewers, len(encoders())) == (1, 1)
        sink.send(scene)
        await first.until_like(small(sink))


async def test_only_whoever_compares_sees_the_camera(sink, scene, card, red):
    """`red` stands for a picture with the camera in it."""
    compares = []
    is_on = threading.Event()

    def source():
        if not is_on.is_set():
            return sink.latest_i420()
        return Compared(), red.i420

    def compare(on):
        compares.append(on)
        (is_on.set if on else is_on.clear)()

    server = PreviewServer(source, compare=compare)
    sink.send(scene)
    async with looking(server) as (one, own), looking(server) as (other, _):
        await one.until_like(small(sink))
        await other.until_like(small(sink))
        server.compare(own, on=True)
        with_camera = fit_i420(red.i420, 640, 360, "stretch")
        await one.until_like(with_camera)
        sink.send(card)
        server.compare(own, on=False)
        await one.until_like(small(sink))
        # Every picture of the other's, up to the card.
        while difference(frame := await other.frame(), small(sink)) > 3:
            assert difference(frame, with_camera) > 20
        # Whoever goes compares no more.
        server.compare(own, on=True)
        await own.close()
        assert compares[-1] is False
        await other.until_like(small(sink))


async def test_a_viewer_who_goes_takes_its_preview_along(preview_server, sink, scene):
    sink.send(scene)
    async with viewer() as one:
        _, answer = await preview_server.open(await one.offer(), None)
        await one.take(answer)
        await one.frame()
        await one.close()
        await until(lambda: preview_server.viewers == 0)
    await until(lambda: not encoders())
    assert not preview_server._peers


async def test_a_viewer_who_never_comes_is_forgotten(source, sink, scene):
    sink.send(scene)
    preview_server = PreviewServer(source, connect_within_s=0.05)
    async with viewer() as one:
        preview, _ = await preview_server.open(await one.offer(), None)
        assert len(preview_server._peers) == 1
        await until(lambda: not preview_server._peers)
        await preview.close()
    assert source.asked == 0


async def test_no_more_than_a_few(preview_server, sink, scene):
    sink.send(scene)
    async with viewer() as one:
        offer = await one.offer()
        previews = [(await preview_server.open(offer, None))[0] for _ in range(MAX_VIEWERS)]
        with pytest.raises(CommandFailed, match="4 previews are open") as caught:
            await preview_server.open(offer, None)
        assert caught.value.code == "not_ready"
        # One that is replaced leaves its room to the one that comes.
        previews[0], _ = await preview_server.open(offer, previews[0])
        await previews[1].close()
        previews[1], _ = await preview_server.open(offer, None)
        for preview in previews:
            await preview.close()
    assert not preview_server._peers


async def test_an_offer_that_is_none_leaves_the_preview_as_it_is(preview_server, sink, scene):
    sink.send(scene)
    async with looking(preview_server) as (one, preview):
        with pytest.raises(CommandFailed) as caught:
            await preview_server.open("v=0", preview)
        assert caught.value.code == "invalid_data"
        await one.until_like(small(sink))
        assert preview_server.viewers == 1


async def test_closing_twice_at_once_and_before_its_first_step(preview_server):
    async with viewer() as one:
        offer = await one.offer()
        preview, _ = await preview_server.open(offer, None)
        await preview.close()
        await preview.close()
        preview, _ = await preview_server.open(offer, None)
        await asyncio.gather(preview.close(), preview.close())
    assert not preview_server._peers


async def test_an_encoder_that_fails_ends_the_previews_only(
    preview_server, source, sink, scene, caplog
):
    sink.send(scene)
    async with looking(preview_server) as (_, preview):
        source.error = OSError("no memory left")
        await until(lambda: not preview_server._peers)
        await preview.close()
    assert [one.levelno for one in caplog.records].count(logging.ERROR) == 1
    assert "the preview cannot be encoded" in caplog.text
    source.error = None
    async with looking(preview_server) as (one, _):
        await one.until_like(small(sink))


async def test_the_library_is_loaded_beside_the_event_loop(preview_server, monkeypatch):
    loaded_on = []
    load = module._load

    def watched():
        loaded_on.append(threading.current_thread().name)
        load()

    monkeypatch.setattr(module, "_load", watched)
    async with viewer() as one:
        preview, _ = await preview_server.open(await one.offer(), None)
        await preview.close()
    assert loaded_on == ["preview-load"]
