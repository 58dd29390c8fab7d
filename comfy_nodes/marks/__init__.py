"""What is done to the pixels of a finished picture: brand, invisible mark, fingerprint, encoding.

Pure functions over numpy arrays; no ComfyUI, no torch. The service may import this and no more.
"""

import numpy as np
from numpy.typing import NDArray

VERSION = "0.2.0"  # of the node pack; the service uses no instance that answers with another

Picture = NDArray[np.uint8]  # height × width × 3, RGB
