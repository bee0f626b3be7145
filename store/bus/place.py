"""Where a message goes: the same key is in the same partition of every backend."""

import zlib


def partition_of(key: str, partitions: int) -> int:
    """The key's partition, 0 to `partitions` - 1: CRC-32 of its UTF-8 bytes, modulo the count.

    Stable for ever: changing it would break the order of messages of one key.
    """
    return zlib.crc32(key.encode()) % partitions
