"""RocksDB's options, and the one budget of memory that all databases of a worker share.

RocksDB's own defaults would take a block cache and write buffers per column family: six tables times sixteen tasks times 64
MiB. Here blocks, indexes, filters and write buffers are all charged to one cache of the size in the settings.
"""
from __future__ import annotations

from pathlib import Path

from rocksdict import BlockBasedOptions, Cache, DBCompressionType, Options, WriteBufferManager

from streams.topology import MIB

BLOOM_BITS = 10
"""A key that is not there costs one disk read in a hundred."""
ARENA = 64 << 10
"""Bytes by which a write buffer grows. By RocksDB's 1 MiB the first rows of sixteen tasks' tables take 100 MB."""
OPEN_FILES = 64
"""Per task: sixteen tasks stay within the usual limit of 1,024 descriptors."""
_OPTIONS = Path(__file__).with_name("rocksdb")
"""An option that Rdict has no call for, as a file of options, which it reads."""


class Memory:
    """The budget of one process; hand the same object to every store."""

    def __init__(self, mebibytes: int) -> None:
        self._cache = Cache(mebibytes * MIB)
        self._buffers = WriteBufferManager.new_write_buffer_manager_with_cache(mebibytes * MIB // 2, False, self._cache)

    def used(self) -> int:
        """Bytes in use, write buffers included."""
        return self._cache.get_usage()

    def options(self) -> Options:
        """For a database and for each of its column families."""
        options, _ = Options.load_latest(str(_OPTIONS))
        options.create_if_missing(True)
        options.create_missing_column_families(True)
        options.set_write_buffer_manager(self._buffers)
        options.set_arena_block_size(ARENA)
        options.set_max_open_files(OPEN_FILES)
        options.set_compression_type(DBCompressionType.lz4())
        options.set_block_based_table_factory(self._tables())
        options.set_keep_log_file_num(2)
        options.set_max_log_file_size(MIB)
        options.set_stats_dump_period_sec(0)
        return options

    def _tables(self) -> BlockBasedOptions:
        tables = BlockBasedOptions()
        tables.set_block_cache(self._cache)
        tables.set_cache_index_and_filter_blocks(True)
        tables.set_pin_l0_filter_and_index_blocks_in_cache(True)
        tables.set_bloom_filter(BLOOM_BITS, False)
        return tables
