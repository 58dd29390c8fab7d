"""From the words of a prompt to a scene: place, light, weather, colours, and who is in it."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from .palette import LIGHTS, NAMED, Colour, Light

PLACES = {
    "street": "street city town alley market village urban shop shops cafe road avenue "
    "neon tokyo paris london downtown square plaza bridge station balcony rooftop",
    "forest": "forest woods woodland jungle grove tree trees park garden path bamboo birch",
    "mountains": "mountain mountains alps peak peaks summit valley lake cliff canyon glacier fjord",
    "sea": "sea ocean beach coast shore harbor harbour island waves wave sail boat ship pier river",
    "meadow": "meadow field fields flower flowers hill hills grass farm countryside lavender "
    "sunflowers poppies vineyard spring",
    "desert": "desert dune dunes sand sahara oasis savanna",
}
LIGHT_WORDS = {
    "night": "night midnight moon moonlit moonlight stars starry neon nocturnal dark",
    "dusk": "dusk evening twilight sunset lantern lanterns lamplight candlelight",
    "dawn": "dawn sunrise morning misty pastel soft",
    "golden": "golden warm sunlit sunlight autumn honey glowing amber cozy cosy",
    "overcast": "overcast cloudy gloomy grey gray storm stormy moody rain rainy fog foggy",
    "day": "day noon sunny bright clear summer blue midday",
}
WEATHER_WORDS = {
    "snow": "snow snowy snowing snowfall snowflakes winter blizzard frost frosty icy",
    "rain": "rain rainy raining rainfall drizzle downpour storm stormy wet puddles",
    "fog": "fog foggy mist misty haze hazy smoky",
}
PEOPLE = (
    "woman women girl man men boy person people lady gentleman figure traveler traveller wanderer "
    "portrait character adult hiker painter musician couple scarf boots skirt hair wearing "
    "walking standing"
)
CLOTHES = (
    "coat jacket dress cloak cape robe hoodie sweater raincoat uniform shirt suit gown cardigan "
    "kimono outfit parka trenchcoat"
)
HAIR = "hair haired ponytail braid bob"
COLOURS: dict[str, Colour] = {**NAMED, **dict.fromkeys(("blonde", "blond"), (222, 190, 120))}
FALLBACK_PLACES = ("mountains", "sea", "meadow", "forest")
FALLBACK_LIGHTS = ("golden", "dusk", "day", "dawn")
REACH = 3  # words between a colour and what it colours


@dataclass(frozen=True)
class Person:
    coat: Colour
    hair: Colour
    scarf: Colour
    umbrella: bool


@dataclass(frozen=True)
class Scene:
    place: str
    weather: str  # clear, snow, rain, fog
    light: Light
    person: Person | None
    accents: tuple[Colour, ...]  # flowers, awnings, sails; never empty


def random_for(prompt: str, negative: str, seed: int) -> np.random.Generator:
    """The same for the same words and seed, on every machine."""
    digest = hashlib.sha256(f"{seed}\n{prompt}\n{negative}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def read(prompt: str, negative: str, rng: np.random.Generator) -> Scene:
    unwanted = frozenset(_words(negative))
    words = [word for word in _words(prompt) if word not in unwanted]
    weather = _spoken_of(WEATHER_WORDS, words) or "clear"
    place = _spoken_of(PLACES, words) or str(rng.choice(FALLBACK_PLACES))
    return Scene(
        place=place,
        weather=weather,
        light=LIGHTS[_light(words, place, weather, rng)],
        person=_person(words, rng),
        accents=_accents(words, rng),
    )


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower())


def _spoken_of(vocabulary: Mapping[str, str], words: Iterable[str]) -> str | None:
    """The topic that most of the words are about; the first of equals."""
    counts = {
        topic: sum(word in vocabulary[topic].split() for word in words) for topic in vocabulary
    }
    topic = max(counts, key=lambda name: counts[name])
    return topic if counts[topic] else None


def _light(words: list[str], place: str, weather: str, rng: np.random.Generator) -> str:
    named = _spoken_of(LIGHT_WORDS, words)
    if place == "street" and named in (None, "golden") and weather != "clear":
        return "dusk"  # lamps make a street in bad weather
    if named:
        return named
    return "overcast" if weather in ("rain", "fog") else str(rng.choice(FALLBACK_LIGHTS))


def _person(words: list[str], rng: np.random.Generator) -> Person | None:
    if not any(word in (PEOPLE + " " + CLOTHES).split() for word in words):
        return None
    coats = ("red", "navy", "mustard", "teal", "burgundy", "cream", "olive")
    hairs = ("black", "brown", "chestnut", "blonde")
    coat = _colour_of(CLOTHES, words) or NAMED[str(rng.choice(coats))]
    return Person(
        coat=coat,
        hair=_colour_of(HAIR, words) or COLOURS[str(rng.choice(hairs))],
        scarf=_colour_of("scarf shawl", words) or NAMED[str(rng.choice(("cream", "mustard")))],
        umbrella="umbrella" in words,
    )


def _colour_of(things: str, words: list[str]) -> Colour | None:
    """The colour word next before one of the things."""
    near = (
        before
        for place, word in enumerate(words)
        if word in things.split()
        for before in reversed(words[max(0, place - REACH) : place])
    )
    return next((COLOURS[word] for word in near if word in COLOURS), None)


def _accents(words: list[str], rng: np.random.Generator) -> tuple[Colour, ...]:
    named = tuple(dict.fromkeys(NAMED[word] for word in words if word in NAMED))
    usual = ("coral", "amber", "teal", "lavender", "rose", "mustard", "turquoise")
    return named or tuple(NAMED[str(name)] for name in rng.choice(usual, 3, replace=False))
