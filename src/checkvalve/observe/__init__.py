"""What is seen: captures, protocols, samples of tags; rule sets of firewalls; sign-ins.

``captures`` follows conversations and streams, ``protocols`` reads their messages, and
``dissector`` does both; ``words`` and ``batches`` turn the kernels' numbers into records.
``firewalls`` reads rule sets to one neutral form, ``sign_ins`` logs of who came in.
"""
