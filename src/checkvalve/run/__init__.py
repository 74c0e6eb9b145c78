"""Where it runs: the pipeline in one process, from captures to recorded findings.

``observing`` makes windows and records, ``learning`` a baseline, ``watching`` findings and
incidents; ``auditing`` asks what stands: rule sets, records, sign-ins.
"""
