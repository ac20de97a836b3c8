"""What all pages of a worker's console share."""
from __future__ import annotations

import asyncio
from threading import Event

import pytest

from streams.runtime.settings import Settings
from streams.runtime.status import console
from streams.runtime.status.views import RequestRefused


def test_previews_leave_threads_to_the_buttons(monkeypatch: pytest.MonkeyPatch) -> None:
    may_end, counted = Event(), list[str]()

    def preview(settings: Settings, definition: str) -> list[str]:
        counted.append(definition)
        may_end.wait(5)
        return [definition]

    async def ask() -> None:
        shared = console.Shared(Settings.read({}))
        asked = [asyncio.ensure_future(shared.preview(str(number))) for number in range(50)]
        await asyncio.sleep(0.05)
        try:
            async with asyncio.timeout(1):
                await asyncio.to_thread(lambda: None)
            assert counted == ["0"]
        finally:
            may_end.set()
        assert await asyncio.gather(*asked) == [[str(number)] for number in range(50)]

    monkeypatch.setattr(console, "_preview", preview)
    asyncio.run(ask())


def test_what_would_keep_the_tasks_waiting_is_counted_from_a_file() -> None:
    longest = "#" * console.LONGEST
    assert console._definition({"definition": longest}) == longest
    with pytest.raises(RequestRefused, match=r"65,537 characters .* `audience segment preview FILE`") as refused:
        console._definition({"definition": longest + "#"})
    assert refused.value.status == 413
