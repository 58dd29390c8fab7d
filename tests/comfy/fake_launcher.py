"""Starts a fake ComfyUI the way that `comfyui/launch.py` starts a real one."""

import os
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.comfy.fake_comfyui.__main__ import main


def end_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os._exit(1)


if __name__ == "__main__":
    port = sys.argv[sys.argv.index("--port") + 1]
    sys.argv[1:] = ["--port", port, "--seconds", "0.3"]
    threading.Thread(target=end_with_parent, daemon=True).start()
    main()
