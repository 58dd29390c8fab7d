"""What an enhancer is told, and how its answer becomes a prompt again. Pure functions."""

from orchestrator.models import Character, Model, Prompt, Shelf, Style
from orchestrator.ports import Guide
from orchestrator.prompts.parse import positive_of, render
from orchestrator.prompts.pieces import pieces
from orchestrator.prompts.texts import fill
from orchestrator.prompts.words import plain, words_for


def make_guide(
    prompt: Prompt, *, model: Model, style: Style, character: Character, shelf: Shelf
) -> Guide:
    """The instruction is that of `enhance.<model>.j2`, else of `enhance.j2`; the caller's words
    are no part of it."""
    words = words_for(shelf, model=model.key, character=prompt.character)
    own = f"enhance.{model.key}"
    name = own if own in shelf.texts else "enhance"
    values = {
        "model": model.label,
        "style": style.label,
        "style_quality": style.quality,
        "character": character.positive,
    }
    return Guide(
        instruction=fill(name, shelf.texts.get(name, ""), values).strip(),
        style=style.quality,
        facets=tuple(plain(words.get(name, ())) for name in words.get("enhance", ())),
        avoid=prompt.negatives,
    )


def enriched(raw: str, prompt: Prompt, answer: str, *, longest: int) -> str:
    """The prompt with the answer in place of its positive text, in at most so many characters;
    character and negatives stay as they are. The raw text itself if there is nothing new."""
    room = longest - len(render(prompt.evolve(positive=""))) - len(", ")
    positive = _fitting(positive_of(answer), room)
    if not positive or positive.casefold() == prompt.positive.casefold():
        return raw
    text = render(prompt.evolve(positive=positive))
    return text if len(text) <= longest else raw


def _fitting(text: str, room: int) -> str:
    """As many of the first pieces as there is room for."""
    kept = ""
    for piece in pieces(text):
        longer = f"{kept}, {piece}" if kept else piece
        if len(longer) > room:
            break
        kept = longer
    return kept
