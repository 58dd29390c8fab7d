"""Where a picture can be set. Each place paints its sketch and returns the ground line, in picture
heights from the top, of whoever stands in front."""

from collections.abc import Callable, Mapping

from ..sketch import Sketch
from ..words import Scene
from . import desert, forest, meadow, mountains, sea, street

PLACES: Mapping[str, Callable[[Sketch, Scene], float]] = {
    "street": street.paint,
    "forest": forest.paint,
    "mountains": mountains.paint,
    "sea": sea.paint,
    "meadow": meadow.paint,
    "desert": desert.paint,
}
