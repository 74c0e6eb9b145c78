"""The reference pages in ``docs/``, made from what the code says of itself.

``python -m reference`` fills the blocks of every page. A block stands between two remarks that
no reader sees, such as ``<!-- made: rule scan -->`` and ``<!-- end -->``; what stands outside is
written by hand and stays. A rule or a protocol that has no page yet gets one.
"""
