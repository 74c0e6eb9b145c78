"""An MQTT 3.1.1 broker and its publishers (amqtt)."""

from __future__ import annotations

from amqtt.broker import Broker
from amqtt.client import MQTTClient
from amqtt.contexts import BrokerConfig, ClientConfig, ListenerConfig
from amqtt.mqtt.constants import QOS_1

from recording.station import Station

PORT = 1883
_NEVER_S = 36_000


class MqttBroker:
    """Accepts everybody; says nothing by itself."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._broker = station.run(self._serve())

    def close(self) -> None:
        """Stop listening."""
        self._station.run(self._broker.shutdown())

    async def _serve(self) -> Broker:
        listener = ListenerConfig(bind=f"{self._station.ip}:{PORT}")
        anonymous = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
        broker = Broker(BrokerConfig(listeners={"default": listener}, plugins=anonymous))
        await broker.start()
        return broker


class MqttPublisher:
    """One connection, kept open between messages; every message is acknowledged (QoS 1)."""

    def __init__(self, station: Station, broker: str, client: str) -> None:
        self._station = station
        self._broker = broker
        self._name = client
        self._client: MQTTClient | None = None

    def publish(self, topic: str, payload: bytes) -> None:
        """Publish one message and wait for its acknowledgement."""
        self._station.run(self._publish(topic, payload))

    def close(self) -> None:
        """Disconnect."""
        if self._client is not None:
            self._station.run(self._client.disconnect())
            self._client = None

    async def _publish(self, topic: str, payload: bytes) -> None:
        if self._client is None:
            config = ClientConfig(keep_alive=_NEVER_S, auto_reconnect=False, plugins={})
            client = MQTTClient(client_id=self._name, config=config)
            await client.connect(f"mqtt://{self._broker}:{PORT}/")
            self._client = client
        await self._client.publish(topic, payload, qos=QOS_1)
