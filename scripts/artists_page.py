"""Takes the picture of the artists' page that README shows, into scripts/artists_page.png."""

import sys
import tempfile
from pathlib import Path

HOME = Path(__file__).parent.parent
sys.path += [str(HOME / "tests" / room) for room in ("acceptance", "artists")]

from browser import Artist, chromium  # noqa: E402
from service import Service  # noqa: E402

PICTURE = Path(__file__).with_name("artists_page.png")
SIZE = {"width": 1500, "height": 860}  # pixels


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder)).start()
        try:
            take(service)
        finally:
            service.stop()
    print(f"{PICTURE}: {PICTURE.stat().st_size:,} bytes")


def take(service: Service) -> None:
    with chromium() as page:
        artist = Artist(page, service.url)
        artist.log_in(service.key)
        page.set_viewport_size(SIZE)
        artist.open("sd15")
        page.screenshot(path=PICTURE)


if __name__ == "__main__":
    main()
