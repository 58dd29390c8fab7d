"""How the C2PA library is set up: our anchors, no network, no thumbnails of its own."""

import c2pa

from orchestrator.credentials.chain import SIGNING_USAGES


def make_context(anchors: str) -> c2pa.Context:
    """Costs little, may be shared by threads, and does not survive a fork."""
    return c2pa.Context.from_dict(
        {
            "trust": {
                "user_anchors": anchors,
                "trust_config": "\n".join(usage.dotted_string for usage in SIGNING_USAGES),
            },
            "verify": {
                "verify_after_sign": True,
                "remote_manifest_fetch": False,
                "ocsp_fetch": False,
            },
            "core": {"allowed_network_hosts": []},
            "builder": {"thumbnail": {"enabled": False}},
        }
    )
