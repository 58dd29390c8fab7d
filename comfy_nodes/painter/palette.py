"""Colours: what they are called, how they mix, and what each light of the day makes of a scene."""

from dataclasses import dataclass

Colour = tuple[float, float, float]  # RGB, 0-255

WHITE: Colour = (255, 255, 255)

NAMED: dict[str, Colour] = {
    "red": (196, 38, 42),
    "crimson": (168, 22, 48),
    "scarlet": (214, 46, 32),
    "burgundy": (112, 24, 44),
    "maroon": (112, 30, 36),
    "pink": (236, 150, 172),
    "rose": (222, 112, 134),
    "magenta": (196, 48, 142),
    "coral": (240, 124, 98),
    "salmon": (238, 144, 120),
    "orange": (232, 126, 40),
    "amber": (240, 172, 60),
    "peach": (246, 190, 152),
    "yellow": (244, 208, 74),
    "gold": (222, 174, 66),
    "golden": (228, 182, 78),
    "mustard": (206, 160, 52),
    "cream": (244, 232, 204),
    "beige": (218, 198, 166),
    "ivory": (246, 240, 222),
    "brown": (112, 74, 48),
    "chestnut": (124, 66, 42),
    "tan": (192, 152, 108),
    "green": (72, 132, 76),
    "emerald": (30, 140, 98),
    "olive": (120, 122, 60),
    "lime": (158, 204, 72),
    "mint": (164, 218, 188),
    "teal": (32, 124, 128),
    "turquoise": (62, 182, 180),
    "cyan": (90, 196, 214),
    "blue": (52, 96, 176),
    "navy": (30, 44, 92),
    "azure": (86, 152, 220),
    "indigo": (62, 56, 138),
    "violet": (124, 82, 172),
    "purple": (110, 60, 144),
    "lavender": (184, 164, 216),
    "lilac": (196, 166, 208),
    "white": (242, 242, 238),
    "silver": (188, 194, 202),
    "gray": (126, 130, 136),
    "grey": (126, 130, 136),
    "charcoal": (60, 62, 68),
    "black": (34, 34, 40),
}

LAMPLIGHT: Colour = (255, 196, 112)


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """`share` of the other, 0 to 1."""
    red, green, blue = (a + (b - a) * share for a, b in zip(one, other, strict=True))
    return red, green, blue


def lit(colour: Colour, light: Colour) -> Colour:
    """A surface of that colour under that light; a light of 255 leaves it as it is."""
    red, green, blue = (a * b / 255 for a, b in zip(colour, light, strict=True))
    return red, green, blue


def scaled(colour: Colour, factor: float) -> Colour:
    red, green, blue = (min(255.0, channel * factor) for channel in colour)
    return red, green, blue


@dataclass(frozen=True)
class Light:
    zenith: Colour
    middle: Colour  # of the sky
    horizon: Colour
    source: Colour  # sun or moon
    ambient: Colour  # what it does to surfaces
    shade: Colour  # what shadows tend to
    height: float  # of the source over the horizon, 1 is the zenith
    lamps: float  # how many windows and lamps are lit, 0 to 1
    stars: bool = False


LIGHTS: dict[str, Light] = {
    "day": Light(
        zenith=(74, 134, 196),
        middle=(142, 188, 222),
        horizon=(226, 234, 226),
        source=(255, 250, 232),
        ambient=(255, 252, 244),
        shade=(72, 92, 134),
        height=0.7,
        lamps=0.05,
    ),
    "golden": Light(
        zenith=(92, 130, 172),
        middle=(238, 192, 142),
        horizon=(255, 216, 150),
        source=(255, 232, 172),
        ambient=(255, 230, 190),
        shade=(92, 72, 108),
        height=0.3,
        lamps=0.25,
    ),
    "dawn": Light(
        zenith=(110, 136, 184),
        middle=(220, 182, 194),
        horizon=(255, 216, 188),
        source=(255, 232, 206),
        ambient=(238, 216, 222),
        shade=(92, 88, 132),
        height=0.2,
        lamps=0.2,
    ),
    "dusk": Light(
        zenith=(42, 52, 100),
        middle=(122, 98, 146),
        horizon=(246, 160, 122),
        source=(255, 188, 126),
        ambient=(176, 164, 206),
        shade=(38, 38, 80),
        height=0.12,
        lamps=0.6,
    ),
    "night": Light(
        zenith=(10, 18, 46),
        middle=(26, 42, 86),
        horizon=(64, 84, 128),
        source=(236, 240, 252),
        ambient=(120, 138, 190),
        shade=(10, 16, 42),
        height=0.6,
        lamps=0.7,
        stars=True,
    ),
    "overcast": Light(
        zenith=(134, 146, 160),
        middle=(172, 182, 190),
        horizon=(208, 212, 212),
        source=(226, 228, 226),
        ambient=(216, 222, 230),
        shade=(84, 92, 108),
        height=0.6,
        lamps=0.25,
    ),
}
