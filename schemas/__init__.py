"""The wire formats: an Avro schema for every topic, every version ever shipped, and the codec.

Beside `streams`, not inside it: connectors and readers in other languages need these files and must not
need the pipeline. Imports nothing of ours from outside this package. `load(name)` gives a schema as a dict,
`Codec` is the way in and out of bytes, `Undecodable` is the only error that input can cause.
"""

from schemas.catalogue import EVENTS, NAMES, load, released_versions
from schemas.codec import Codec
from schemas.errors import Fault, Undecodable, Unencodable
from schemas.registry import SchemaById

__all__ = ["EVENTS", "NAMES", "Codec", "Fault", "SchemaById", "Undecodable", "Unencodable", "load", "released_versions"]
