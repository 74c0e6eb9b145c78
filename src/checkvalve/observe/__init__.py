"""What is seen: captures, protocols, and the samples that a tag map makes of them.

``captures`` follows conversations and streams, ``protocols`` reads their messages, and
``dissector`` does both; ``words`` and ``batches`` turn the kernels' numbers into records.
"""
