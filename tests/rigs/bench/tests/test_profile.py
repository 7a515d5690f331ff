"""What a sample of `perf` was taken in."""

import pytest

from tests.rigs.bench import profile

TEXT = """\
 VideoEncoderQue 10816 7f21ab34c120 vp9_quantize_fp_avx2 (/x/reactor_sdk/libreactor_ffi.so)
 Thread 0x0x5573 10747     7f21ab34 bssl::Open(int, char) (/x/reactor_sdk/libreactor_ffi.so)
          python 10708 7f21ab34c125 [unknown] (/x/cv2/../libs/libavcodec-c4.so.62.28.101)
          python 10708 ffffffff8100 exc_page_fault ([kernel.kallsyms])

"""


def test_samples_are_read_from_what_perf_prints():
    found = list(profile.samples(TEXT))

    assert found == [
        ("VideoEncoderQue", "vp9_quantize_fp_avx2", "libreactor_ffi.so"),
        ("Thread 0x0x5573", "bssl::Open(int, char)", "libreactor_ffi.so"),
        ("python", "[unknown]", "libavcodec-c4.so.62.28.101"),
        ("python", "exc_page_fault", "[kernel.kallsyms]"),
    ]
    assert profile.shares(found) == {
        "SDK: encode": 25.0,
        "SDK: encryption (DTLS, SRTP)": 25.0,
        "the webcam's JPEG": 25.0,
        "kernel: memory": 25.0,
    }


@pytest.mark.parametrize(
    ("comm", "symbol", "library", "work"),
    [
        ("VideoEncoderQue", "write_modes_b", "libreactor_ffi.so", "SDK: encode"),
        ("VideoDecoderQue", "decode_coefs", "libreactor_ffi.so", "SDK: decode"),
        ("IncomingVideoSt", "I422ToARGBRow_AVX512BW", "libreactor_ffi.so", "SDK: I420 to BGRA"),
        ("python", "ARGBToUVMatrixRow_AVX2", "libreactor_ffi.so", "SDK: BGRA to I420"),
        (
            "Thread 0x0x55",
            "aes_gcm_enc_update",
            "libreactor_ffi.so",
            "SDK: encryption (DTLS, SRTP)",
        ),
        ("tokio-rt-worker", "poll", "libreactor_ffi.so", "SDK: network and the rest"),
        ("VideoEncoderQue", "__memmove_avx512_unaligned_erms", "libc.so.6", "memcpy and memset"),
        ("python", "_int_malloc", "libc.so.6", "Python and the rest"),
        ("python", "schedule", "[kernel.kallsyms]", "kernel: the rest"),
        ("python", "[unknown]", "cv2.abi3.so", "OpenCV"),
        ("python", "inner_thread", "libscipy_openblas64_-4b.so", "BLAS"),
    ],
)
def test_a_sample_is_counted_for_the_work_of_its_function(comm, symbol, library, work):
    assert profile.work(comm, symbol, library) == work


def test_the_callbacks_thread_is_not_the_sdks_own():
    assert profile.is_sdk("VideoEncoderQue")
    assert profile.is_sdk("Thread 0x0x55b9")
    assert not profile.is_sdk("reactor-on-fram")
    assert not profile.is_sdk("python")


async def test_without_perf_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    found = await profile._functions(1, tmp_path / "perf.data", 0.1)
    assert found == {"by function": "there is no perf on this machine"}


async def test_a_perf_that_may_not_look_is_quoted(tmp_path, monkeypatch):
    perf = tmp_path / "perf"
    perf.write_text("#!/bin/sh\necho 'No permission' >&2\nexit 1\n")
    perf.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    found = await profile._functions(1, tmp_path / "perf.data", 0.1)
    assert found == {"by function": "perf record: No permission"}
