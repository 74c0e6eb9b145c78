"""Who is on the water works' network; addresses as the plant declares them."""

from __future__ import annotations

from recording.namespaces import Host

TREATMENT_PLC = Host("treatment-plc", "192.168.40.11/24")
PUMP_PLC = Host("pump-plc", "192.168.40.12/24")
PANEL = Host("panel", "192.168.40.21/24", acknowledges_promptly=True)
CHLORINE_PLC = Host("chlorine-plc", "192.168.41.11/24")
WELL_RTU = Host("well-rtu", "172.16.8.11/24")
TANK_RTU = Host("tank-rtu", "172.16.8.12/24")
#: In the radio network's range, and nobody's.
STRANGER = Host("stranger", "172.16.8.99/24", acknowledges_promptly=True)
SCADA = Host("scada", "192.168.60.10/24", acknowledges_promptly=True)
ENGINEERING = Host("engineering-laptop", "192.168.61.40/24", acknowledges_promptly=True)
HISTORIAN = Host("historian", "192.168.70.10/24")
GATEWAY = Host("gateway", "192.168.70.20/24", acknowledges_promptly=True)
OPTIMISER = Host("optimiser", "192.168.80.10/24", acknowledges_promptly=True)
OFFICE_CLIENT = Host("office-client", "10.1.4.17/24", acknowledges_promptly=True)
PUMP_SERVICE = Host("pump-service", "10.200.0.5/24", acknowledges_promptly=True)
#: A public address, answered by a stand-in; no frame leaves this machine.
MODEL_HUB = Host("model-hub", "18.164.174.23/24")

HOSTS = (
    TREATMENT_PLC,
    PUMP_PLC,
    PANEL,
    CHLORINE_PLC,
    WELL_RTU,
    TANK_RTU,
    STRANGER,
    SCADA,
    ENGINEERING,
    HISTORIAN,
    GATEWAY,
    OPTIMISER,
    OFFICE_CLIENT,
    PUMP_SERVICE,
    MODEL_HUB,
)
