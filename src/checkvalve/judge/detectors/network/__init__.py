"""Network detectors: what differs from the learnt traffic of a site.

One cause is one finding. Who reports what, when several could:

- ``scan`` before ``new_talker``, ``new_conversation``, ``new_function`` and
  ``unlike_peers``: probes of a source that scans are told once, by ``scan``. A command is
  never only a probe.
- ``new_talker`` before ``new_conversation``: a source that never spoke is one question.
- ``new_conversation`` before ``new_function``, ``new_writer`` and ``new_range``: what is new
  altogether has no new function, no first write and no new addresses. A device that is new
  on a known conversation is a new conversation.
- ``new_writer`` before ``new_function``: the first command on a conversation that only read.
- ``new_function`` before ``new_range``: addresses are compared for known functions alone.
- ``lost_conversation`` and ``unanswered_requests`` never meet: who still asks is not lost.
"""
