"""Content credentials: who made a picture, how and when, signed into the file."""

from orchestrator.credentials.chain import Chain, operator_chain
from orchestrator.credentials.development import development_chain
from orchestrator.credentials.read import CredentialReader
from orchestrator.credentials.sign import C2paSigner

__all__ = ["C2paSigner", "Chain", "CredentialReader", "development_chain", "operator_chain"]
