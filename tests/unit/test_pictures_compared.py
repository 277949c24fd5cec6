"""The comparison of pictures that the browser's tests rest on: it forgives antialiasing and nothing else."""

from __future__ import annotations

import io
import random

import pytest
from PIL import Image, ImageDraw, ImageFilter

from tests.browser.drawn import NEAR_PX, darkest_near, lightest_near, pixels_differ

WHITE, BLACK = (255, 255, 255), (0, 0, 0)


def drawn(*lines: tuple[int, int, int, int], size: tuple[int, int] = (400, 600)) -> bytes:
    picture = Image.new("RGB", size, WHITE)
    for line in lines:
        ImageDraw.Draw(picture).line(line, fill=BLACK, width=3)
    with io.BytesIO() as file:
        picture.save(file, "PNG")
        return file.getvalue()


LINE = (50, 300, 350, 300)


def test_what_has_moved_by_a_pixel_is_the_same() -> None:
    assert pixels_differ(drawn(LINE), drawn(LINE)) == ""
    assert pixels_differ(drawn(LINE), drawn((51, 301, 351, 301))) == ""


@pytest.mark.parametrize("other", [(), ((50, 320, 350, 320),), (LINE, (100, 590, 103, 590))])
def test_what_is_missing_elsewhere_or_more_is_told(other: tuple[tuple[int, int, int, int], ...]) -> None:
    assert pixels_differ(drawn(LINE), drawn(*other)).startswith("pixels in ")
    assert pixels_differ(drawn(*other), drawn(LINE)).startswith("pixels in ")


def test_a_picture_of_another_size_is_told() -> None:
    assert pixels_differ(drawn(LINE), drawn(LINE, size=(400, 603))).startswith("pictures of ")


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (5, 40), (61, 47)])
def test_what_is_near_is_what_a_sorting_filter_finds(size: tuple[int, int]) -> None:
    picture = Image.frombytes("RGB", size, random.Random(7).randbytes(size[0] * size[1] * 3))
    near = 2 * NEAR_PX + 1
    assert lightest_near(picture).tobytes() == picture.filter(ImageFilter.MaxFilter(near)).tobytes()
    assert darkest_near(picture).tobytes() == picture.filter(ImageFilter.MinFilter(near)).tobytes()
