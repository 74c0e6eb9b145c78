"""Who is on the packaging line's network; addresses as the plant declares them."""

from __future__ import annotations

from recording.namespaces import Host

LINE_PLC = Host("line-plc", "10.20.1.10/24", acknowledges_promptly=True)
FILLER_PLC = Host("filler-plc", "10.20.1.11/24")
HMI = Host("hmi", "10.20.1.20/24", acknowledges_promptly=True)
CAMERA = Host("camera", "10.20.2.10/24", acknowledges_promptly=True)
EDGE_NODE = Host("edge-node", "10.20.2.20/24", acknowledges_promptly=True)
SAFETY_CONTROLLER = Host("safety-controller", "10.20.3.10/24")
MES = Host("mes", "10.20.10.10/24", acknowledges_promptly=True)
QUALITY = Host("quality", "10.20.10.11/24", acknowledges_promptly=True)
ENGINEERING = Host("engineering-workstation", "10.20.20.10/24", acknowledges_promptly=True)
HISTORIAN = Host("historian", "10.20.30.10/24")
JUMP_HOST = Host("jump-host", "10.20.30.20/24", acknowledges_promptly=True)
NAME_SERVER = Host("name-server", "10.20.30.53/24")
AI_PLATFORM = Host("ai-platform", "10.20.40.10/24")
OFFICE_PC = Host("office-pc", "10.50.0.30/24", acknowledges_promptly=True)
VENDOR_LAPTOP = Host("vendor-laptop", "10.99.0.7/24", acknowledges_promptly=True)
#: A public address, answered by a stand-in; no frame leaves this machine.
AI_SERVICE = Host("ai-service", "162.159.140.245/24")

HOSTS = (
    LINE_PLC,
    FILLER_PLC,
    HMI,
    CAMERA,
    EDGE_NODE,
    SAFETY_CONTROLLER,
    MES,
    QUALITY,
    ENGINEERING,
    HISTORIAN,
    JUMP_HOST,
    NAME_SERVER,
    AI_PLATFORM,
    OFFICE_PC,
    VENDOR_LAPTOP,
    AI_SERVICE,
)
