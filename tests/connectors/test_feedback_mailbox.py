"""Feedback from a real mailbox: none is lost, and no mail holds up the others."""
from __future__ import annotations

import asyncio
from io import BytesIO
from pathlib import Path

import pytest

from connectors.sources.feedback import Reason, maildir, read_new
from streams.core.errors import Retryable
from tests.connectors.test_feedback import JANE, SENDERS, World, bounce

NESTED = {
    "messages": b"Content-Type: message/rfc822\r\n\r\n" * 1500,
    "parts": b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(900))
    + b"a\n" * 300_000}


@pytest.mark.timeout(10)
@pytest.mark.parametrize("nested", NESTED)
def test_a_mail_that_is_nested_beyond_sense_holds_nothing_up(tmp_path: Path, nested: str) -> None:
    new, world = tmp_path / "new", World()
    new.mkdir()
    (new / "1.nested").write_bytes(NESTED[nested])
    (new / "2.bounce").write_bytes(bounce("5.1.1"))

    async def run() -> None:
        assert await read_new(tmp_path, SENDERS.identifier, world.tell) == (1, 1)
        async with world.served() as session:
            assert (await session.post("/reports", data=BytesIO(NESTED[nested]))).status == 204

    asyncio.run(run())
    assert world.said == [(JANE, Reason.BOUNCED)] and not list(new.iterdir())


def test_a_file_that_may_not_be_read_is_left_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever runs this may be root, who may read everything."""
    new, world = tmp_path / "new", World()
    new.mkdir()
    for name in ("1.closed", "2.bounce"):
        (new / name).write_bytes(bounce("5.1.1"))
    read = maildir._head

    def head(path: Path) -> bytes:
        if path.name == "1.closed":
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(maildir, "_head", head)
    assert asyncio.run(read_new(tmp_path, SENDERS.identifier, world.tell)) == (1, 0)
    assert [path.name for path in new.iterdir()] == ["1.closed"]


def test_a_mailbox_is_emptied_and_what_could_not_be_written_stays(tmp_path: Path) -> None:
    new = tmp_path / "new"
    new.mkdir()
    for number, raw in enumerate((b"Subject: hello\n\nout of office", bounce("5.1.1"), bounce("5.1.1"))):
        (new / f"{number}.host").write_bytes(raw)
    world = World(away=1)

    async def run() -> None:
        with pytest.raises(Retryable):
            await read_new(tmp_path, SENDERS.identifier, world.tell)
        assert sorted(path.name for path in new.iterdir()) == ["1.host", "2.host"]
        assert await read_new(tmp_path, SENDERS.identifier, world.tell) == (2, 0)

    asyncio.run(run())
    assert not list(new.iterdir()) and (tmp_path / "cur" / "1.host:2,S").exists()
    assert world.said == [(JANE, Reason.BOUNCED)] * 2 and world.told[0].source == "mail"
