"""What is done: from a finding to an incident, and from an incident to a verified action.

``triage`` decides what deserves whose attention, and says why; ``exports`` writes verdicts for
other systems.
"""
