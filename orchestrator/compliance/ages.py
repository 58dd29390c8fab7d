"""Ages of people, told in digits or words, in the languages that callers write."""

import re
from collections.abc import Iterator

from orchestrator.compliance.normalise import fold

_NUMBERS = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze "
    "seize dix-sept dix-huit dix-neuf",
    "de": "null ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn "
    "fünfzehn sechzehn siebzehn achtzehn neunzehn",
    "es": "cero un dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince "
    "dieciséis diecisiete dieciocho diecinueve",
}
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety vingt trente quarante cinquante"
_HAN_DIGITS = "零一二三四五六七八九"
_LETTERS = str.maketrans("013457l@$!", "oieastiasi")  # what digits and signs stand for


def _plain(word: str) -> str:
    return fold(word).translate(_LETTERS)


_VALUES = dict.fromkeys(map(_plain, _TENS.split()), 20) | {
    _plain(word): value for words in _NUMBERS.values() for value, word in enumerate(words.split())
}

_GAP = r"[\W_]{0,3}"
_TENS_WORD = "|".join(_TENS.split())
_NUMBER = r"(?P<number>\d{1,3}|[a-z0-9@$!]{2,10}(?:-[a-z0-9]{3,5})?)"
_LOW = r"(?:(?<!\d)(?P<low>\d{1,2})\s?(?:-|to|or|and|a|bis)\s?)?"
_YEARS = r"y[e3]?a?rs?"
_OLD = rf"(?:{_YEARS}{_GAP}(?:[o0][l1|]ds?|of{_GAP}age)|yrs?|y{_GAP}[o0])"
_ELSEWHERE = "|".join(map(fold, ("ans", "jahre?", "jährig[a-z]*", "años", "anni", "anos", "лет")))
_WEIGHT = r"(?::[0-2]?(?:\.\d+)?\s*)?"
_END = rf"(?=\s*{_WEIGHT}(?:[,;|()\[\]{{}}\n]|\.(?!\d)|$))"  # of a piece
_PERSON = r"(?:girls?|boys?|she|he|they|her|him|female|male|daughter|son|sister|brother|lad|lass)"
_IS = r"(?:'?s|\s+(?:is|are|only|just|turned)){0,2}"
_AGES = (
    re.compile(
        rf"(?<![a-z\d])(?P<tens>(?:{_TENS_WORD}){_GAP})?{_LOW}{_NUMBER}{_GAP}"
        rf"(?:{_OLD}|{_ELSEWHERE})(?![a-z])"
    ),
    re.compile(rf"(?<![a-z])(?:aged?|ages|edad|turn(?:s|ing)){_GAP}(?:of{_GAP})?{_LOW}{_NUMBER}"),
    re.compile(r"(?<!\d)(?P<number>\d{1,2})(?:st|nd|rd|th) birthday"),
    re.compile(rf"(?<![a-z]){_PERSON}{_IS}{_GAP}{_NUMBER}{_END}"),
    re.compile(rf"(?P<number>\d{{1,3}}|[{_HAN_DIGITS}十]{{1,4}})\s?(?:歳|岁|歲|살|세)"),
)

# A number where an age would stand: a piece of its own, or before years that end one.
_BARE_AGES = (
    re.compile(rf"(?:^|[,;|(\[{{\n])\s*{_NUMBER}{_END}"),
    re.compile(rf"(?<![a-z\d]){_NUMBER}{_GAP}{_YEARS}{_END}"),
)


def ages(text: str) -> Iterator[int]:
    """The ages in a folded text, in years; of a range the lower one."""
    for pattern in _AGES:
        for match in pattern.finditer(text):
            age = _age(match.groupdict())
            if age is not None:
                yield age


def bare_ages(text: str) -> Iterator[int]:
    """Numbers in a folded text that read as an age beside explicit words, and only there."""
    for pattern in _BARE_AGES:
        for match in pattern.finditer(text):
            age = _value(match["number"])
            if age is not None:
                yield age


def _age(found: dict[str, str | None]) -> int | None:
    if found.get("tens"):
        return 20
    return _value(found.get("low") or found["number"] or "")


def _value(number: str) -> int | None:
    if number.isdecimal():
        return int(number)
    if number[0] in _HAN_DIGITS + "十":
        tens, ten, ones = number.rpartition("十")
        return 10 * bool(ten) * (_han(tens) or 1) + _han(ones)
    return _VALUES.get(_plain(number))


def _han(digits: str) -> int:
    return max(0, _HAN_DIGITS.find(digits[-1:])) if digits else 0
