"""The store in memory is a dictionary whose keys are in order, however many come and go."""
from __future__ import annotations

from random import Random

import pytest

from streams import memory
from streams.memory import MemoryStore


@pytest.mark.parametrize("seed", range(20))
def test_it_is_a_sorted_dictionary(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "LARGEST_CHUNK", 4)
    chance, store, model = Random(seed), MemoryStore(), dict[bytes, bytes]()
    for _ in range(600):
        key = chance.randbytes(chance.randrange(3))
        if chance.random() < 0.5:
            model[key] = chance.randbytes(2)
        else:
            model.pop(key, None)
        store.write([("t", key, model.get(key))])
        start, stop, limit = chance.randbytes(1), chance.randbytes(2), chance.randrange(1, 9)
        expected = [(each, model[each]) for each in sorted(model) if start <= each < stop][:limit]
        assert store.scan("t", start, stop, limit) == expected
        assert store.keys("t") == sorted(model)
        assert store.get("t", [key, start]) == [model.get(key), model.get(start)]
