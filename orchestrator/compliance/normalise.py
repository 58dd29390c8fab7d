"""Text as it is compared: plain lower-case letters, whatever they were dressed up as.

What is dropped or replaced: case, accents and other marks, invisible and control characters,
compatibility forms (full width, circled, mathematical, …) and letters of other scripts that look
like Latin ones. Terms go through the same folding, so that those of any language still match.
"""

import re
import unicodedata

# Letters of other scripts, and the Latin ones that they are taken for. Accents are gone by then.
_LOOK_ALIKES = {
    theirs: latin
    for script, look in {
        "авекмнорстухісјԁԛԝһӏѵԍ": "abekmhopctyxicjdqwhlvg",
        "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ": "abezhikmnoptyx",
        "αβγειικνορστυχωϲ": "abyeiikvopstuxwc",
        "ոսօհց": "nuohg",
        "ıɑɡøđłħŧɩʟɴʀɢʏɪʙʜəɛɔʊʌ×": "iagodlhtilnrgyibhaecuvx",
    }.items()
    for theirs, latin in zip(script, look, strict=True)
}
_LIGATURES = {"æ": "ae", "œ": "oe", "þ": "th", "🔞": " nsfw ", "👶": " baby "}
_LIGATURES |= dict.fromkeys("🧒👧👦", " child ")
_BLANKS = dict.fromkeys("\u115f\u1160\u2800\u3164\uffa0", "")  # letters and symbols with no ink
_REPLACED = _LOOK_ALIKES | _LIGATURES | _BLANKS
_LETTERED_SYMBOLS = {0x1F150: 26, 0x1F170: 26, 0x1F1E6: 26}  # first of A-Z: 🅐, 🅰 and 🇦
_DROPPED = {"Mn", "Me", "Cf", "Cc", "Cs", "Co", "Cn"}  # marks, invisible, controls, unassigned

_BLANK = re.compile(r"[^\S\n]+")
_LONG_RUN = re.compile(r"(\S)\1{3,}")
_NO_WORDS = re.compile(r"[^\w\s][\W_]{15,}")
_BREAK = ".\n. ."  # wider than any gap that a term may have


def fold(text: str) -> str:
    """The text in plain letters; no sign stands more than three times, long runs of signs are cut.

    Takes linear time. Words, digits and ordinary punctuation stay where they are.
    """
    plain = _BLANK.sub(" ", text.translate(_FOLDED))
    return _NO_WORDS.sub(_BREAK, _LONG_RUN.sub(r"\1\1\1", plain))


class _Folded(dict[int, str]):
    """What each character becomes; filled as characters are met, up to a bound."""

    def __missing__(self, code: int) -> str:
        folded = _fold_character(chr(code))
        if len(self) < 20_000:
            self[code] = folded
        return folded


_FOLDED = _Folded()


def _fold_character(character: str) -> str:
    if character in "\n\t\r\v\f\x85\u2028\u2029":
        return "\n"
    if "가" <= character <= "힣":  # would fall apart into its sounds
        return character
    for first, count in _LETTERED_SYMBOLS.items():
        if first <= ord(character) < first + count:
            return chr(ord("a") + ord(character) - first)
    return "".join(map(_fold_part, unicodedata.normalize("NFKD", character)))


def _fold_part(character: str) -> str:
    if unicodedata.category(character) in _DROPPED:
        return ""
    if unicodedata.category(character) == "Nd":
        return str(unicodedata.decimal(character))
    if character in _REPLACED:  # capitals look like other letters than small ones do: Ν, ν
        return _REPLACED[character]
    return "".join(_REPLACED.get(part, part) for part in character.casefold())
