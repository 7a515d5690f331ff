"""Pods: byte for byte as spa's own builder makes them, and read back."""

from fractions import Fraction

import pytest

from sana_vcam.lib.pipewire import pods
from sana_vcam.lib.pipewire.source import VideoFormat, enum_format, header_meta, layouts


def test_a_pod_is_padded_to_eight_bytes():
    assert pods.identifier(5).hex() == "04000000030000000500000000000000"
    assert pods.integer(-2).hex() == "0400000004000000feffffff00000000"
    assert pods.rectangle(1280, 720).hex() == "080000000a00000000050000d0020000"
    assert pods.fraction(Fraction(30000, 1001)).hex() == "080000000b00000030750000e9030000"


def test_a_choice_has_its_kind_and_its_childs_type_once():
    made = pods.integers(pods.CHOICE_RANGE, 8, 2, 16)
    assert made.hex() == (
        "1c000000130000000100000000000000040000000400000008000000020000001000000000000000"
    )


def test_an_object_carries_its_properties():
    assert header_meta().hex() == (
        "3800000"
        "00f000000"
        "0500040006000000"
        "0100000000000000"
        "0400000003000000"
        "0100000000000000"
        "0200000000000000"
        "0400000004000000"
        "2000000000000000"
    )


@pytest.mark.parametrize("kind", VideoFormat)
def test_the_format_is_read_back(kind):
    made = enum_format(kind, (1280, 720), Fraction(24))
    assert pods.read_identifier(made, 0x20001) == kind
    assert pods.read_identifier(made, 0x20003) is None, "a size is no identifier"
    assert pods.read_identifier(made, 0x99999) is None


def test_an_identifier_in_a_choice_of_one_is_read():
    head = bytes.fromhex("000000000000000004000000030000000200000000000000")
    made = pods.compound(0x40003, 4, {0x20001: pods.pod(pods.CHOICE, head)})
    assert pods.read_identifier(made, 0x20001) == 2


@pytest.mark.parametrize("length", range(0, 200, 7))
def test_a_pod_that_is_cut_off_is_no_fault(length):
    whole = enum_format(VideoFormat.I420, (1280, 720), Fraction(24))
    found = pods.read_identifier(whole[:length], 0x20001)
    assert found in {None, VideoFormat.I420}


def test_a_width_without_whole_words_is_packed_only():
    assert [one.format.name for one in layouts(1280, 720)] == ["I420", "YUY2"]
    assert [one.format.name for one in layouts(850, 480)] == ["YUY2"]
    assert layouts(1280, 720)[0].frame_bytes == 1280 * 720 * 3 // 2
    assert layouts(1280, 720)[1].stride == 2560
