"""AI components and what carries them: models, connectors, edge nodes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from checkvalve.plant.addresses import HostName
from checkvalve.plant.base import OneOrMore, Part, Text
from checkvalve.plant.declared import Declared
from checkvalve.plant.duties import Duties
from checkvalve.plant.refs import (
    AssetId,
    ComponentId,
    DataSourceId,
    EdgeNodeId,
    IdentityId,
    IsolationPlanId,
    OwnerId,
    TagId,
    UpdateProcessId,
    VendorId,
)
from checkvalve.plant.times import Day, lasts
from checkvalve.plant.zones import Level

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

ComponentKind = Literal[
    "model",
    "llm",
    "agent",
    "pipeline",
    "connector",
    "endpoint",
    "container",
    "edge_node",
    "identity",
    "update_service",
    "detector",
]


class Component(Declared):
    """An AI component, or something that one depends on.

    Attributes:
        kind: what it is.
        owner: who answers for it: exactly one is right.
        purpose: what it does.
        justification: why it is done by AI.
        non_ai_alternative: how it would be done without.
        level: where it runs (ISA-95).
        criticality: from A, the worst, to D.
        autonomy: what the guard may write for it.
        inputs: sources it reads.
        outputs: tags it sets.
        update_process: how it changes.
        isolation_plan: how it is cut off.
        disable_procedure: how it is turned off.
        vendor: who supplies it.
        stage: where it is in its life.
        pilot_until: a pilot's last day.
        pilot_nodes: a pilot's nodes.
        asset: the machine it runs on; ``None``: elsewhere, or not said.
        names: host names under which it is reached, as DNS, TLS and HTTP show them.
        duties: who owes what; one left out is taken from the vendor.
    """

    kind: ComponentKind
    owner: OneOrMore[OwnerId] = ()
    purpose: str = ""
    justification: str | None = None
    non_ai_alternative: str | None = None
    level: Level | None = None
    criticality: Literal["A", "B", "C", "D"] | None = None
    autonomy: Literal["observe", "advise", "reduce_only", "bounded", "closed"] = "observe"
    inputs: tuple[DataSourceId, ...] = ()
    outputs: tuple[TagId, ...] = ()
    update_process: UpdateProcessId | None = None
    isolation_plan: IsolationPlanId | None = None
    disable_procedure: str | None = None
    vendor: VendorId | None = None
    stage: Literal["lab", "pilot", "production", "retired"] | None = None
    pilot_until: Day | None = None
    pilot_nodes: tuple[EdgeNodeId, ...] = ()
    asset: AssetId | None = None
    names: tuple[HostName, ...] = ()
    duties: Duties = Duties()

    def pilot_is_over(self, at: datetime) -> bool:
        """Whether it is a pilot past its last day."""
        return self.stage == "pilot" and not lasts(self.pilot_until, at)


class ModelVersion(Declared):
    """One version of a component's model.

    Attributes:
        component: the component it belongs to.
        manifest_digest: SHA-256 of its manifest, in hex.
        format: ``onnx``, ``safetensors``, ``tflite`` or another.
        framework: what it was made with.
        opset: of an ONNX model.
        training_data: references to the data it was trained on.
        metrics: name to value, as measured before release.
        limits_of_use: where it must not be used.
        golden_set_digest: SHA-256 of the inputs with known answers.
        input_sheet_digest: SHA-256 of the sheet of units, ranges and rates.
        model_card: where its card is.
    """

    component: ComponentId
    manifest_digest: Digest | None = None
    format: str | None = None
    framework: str | None = None
    opset: Annotated[int, Field(ge=1)] | None = None
    training_data: tuple[Text, ...] = ()
    metrics: dict[str, float] = Field(default_factory=dict)
    limits_of_use: str | None = None
    golden_set_digest: Digest | None = None
    input_sheet_digest: Digest | None = None
    model_card: str | None = None


class Connector(Declared):
    """Software that moves data between a source and a component.

    Attributes:
        version: what it runs.
        protocol: what it speaks.
        component: the component it serves.
        asset: the machine it runs on.
        identity: what it signs in as.
        credential: where its secret is kept; never the secret.
        sources: the approved sources it reads.
        direction: which way it moves data, seen from the plant.
        owner: who answers for it: exactly one is right.
    """

    version: str | None = None
    protocol: str | None = None
    component: ComponentId | None = None
    asset: AssetId | None = None
    identity: IdentityId | None = None
    credential: str | None = None
    sources: tuple[DataSourceId, ...] = ()
    direction: Literal["out", "in", "both"] | None = None
    owner: OneOrMore[OwnerId] = ()


class Posture(Part):
    """How an edge node should stand; a node's report is compared with it.

    Attributes:
        administrators: who may log in as one.
        listening_ports: TCP or UDP ports that may be open.
        removable_media: the rule for them.
        disk_encryption: whether disks are encrypted.
        secure_boot: whether the boot chain is verified.
        dependencies: libraries and drivers with their versions.
    """

    administrators: tuple[Text, ...] | None = None
    listening_ports: tuple[Annotated[int, Field(ge=0, le=65_535)], ...] | None = None
    removable_media: Literal["forbidden", "scanned", "allowed"] | None = None
    disk_encryption: bool | None = None
    secure_boot: bool | None = None
    dependencies: dict[str, str] = Field(default_factory=dict)


class EdgeNode(Declared):
    """A machine at the edge that runs releases.

    Attributes:
        asset: the machine.
        location: enterprise/site/area/work centre/work unit (ISA-95).
        hardware_ids: what it calls itself.
        public_key: the key it signs reports with, PEM.
        agent_version: the agent it runs.
        slots: how many releases it can hold.
        runtime_digest: SHA-256 of its model runtime.
        clock_quality: how far its clock is to be trusted.
        transport: how releases reach it.
        physical_access: who can touch it.
        posture: how it should stand.
        owner: who answers for it: exactly one is right.
    """

    asset: AssetId | None = None
    location: str | None = None
    hardware_ids: tuple[Text, ...] = ()
    public_key: str | None = None
    agent_version: str | None = None
    slots: Annotated[int, Field(ge=1)] | None = None
    runtime_digest: Digest | None = None
    clock_quality: Literal["synchronised", "free_running", "none"] | None = None
    transport: Literal["http", "dir", "usb", "diode"] | None = None
    physical_access: str | None = None
    posture: Posture = Posture()
    owner: OneOrMore[OwnerId] = ()
