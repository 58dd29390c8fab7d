"""The demo painter: what it reads in a prompt, and that it paints what it read."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comfy_nodes.painter import paint
from comfy_nodes.painter.palette import LIGHTS, NAMED
from comfy_nodes.painter.places import PLACES
from comfy_nodes.painter.words import random_for, read


def scene(prompt, negative="", seed=1):
    return read(prompt, negative, random_for(prompt, negative, seed))


def painted(prompt, seed=1, *, size=(160, 96), steps=4, negative=""):
    *_, last = paint(prompt, negative, seed, width=size[0], height=size[1], steps=steps)
    return last


def share_of(picture, channel):
    """Pixels in which one channel is twice as strong as the others."""
    others = np.delete(picture.astype(int), channel, axis=2).max(axis=2)
    return (picture[..., channel] > 2 * others + 20).mean()


@pytest.mark.parametrize(
    ("prompt", "place"),
    [
        ("red coat, snowy street", "street"),
        ("a quiet lake below mountains", "mountains"),
        ("sailing boat at sea", "sea"),
        ("poppies in a meadow", "meadow"),
        ("dunes of the sahara", "desert"),
        ("a path through the forest", "forest"),
    ],
)
def test_the_place_is_the_one_that_is_spoken_of(prompt, place):
    assert scene(prompt).place == place


@pytest.mark.parametrize(
    ("prompt", "weather"),
    [("snowy street", "snow"), ("a rainy day", "rain"), ("misty hills", "fog"), ("sun", "clear")],
)
def test_the_weather_is_the_one_that_is_spoken_of(prompt, weather):
    assert scene(prompt).weather == weather


@pytest.mark.parametrize(
    ("prompt", "light"),
    [("midnight sea", "night"), ("sunset over hills", "dusk"), ("warm sunlit field", "golden")],
)
def test_the_light_is_the_one_that_is_spoken_of(prompt, light):
    assert scene(prompt).light is LIGHTS[light]


def test_a_colour_belongs_to_the_clothes_it_stands_before():
    person = scene("brown hair, blue long coat, red scarf, green field").person
    assert (person.coat, person.hair, person.scarf) == (
        NAMED["blue"],
        NAMED["brown"],
        NAMED["red"],
    )


def test_nobody_stands_where_nobody_is_spoken_of():
    assert scene("snowy mountains").person is None


def test_what_is_unwanted_does_not_count():
    assert not scene("woman with umbrella in the rain", negative="umbrella").person.umbrella


@given(prompt=st.text(max_size=80), negative=st.text(max_size=20), seed=st.integers(0, 2**64 - 1))
def test_every_text_makes_a_scene(prompt, negative, seed):
    assert scene(prompt, negative, seed).place in PLACES


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("weather", ["clear", "snow", "rain", "fog"])
def test_every_place_is_painted_in_every_weather(place, weather):
    picture = painted(f"{place}, {weather}, woman, night")
    assert picture.shape == (96, 160, 3)
    assert picture.std() > 10  # there is something on it


def test_the_same_words_and_seed_make_the_same_pixels():
    assert np.array_equal(painted("harbour at dusk", 7), painted("harbour at dusk", 7))


@pytest.mark.parametrize("other", [("harbour at dusk", 8), ("harbour at dawn", 7)])
def test_other_words_or_another_seed_make_another_picture(other):
    assert not np.array_equal(painted("harbour at dusk", 7), painted(*other))


def test_a_red_coat_is_red():
    street = "snowy street, warm lighting"
    assert share_of(painted(f"woman in red coat, {street}"), 0) > 0.01
    assert share_of(painted(f"woman in navy coat, {street}"), 0) < 0.01


def test_each_step_comes_closer_to_the_finished_picture():
    steps = list(paint("mountain lake", "", 3, width=256, height=160, steps=6))
    off = [np.abs(step.astype(int) - steps[-1]).mean() for step in steps]
    assert off == sorted(off, reverse=True)
    assert off[-2] > 0  # the last one too


@given(width=st.integers(64, 400), height=st.integers(64, 400), steps=st.integers(1, 5))
@settings(max_examples=20, deadline=None)
def test_every_size_and_number_of_steps_is_painted(width, height, steps):
    assert painted("city", size=(width, height), steps=steps).shape == (height, width, 3)
