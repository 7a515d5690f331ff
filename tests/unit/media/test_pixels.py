"""Fitting by known patterns, and colours against the numbers of BT.601."""

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage import data
from skimage.metrics import peak_signal_noise_ratio

from sana_vcam.media import pixels
from sana_vcam.media.frames import Picture, SlateImage
from sana_vcam.media.sinks.canvas import Canvas

# R, G, B and the 8-bit Y, Cb, Cr of BT.601 with limited range: Y = 16 + 65.481 R + 128.553 G +
# 24.966 B, Cb = 128 - 37.797 R - 74.203 G + 112 B, Cr = 128 + 112 R - 93.786 G - 18.214 B.
COLOUR_BARS = {
    "white": ((255, 255, 255), (235, 128, 128)),
    "yellow": ((255, 255, 0), (210, 16, 146)),
    "cyan": ((0, 255, 255), (170, 166, 16)),
    "green": ((0, 255, 0), (145, 54, 34)),
    "magenta": ((255, 0, 255), (106, 202, 222)),
    "red": ((255, 0, 0), (81, 90, 240)),
    "blue": ((0, 0, 255), (41, 240, 110)),
    "black": ((0, 0, 0), (16, 128, 128)),
}


def coordinates(width, height, channels=3):
    """Pixels that tell where they come from: x in the first two channels, y in the third."""
    picture = np.zeros((height, width, channels), np.uint8)
    picture[:, :, 0] = np.arange(width) % 256
    picture[:, :, 1] = np.arange(width) // 256
    picture[:, :, 2] = (np.arange(height) % 256)[:, None]
    return picture


def ramp(width, height):
    """Smooth from 0 to 240 across in the first channel, and down in the second."""
    picture = np.zeros((height, width, 3), np.float32)
    picture[:, :, 0] = np.linspace(0, 240, width)
    picture[:, :, 1] = np.linspace(0, 240, height)[:, None]
    return np.rint(picture).astype(np.uint8)


def picture_of(bgr):
    return Picture.from_slate(SlateImage(bgr))


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize(("rgb", "yuv"), COLOUR_BARS.values(), ids=COLOUR_BARS.keys())
def test_i420_is_bt601_limited_range(rgb, yuv, channels):
    bar = np.full((16, 32, channels), 255, np.uint8)
    bar[:, :, :3] = rgb[::-1]

    i420 = pixels.to_i420(bar)

    assert i420.shape == (24, 32)
    planes = i420[:16], i420[16:20], i420[20:]
    for plane, expected in zip(planes, yuv, strict=True):
        assert np.abs(plane.astype(int) - expected).max() <= 1


@pytest.mark.parametrize("rgb", [rgb for rgb, _ in COLOUR_BARS.values()])
def test_i420_comes_back_as_the_same_colour(rgb):
    bar = np.full((16, 32, 3), rgb[::-1], np.uint8)

    back = pixels.i420_to_bgr(pixels.to_i420(bar))

    assert np.abs(back.astype(int) - bar).max() <= 3


def test_i420_planes_are_in_the_order_y_u_v():
    picture = np.zeros((4, 4, 3), np.uint8)
    picture[:, 2:] = (255, 0, 0)

    i420 = pixels.to_i420(picture).reshape(-1)

    y, u, v = i420[:16].reshape(4, 4), i420[16:20].reshape(2, 2), i420[20:].reshape(2, 2)
    assert y[:, 0].tolist() == [16] * 4
    assert u[:, 0].tolist() == [128, 128]
    assert np.all(u[:, 1] > 235)
    assert np.all(v[:, 1] < 115)


def test_720_lines_to_704_is_a_view_of_the_middle():
    picture = coordinates(1280, 720)

    fitted = pixels.fit(picture, 1280, 704, "crop")

    assert np.shares_memory(fitted, picture)
    assert fitted.flags.c_contiguous
    assert np.array_equal(fitted, picture[8:712])


def test_the_same_size_is_left_alone():
    picture = coordinates(64, 48)
    for mode in ("crop", "pad", "stretch"):
        assert pixels.fit(picture, 64, 48, mode) is not None
        assert np.array_equal(pixels.fit(picture, 64, 48, mode), picture)


def test_704_lines_to_720_is_enlarged_and_loses_the_sides():
    picture = ramp(1280, 704)

    fitted = pixels.fit(picture, 1280, 720, "crop").astype(int)

    assert fitted.shape == (720, 1280, 3)
    # Of 1280 columns scaled by 720/704 the middle 1280 remain: 14.2 are lost on each side.
    lost = 14.2 / 1279 * 240
    assert fitted[300, 0, 0] == pytest.approx(lost, abs=1.5)
    assert fitted[300, -1, 0] == pytest.approx(240 - lost, abs=1.5)
    assert fitted[0, 600, 1] == pytest.approx(0, abs=1)
    assert fitted[-1, 600, 1] == pytest.approx(240, abs=1)
    assert fitted[360, 640, 0] == pytest.approx(120, abs=1)


def test_crop_of_a_wide_and_of_a_tall_picture_keeps_the_middle():
    wide, tall = ramp(400, 100), ramp(100, 400)

    assert pixels.fit(wide, 100, 100, "crop")[50, [0, -1], 0].tolist() == [90, 150]
    assert pixels.fit(tall, 100, 100, "crop")[[0, -1], 50, 1].tolist() == [90, 150]


def test_crop_keeps_circles_round():
    picture = np.zeros((480, 640, 3), np.uint8)
    cv2.circle(picture, (320, 240), 100, (255, 255, 255), -1)

    fitted = pixels.fit(picture, 1280, 704, "crop") > 127

    across, down = fitted[352, :, 0].sum(), fitted[:, 640, 0].sum()
    assert across == pytest.approx(down, abs=2)
    assert across == pytest.approx(2 * 201, abs=4)


def test_704_lines_padded_to_720_have_bars_of_8():
    picture = np.full((704, 1280, 3), 200, np.uint8)

    padded = pixels.fit(picture, 1280, 720, "pad")

    assert padded.shape == (720, 1280, 3)
    assert not padded[:8].any()
    assert not padded[712:].any()
    assert np.array_equal(padded[8:712], picture)


@pytest.mark.parametrize(("width", "height"), [(640, 480), (480, 640), (1, 700), (333, 77)])
def test_pad_keeps_the_whole_picture_with_black_around(width, height):
    picture = np.full((height, width, 4), 255, np.uint8)

    padded = pixels.fit(picture, 320, 180, "pad")

    inside = padded[:, :, 0] > 0
    assert padded.shape == (180, 320, 4)
    assert np.all(padded[:, :, 3] == 255)
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    assert len(rows) == 180 or len(columns) == 320
    assert abs((rows[0]) - (179 - rows[-1])) <= 1
    assert abs((columns[0]) - (319 - columns[-1])) <= 1


def test_stretch_shows_everything():
    fitted = pixels.fit(ramp(1280, 704), 640, 720, "stretch")

    assert fitted.shape == (720, 640, 3)
    assert fitted[0, 0, :2].tolist() == pytest.approx([0, 0], abs=1)
    assert fitted[-1, -1, :2].tolist() == pytest.approx([240, 240], abs=1)


def test_shrinking_averages_instead_of_skipping():
    stripes = np.zeros((100, 400, 3), np.uint8)
    stripes[:, ::2] = 255

    shrunk = pixels.fit(stripes, 50, 100, "stretch")

    assert np.all(np.abs(shrunk.astype(int) - 127) <= 2)


@pytest.mark.parametrize(
    ("width", "height"), [(408, 408), (342, 342), (320, 320), (300, 300), (256, 256), (200, 400)]
)
def test_shrinking_is_about_as_good_as_a_lanczos_filter(width, height):
    portrait = data.astronaut()
    ideal = np.asarray(Image.fromarray(portrait).resize((width, height), Image.Resampling.LANCZOS))

    shrunk = pixels.fit(np.ascontiguousarray(portrait), width, height, "stretch")

    assert peak_signal_noise_ratio(ideal, shrunk) > 38


@pytest.mark.parametrize("mode", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("size", [(1280, 720), (640, 480), (200, 600)])
def test_mirror_is_the_same_picture_flipped(mode, size):
    picture = np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3), np.uint8)

    plain = pixels.fit(picture, 320, 176, mode)
    mirrored = pixels.fit(picture, 320, 176, mode, mirror=True)

    assert np.array_equal(mirrored, plain[:, ::-1])
    assert mirrored.flags.c_contiguous


@pytest.mark.parametrize("mode", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("channels", [3, 4])
def test_fit_always_gives_exactly_the_size_asked_for(mode, channels):
    random = np.random.default_rng(2)
    for _ in range(60):
        width, height, to_width, to_height = random.integers(1, 90, 4).tolist()
        picture = np.zeros((height, width, channels), np.uint8)
        fitted = pixels.fit(picture, to_width, to_height, mode)
        assert fitted.shape == (to_height, to_width, channels)


def test_a_read_only_picture_is_fine():
    picture = np.frombuffer(bytes(704 * 1280 * 4), np.uint8).reshape(704, 1280, 4)

    assert pixels.to_i420(pixels.fit(picture, 1280, 720, "crop")).shape == (1080, 1280)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (np.zeros((4, 4), np.uint8), ValueError),
        (np.zeros((4, 4, 1), np.uint8), ValueError),
        (np.zeros((4, 4, 2), np.uint8), ValueError),
        (np.zeros((0, 4, 3), np.uint8), ValueError),
        (np.zeros((4, 4, 3), np.float32), TypeError),
        (np.zeros((4, 4, 3), np.int8), TypeError),
        ([[[0, 0, 0]]], TypeError),
        (None, TypeError),
    ],
)
def test_what_is_no_picture_is_refused(wrong, error):
    for convert in (
        lambda: pixels.fit(wrong, 8, 8, "crop"),
        lambda: pixels.to_i420(wrong),
        lambda: pixels.to_bgr(wrong),
        lambda: pixels.to_jpeg(wrong),
        lambda: pixels.bgr_to_bgra_bytes(wrong),
    ):
        with pytest.raises(error):
            convert()


def test_other_arguments_are_checked():
    picture = coordinates(8, 8)
    with pytest.raises(ValueError, match="crop, pad or stretch"):
        pixels.fit(picture, 4, 4, "zoom")
    with pytest.raises(ValueError, match="1x1"):
        pixels.fit(picture, 0, 4, "crop")
    with pytest.raises(ValueError, match="even"):
        pixels.to_i420(coordinates(7, 8))
    with pytest.raises(ValueError, match="BGR pixels"):
        pixels.bgr_to_bgra_bytes(coordinates(8, 8, 4))
    with pytest.raises(ValueError, match="quality"):
        pixels.to_jpeg(picture, 0)
    with pytest.raises(ValueError, match="even"):
        Canvas(7, 8, "crop", "I420")
    with pytest.raises(ValueError, match="I420 or BGR24"):
        Canvas(8, 8, "crop", "RGB")


def test_bgra_bytes_are_the_same_colours_made_opaque():
    picture = coordinates(300, 200)

    bgra = np.frombuffer(pixels.bgr_to_bgra_bytes(picture), np.uint8).reshape(200, 300, 4)

    assert np.array_equal(bgra[:, :, :3], picture)
    assert np.all(bgra[:, :, 3] == 255)


def test_bgra_bytes_of_a_view():
    picture = coordinates(300, 200)
    view = picture[20:180, 10:290]

    bgra = np.frombuffer(pixels.bgr_to_bgra_bytes(view), np.uint8).reshape(160, 280, 4)

    assert np.array_equal(bgra[:, :, :3], view)


def test_jpeg_is_a_jpeg_of_the_picture():
    picture = ramp(320, 180)

    jpeg = pixels.to_jpeg(picture, 90)

    assert jpeg[:3] == b"\xff\xd8\xff"
    back = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(back.astype(int) - picture).mean() < 3


def test_canvas_converts_a_picture_once():
    canvas = Canvas(320, 180, "crop", "I420")
    one, other = Picture.black(1280, 704), picture_of(ramp(640, 352))

    first = canvas.convert(one)

    assert first.shape == (270, 320)
    assert canvas.convert(one) is first
    second = canvas.convert(other)
    assert second is not first
    assert canvas.convert(one) is not first
    assert np.array_equal(canvas.convert(one), first)


def test_canvas_gives_bgr_for_bgr24():
    canvas = Canvas(320, 180, "pad", "BGR24")
    flat = np.full((180, 320, 3), (30, 90, 200), np.uint8)

    assert canvas.convert(picture_of(ramp(640, 352))).shape == (180, 320, 3)
    assert np.abs(canvas.convert(picture_of(flat)).astype(int) - flat).max() <= 2


def test_i420_is_scaled_plane_by_plane():
    bgr = ramp(1280, 720)
    scaled = pixels.fit_i420(pixels.to_i420(bgr), 640, 360, "stretch")
    assert scaled.shape == (540, 640)
    direct = pixels.to_i420(pixels.fit(bgr, 640, 360, "crop"))
    assert np.abs(scaled.astype(int) - direct).max() <= 2


def test_i420_of_the_right_size_is_left_alone():
    i420 = pixels.to_i420(ramp(64, 36))
    assert pixels.fit_i420(i420, 64, 36, "stretch") is i420


def test_i420_can_be_scaled_up_and_out_of_shape():
    i420 = pixels.to_i420(np.full((36, 64, 3), (0, 0, 255), np.uint8))
    scaled = pixels.fit_i420(i420, 100, 30, "stretch")
    assert scaled.shape == (45, 100)
    assert set(np.unique(scaled)) == set(np.unique(i420))


@pytest.mark.parametrize("mode", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("size", [(1280, 704), (640, 352), (1920, 1080), (352, 640), (1280, 720)])
def test_planes_are_fitted_like_pixels(mode, size):
    width, height = size
    across = np.linspace(0, 255, width)[None, :].repeat(height, axis=0)
    down = np.linspace(0, 255, height)[:, None].repeat(width, axis=1)
    picture = np.dstack([across, down, 255 - across]).astype(np.uint8)

    fitted = pixels.fit_i420(pixels.to_i420(picture), 1280, 720, mode)

    expected = pixels.to_i420(pixels.fit(picture, 1280, 720, mode))
    assert fitted.shape == expected.shape
    far = np.abs(fitted.astype(int) - expected)
    assert far.mean() < 2
    # The cuts differ by up to two pixels, which shows at the bars' edges only.
    assert np.percentile(far, 99) <= 6


@pytest.mark.parametrize(("width", "height"), [(7, 5), (7, 4), (6, 5), (641, 353), (1279, 703)])
def test_an_odd_size_of_the_model_loses_its_last_column_or_row(width, height):
    picture = np.zeros((height, width, 4), np.uint8)
    picture[: height // 2 * 2, : width // 2 * 2] = 200

    i420 = pixels.bgra_bytes_to_i420(picture.tobytes(), width, height)

    even = np.full((height // 2 * 2, width // 2 * 2, 4), 200, np.uint8)
    assert np.array_equal(i420, pixels.to_i420(even))


@pytest.mark.parametrize("mode", ["crop", "pad", "stretch"])
def test_a_model_s_picture_of_any_even_size_fills_the_sink(mode):
    random = np.random.default_rng(3)
    sizes = [(952, 544), (1248, 720), (640, 384), (2560, 1536), (832, 480), (480, 832), (2, 2)]
    sizes += [tuple(side * 2 for side in random.integers(1, 900, 2).tolist()) for _ in range(40)]
    for width, height in sizes:
        i420 = np.full((height * 3 // 2, width), 120, np.uint8)
        for piece in (i420, pixels.cover_i420(i420, 1280, 720)):
            fitted = pixels.fit_i420(piece, 1280, 720, mode)
            assert fitted.shape == (1080, 1280)
            if mode != "pad":
                assert np.all(fitted == 120), (width, height)


def test_what_covers_the_sink_shows_the_same_as_the_whole():
    picture = ramp(2560, 1536)
    whole = pixels.to_i420(picture)

    direct = pixels.fit_i420(whole, 1280, 720, "crop")
    held = pixels.cover_i420(whole, 1280, 720)

    assert held.shape == (1152, 1280)
    by_way_of_it = pixels.fit_i420(held, 1280, 720, "crop")
    assert np.abs(direct.astype(int) - by_way_of_it).max() <= 2
