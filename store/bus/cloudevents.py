"""CloudEvents 1.0 attributes of a message, in the binary content mode of its Kafka protocol binding.

The message's value stays what it is; the attributes travel beside it as headers `ce_*`, and its media type as
`content-type` (CloudEvents Kafka Protocol Binding 1.0.2, section 3.2).
"""

from hashlib import blake2b

from store.bus import Outgoing

SOURCE = "/dateline"
MEDIA_TYPE = "application/json"

Headers = tuple[tuple[str, str], ...]


def headers_of(topic: str, message: Outgoing) -> Headers:
    """The message's own headers, and those required attributes that it does not give.

    `ce_id` is a hash of topic, key and value: publishing a message again gives it the same id, which
    CloudEvents allows and by which any consumer can drop the repetition. `ce_type` is the topic's name.
    `ce_time` is the publisher's to give: the bus reads no clock.
    """
    given = {name for name, _ in message.headers}
    missing = [
        ("ce_specversion", "1.0"),
        ("ce_source", SOURCE),
        ("ce_type", topic),
        ("content-type", MEDIA_TYPE),
    ]
    own = [(name, value) for name, value in missing if name not in given]
    if "ce_id" not in given:
        own.append(("ce_id", _fingerprint(topic, message)))
    return (*message.headers, *own)


def _fingerprint(topic: str, message: Outgoing) -> str:
    hashed = blake2b(digest_size=16)
    for part in (topic.encode(), message.key.encode(), message.value):
        hashed.update(len(part).to_bytes(8, "big"))
        hashed.update(part)
    return hashed.hexdigest()
