"""Importable stand-ins for packages that ComfyUI imports at start but seldom uses."""

import sys
from collections.abc import Iterable
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class _AbsentType(type):
    """Every attribute is absent too; a call says which package is missing."""

    package: str

    def __getattr__(cls, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return _absent(cls.package, name)

    def __call__(cls, *_args: object, **_options: object) -> None:
        raise ImportError(f"{cls.__name__} needs {cls.package}, which can't be imported here")


def _absent(package: str, name: str) -> type:
    return _AbsentType(name, (), {"package": package})


class _StandIn(ModuleType):
    __version__ = "0"

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        return _absent(self.__name__.partition(".")[0], name)


class _StandInFinder(MetaPathFinder, Loader):
    def __init__(self, packages: Iterable[str]) -> None:
        self._packages = frozenset(packages)

    def find_spec(
        self, fullname: str, _path: object = None, _target: object = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] not in self._packages:
            return None
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run."""


def stand_in_for(packages: Iterable[str]) -> None:
    """Let these packages, and every module below them, be imported as empty ones."""
    sys.meta_path.insert(0, _StandInFinder(packages))
