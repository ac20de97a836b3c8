"""How the embedded broker runs as a process: its Java command line, its session, its watchdog.

jgo's own runner waits for the program to end; this one must be stopped, killed and watched.
"""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

from streams.runtime.broker import watchdog

# A broker for a laptop lives for minutes and shares its cores with the workers: the second compiler and a concurrent
# collector would take from them for half a minute what they never give back. zstd-jni and snappy load native code; a
# newer Java would print a warning for each.
JVM = ("-Xms64m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError",
       "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow",
       "-Djava.awt.headless=true", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
       "-Dorg.slf4j.simpleLogger.showDateTime=true")

SERVER = "kafka.Kafka"
FORMATTER = ("kafka.tools.StorageTool", "format", "--ignore-formatted")

Process = subprocess.Popen[bytes]


def java_command(java: Path, jars: tuple[Path, ...]) -> list[str]:
    """Everything before the main class."""
    return [str(java), *JVM, "-cp", os.pathsep.join(str(jar) for jar in jars)]


def run_to_end(command: list[str], log: IO[bytes]) -> bool:
    """Whether the command succeeded; what it says goes to `log`."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)
    return done.returncode == 0


def detached(command: list[str], log: IO[bytes]) -> Process:
    """A session of its own: Ctrl-C must not end the broker before the workers are done with it."""
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)


def watched(process: Process) -> Process:
    """The watchdog that ends `process` when ours is gone. It ends by itself when `process` does."""
    program = str(Path(watchdog.__file__))
    command = [sys.executable, "-I", "-S", program, str(process.pid), str(os.getpid())]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
