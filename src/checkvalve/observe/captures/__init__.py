"""From a capture's octets to conversations: files, frames, fragments, streams.

The way of a packet, a file a step::

    files          octets by magic, unwrapped, as one buffer after another
    formats        pcap and pcapng records: where each frame lies, and when
    frames         link layers, tunnels and IP: who, to whom, and the payload
    fragments      IP fragments put together
    conversations  who talks with whom; flow rows
    streams        TCP segments in order; gaps named

``observe/dissector.py`` does all of it, with protocols on top, as Arrow record batches.
"""
