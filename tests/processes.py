"""Our commands as processes, and what they answer over HTTP."""
from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from urllib.error import HTTPError

ROOT = Path(__file__).resolve().parents[1]


def environment(**variables: str) -> dict[str, str]:
    """Of a process that has these settings and none of ours."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AUDIENCE_")}
    return {**inherited, "PYTHONPATH": str(ROOT), **variables}


def begun(words: str, variables: Mapping[str, str], log: Path | None = None) -> subprocess.Popen[bytes]:
    """`audience WORDS`; what it says is added to the log, if there is one."""
    with log.open("ab") if log else nullcontext() as out:
        return subprocess.Popen([sys.executable, "-m", "streams.cli", *words.split()], cwd=ROOT,
                                env=environment(**variables), stdout=out, stderr=out)


@contextmanager
def running(words: str, variables: Mapping[str, str], log: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """As `begun`, killed at the end."""
    process = begun(words, variables, log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def fetched(url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    """The status and the body of the answer, which is waited for 30 s; 0 while nobody answers."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, dict(headers or {})), timeout=30) as answer:
            return answer.status, answer.read()
    except HTTPError as refused:
        with refused:
            return refused.code, refused.read()
    except OSError:
        return 0, b""
