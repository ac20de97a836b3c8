"""A plugin of pytest that plants one fault: the module is compiled from its own source with one passage replaced.

No copy of the tree and no monkeypatch: names imported from a faulty module are faulty everywhere. The fault is named by
the variable FAULT; see `faults`.
"""
from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from tests.mutation.faults import FAULTS, Fault


class _Planted(SourceFileLoader):
    def __init__(self, name: str, path: str, fault: Fault) -> None:
        super().__init__(name, path)
        self._fault = fault

    def get_code(self, fullname: str) -> CodeType:
        source = Path(self.path).read_text()
        assert source.count(self._fault.passage) == 1, f"{fullname} no longer has once: {self._fault.passage}"
        return compile(source.replace(self._fault.passage, self._fault.instead), self.path, "exec")


class _Planter(MetaPathFinder):
    def __init__(self, fault: Fault) -> None:
        self._fault = fault

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname != self._fault.module:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        assert spec is not None and spec.origin is not None
        spec.loader = _Planted(fullname, spec.origin, self._fault)
        return spec


if name := os.environ.get("FAULT"):
    assert FAULTS[name].module not in sys.modules
    sys.meta_path.insert(0, _Planter(FAULTS[name]))
