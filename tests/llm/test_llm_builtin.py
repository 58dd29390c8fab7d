"""The built-in enhancer: which words it adds."""

from orchestrator.llm import BuiltinEnhancer
from orchestrator.ports import Guide

LIGHT = ("golden hour", "moonlight", "candlelight")
MOOD = ("calm mood", "cheerful mood")


async def enhanced(text: str, **told: object) -> str:
    return await BuiltinEnhancer().enhance(text, guide=Guide(**{"facets": (LIGHT, MOOD), **told}))


async def test_it_adds_one_of_each_list() -> None:
    text, light, mood = (await enhanced("red coat")).split(", ")
    assert (text, light in LIGHT, mood in MOOD) == ("red coat", True, True)


async def test_the_same_text_gets_the_same() -> None:
    assert await enhanced("red coat") == await enhanced("red coat")


async def test_texts_differ_in_what_they_get() -> None:
    added = {(await enhanced(f"coat {n}")).partition(", ")[2] for n in range(50)}
    assert len(added) == len(LIGHT) * len(MOOD)


async def test_what_the_text_says_is_not_said_again() -> None:
    assert await enhanced("red coat, Moonlight, gloomy mood") == "red coat, Moonlight, gloomy mood"


async def test_words_of_the_style_go_first() -> None:
    assert "moonlight" in await enhanced("red coat", style="starry night, moonlight")


async def test_what_is_to_be_avoided_is_not_added() -> None:
    added = await enhanced("red coat", facets=(LIGHT,), avoid=("golden glow", "candlelight"))
    assert added == "red coat, moonlight"


async def test_a_second_time_adds_nothing() -> None:
    once = await enhanced("red coat")
    assert await enhanced(once) == once


async def test_without_lists_nothing_is_added() -> None:
    assert await enhanced("red coat", facets=((),)) == "red coat"
