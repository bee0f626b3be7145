"""The bus on Apache Kafka (brokers 2.4 and newer; tried on 4.1), through kafka-python 3.

What `publish` has returned is on every in-sync replica; Kafka does not wait for their disks, so that a
cluster of one broker loses the last moments on a power cut. Run three, with replication=3.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from typing import Any

from kafka import OffsetSpec, TopicPartition
from kafka.admin import MemberToRemove
from kafka.errors import TopicAlreadyExistsError, UnknownTopicOrPartitionError

from store.bus import BusError, BusUnavailable, Outgoing
from store.bus.cloudevents import headers_of
from store.bus.kafka_group import KafkaGroupConsumer, Membership, Registry
from store.bus.kafka_link import Clients, Link, faults, places, require_crc32c
from store.bus.kafka_read import KafkaReader
from store.bus.place import partition_of
from store.messages import READINGS


class KafkaBus:
    """See `store.bus.Bus`. Connects at the first use, once per process; threads may share it.

    `replication` and `retention_hours` (-1: for ever) hold for topics that `ensure` creates. `session` is for
    how many seconds a member that fell silent keeps its partitions, `patience` after how many without a
    poll one counts as stuck, `timeout` after how many the cluster counts as unavailable.
    `identity` is the topic whose positions are stored elsewhere: recreating it changes `id`.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        replication: int = 1,
        retention_hours: int = 720,
        session: float = 10.0,
        patience: float = 300.0,
        timeout: float = 30.0,
        security: Mapping[str, str] | None = None,
        identity: str = READINGS,
    ) -> None:
        require_crc32c()
        self._link = Link(tuple(bootstrap.split(",")), timeout, security or {})
        self._replication, self._retention_hours = replication, retention_hours
        self._session, self._patience = session, patience
        self._identity = identity
        self._clients = Clients(self._link)
        self._counts: dict[str, int] = {}

    @cached_property
    def id(self) -> str:
        """Cluster id and topic id. Raises `BusUnavailable`, and BusError before the topic was `ensure`d."""
        with faults("asking for the cluster's id"):
            cluster = self._clients.admin().describe_cluster()["cluster_id"]
            return f"kafka:{cluster}/{self._described(self._identity)['topic_id']}"

    def ensure(self, topic: str, partitions: int) -> None:
        """As `Bus.ensure`; a topic that exists keeps its partitions, replication and retention."""
        forever = self._retention_hours < 0
        configs = {
            "retention.ms": "-1" if forever else str(self._retention_hours * 3_600_000),
            "retention.bytes": "-1",
            "cleanup.policy": "delete",
            "min.insync.replicas": str(self._replication // 2 + 1),
        }
        wanted = {"num_partitions": partitions, "replication_factor": self._replication, "configs": configs}
        with faults(f"creating {topic}"):
            try:
                self._clients.admin().create_topics({topic: wanted}, wait_for_metadata=True)
            except TopicAlreadyExistsError:
                self._clients.admin().wait_for_topics([topic])

    def publish(self, topic: str, messages: Iterable[Outgoing]) -> None:
        """Returns when all are acknowledged. Those before a failure may be in the log; see `Bus.publish`."""
        count = self._partitions(topic)
        producer = self._clients.producer()
        try:
            with faults(f"publishing to {topic}"):
                sent = [
                    producer.send(
                        topic,
                        key=message.key.encode(),
                        value=message.value,
                        headers=[(name, value.encode()) for name, value in headers_of(topic, message)],
                        partition=partition_of(message.key, count),
                    )
                    for message in messages
                ]
                producer.flush(timeout=self._link.timeout)
                for future in sent:
                    future.get(timeout=self._link.timeout)
        except BusError:
            self._clients.drop(producer)  # its sequence numbers may have a hole now
            raise

    def consumer(self, topic: str, group: str, member: str) -> KafkaGroupConsumer:
        """A consumer with a connection of its own; it joins the group with its first poll."""
        membership = Membership(topic, group, member, self._session, self._patience)
        return KafkaGroupConsumer(self._link, membership, Registry(self._leave, self._unheld))

    def reader(self, topic: str) -> KafkaReader:
        return KafkaReader(self._link, topic, lambda: self._partitions(topic))

    def ends(self, topic: str) -> dict[int, int]:
        with faults(f"asking where {topic} ends"):
            wanted = dict.fromkeys(self._places(topic), OffsetSpec.LATEST)
            found = self._clients.admin().list_partition_offsets(wanted)
        return {place.partition: found[place].offset for place in wanted}

    def committed(self, topic: str, group: str) -> dict[int, int]:
        with faults(f"asking what {group} has committed"):
            wanted = self._places(topic)
            found = self._clients.admin().list_group_offsets({group: wanted})[group]
        return {p.partition: max(0, found[p].offset) if p in found else 0 for p in wanted}

    def trim(self, topic: str, before: dict[int, int]) -> None:
        """As `Bus.trim`. Retention does it in production; this is for an operator who wants it now."""
        ends = self.ends(topic)
        for partition, keep in before.items():
            if keep > ends[partition]:
                raise BusError(f"{topic}/{partition} ends at {ends[partition]}; it cannot be trimmed to {keep}")
        with faults(f"trimming {topic}"):
            self._clients.admin().delete_records({TopicPartition(topic, p): keep for p, keep in before.items()})

    def expire(self, topic: str, now: datetime, read: Mapping[int, int] | None = None) -> int:  # noqa: ARG002 — the brokers do it
        """As `Bus.expire`: nothing, since the topic's own retention does it."""
        return 0

    def drop(self, topics: Iterable[str], groups: Iterable[str] = ()) -> None:
        """Deletes topics with all that is in them, and consumer groups without members; what is not there is no fault.

        For what was made to be thrown away: a demonstration, a test. Raises BusError while a group has members.
        """
        with faults("dropping topics"):
            admin = self._clients.admin()
            admin.delete_groups(list(groups))
            for topic in topics:
                self._counts.pop(topic, None)
                with suppress(UnknownTopicOrPartitionError):
                    admin.delete_topics([topic])

    def close(self) -> None:
        self._clients.close()

    def _leave(self, group: str, broker_id: str, member: str) -> None:
        with faults(f"leaving {group}"):
            leaver = MemberToRemove(member_id=broker_id, group_instance_id=member)
            self._clients.admin().remove_group_members(group, [leaver])

    def _unheld(self, topic: str, group: str) -> list[int]:
        """Partitions of the topic that no member holds; none while the group is sharing out."""
        with faults(f"asking who is in {group}"):
            found = self._clients.admin().describe_groups([group])[group]
        if found["group_state"] != "Stable":
            return []
        held = {
            partition
            for member in found["members"]
            for assigned in member["member_assignment"]["assigned_partitions"]
            if assigned["topic"] == topic
            for partition in assigned["partitions"]
        }
        return [partition for partition in range(self._partitions(topic)) if partition not in held]

    def _places(self, topic: str) -> list[TopicPartition]:
        return places(topic, self._partitions(topic))

    def _partitions(self, topic: str) -> int:
        if topic not in self._counts:
            with faults(f"asking about {topic}"):
                self._counts[topic] = len(self._described(topic)["partitions"])
        return self._counts[topic]

    def _described(self, topic: str) -> dict[str, Any]:
        found: dict[str, Any] = self._clients.admin().describe_topics([topic])[0]
        if found["error_code"] == 3:  # UNKNOWN_TOPIC_OR_PARTITION
            raise BusError(f"kafka has no topic {topic}; create it with `ensure` first")
        if found["error_code"] or not found["partitions"]:
            raise BusUnavailable(f"kafka cannot describe {topic} now (error code {found['error_code']})")
        return found
