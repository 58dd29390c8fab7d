"""One signer with a development chain, and who reads what it signed."""

from pathlib import Path

import pytest

from orchestrator.credentials import C2paSigner, CredentialReader, development_chain


@pytest.fixture(scope="session")
def signer(tmp_path_factory: pytest.TempPathFactory) -> C2paSigner:
    folder: Path = tmp_path_factory.mktemp("credentials")
    return C2paSigner(lambda: development_chain(folder))


@pytest.fixture(scope="session")
def reader(signer: C2paSigner) -> CredentialReader:
    return CredentialReader(signer.chain)
