"""The ComfyUI node pack of Imgen. ComfyUI finds it through a link in its custom_nodes folder.

Nodes and routes are loaded when ComfyUI asks for the mappings, so that the service can import
`comfy_nodes.marks` where there is neither ComfyUI nor torch.
"""

from typing import Any

WEB_DIRECTORY = "./web"  # what the page loads
MAPPINGS = ("NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS")


def __getattr__(name: str) -> Any:
    if name not in MAPPINGS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import arrivals, delivery, host, nodes  # noqa: PLC0415 - needs ComfyUI

    arrivals.add_routes(host.routes(), nodes.ARRIVALS)
    delivery.add_routes(host.routes(), nodes.RESULTS)
    globals().update({mapping: getattr(nodes, mapping) for mapping in MAPPINGS})
    return globals()[name]
