"""From findings to incidents that a person can act on: which, how urgent, and why.

The way of a finding:

``stages`` and ``deed`` read it; ``correlate`` links it to others (``traces``, ``hubs``,
``links``); ``assess`` finds its row (``corroboration``, ``impact`` with ``ratings`` and
``reach``, ``sanction``), and ``table`` says what the row deserves (``policy``, ``laws``).
``incidents`` folds findings, links and ``acts`` into incidents with a ``score``. ``story``
tells one (``events``, ``places``, ``counterfactual``), ``telling`` as text and ``plain`` as data;
``load`` says how much work they all make.
"""
