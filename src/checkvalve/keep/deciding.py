"""What people and the program decide: into the store, and as lines of the ledger's chain.

A line is chained in the transaction that records what was decided, and reaches the ledger's
file afterwards; until then it waits in the outbox. A crash between the two loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, assert_never

from sqlalchemy import Connection, Table, delete, insert, select, update

from checkvalve import chain
from checkvalve.chain import Entry, Head
from checkvalve.errors import UsageError
from checkvalve.keep.acts import Act, BaselineApproval, BaselineProposal, IncidentAct, act_id
from checkvalve.keep.codec import cleaned
from checkvalve.keep.tables import ACTS, APPROVALS, BASELINES, COVERED, OUTBOX, POSITION


class Decisions:
    """What may be decided while a transaction is open.

    Args:
        connection: in a transaction.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(self, act: Act) -> bool:
        """Records what a person decided.

        Returns:
            False when the same act was recorded before.

        Raises:
            UsageError: it approves a baseline that nobody proposed.
        """
        match act:
            case IncidentAct():
                return self.act(act)
            case BaselineProposal():
                return self.propose(act)
            case BaselineApproval():
                return self.approve(act)
            case _:
                assert_never(act)

    def act(self, act: IncidentAct) -> bool:
        """Records what a person decided on an incident, and decides the ledger's line.

        Returns:
            False when the same act was recorded before.
        """
        id_ = act_id(act)
        if self._known(ACTS, id_):
            return False
        row = {"deed": act.deed, "incident": act.incident, "who": act.who, "why": act.why}
        times = {"at": act.at, "until": act.until}
        line = self.decide([act.entry()]).count
        self._connection.execute(insert(ACTS), {"id": id_, "line": line} | row | times)
        many(
            self._connection,
            COVERED,
            [
                {"act": id_, "place": place, "finding": finding}
                for place, finding in enumerate(act.findings)
            ],
        )
        return True

    def propose(self, proposal: BaselineProposal) -> bool:
        """Puts a learnt state beside the others of its name.

        Returns:
            False when the same state was proposed before.
        """
        if self._proposed(proposal.name, proposal.digest):
            return False
        words = {"name": proposal.name, "digest": proposal.digest, "state": proposal.state}
        words |= {"who": proposal.who, "why": proposal.why}
        self._connection.execute(insert(BASELINES), words | {"at": proposal.at})
        self.decide([proposal.entry()])
        return True

    def approve(self, approval: BaselineApproval) -> bool:
        """Makes a proposed state the one that is judged against.

        Returns:
            False when the same approval was recorded before.

        Raises:
            UsageError: no such state was proposed.
        """
        if not self._proposed(approval.name, approval.digest):
            raise UsageError(
                f"no baseline {approval.name} with digest {approval.digest} was proposed",
                hint="'checkvalve baseline show' lists those that were",
            )
        id_ = act_id(approval)
        if self._known(APPROVALS, id_):
            return False
        line = self.decide([approval.entry()]).count
        words = {"id": id_, "name": approval.name, "digest": approval.digest}
        words |= {"who": approval.who, "why": approval.why}
        self._connection.execute(insert(APPROVALS), words | {"line": line, "at": approval.at})
        return True

    def decide(self, entries: Iterable[Entry]) -> Head:
        """Chains entries to the ledger; its file has them once the transaction is committed.

        Returns:
            The head after them.
        """
        count, digest = self._connection.execute(
            select(POSITION.c.ledger_count, POSITION.c.ledger_digest)
        ).one()
        head, lines = Head(count, digest), []
        for entry in entries:
            line, head = chain.append(head, cleaned(entry))
            lines.append({"number": head.count, "line": line.decode()})
        if lines:
            many(self._connection, OUTBOX, lines)
            self._connection.execute(
                update(POSITION).values(ledger_count=head.count, ledger_digest=head.digest)
            )
        return head

    def written(self, count: int) -> None:
        """Forgets the lines that the ledger's file has: those up to number ``count``."""
        self._connection.execute(delete(OUTBOX).where(OUTBOX.c.number <= count))

    def _proposed(self, name: str, digest: str) -> bool:
        question = select(BASELINES.c.name).where(
            BASELINES.c.name == name, BASELINES.c.digest == digest
        )
        return self._connection.scalar(question) is not None

    def _known(self, table: Table, id_: str) -> bool:
        return self._connection.scalar(select(table.c.id).where(table.c.id == id_)) is not None


def many(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Inserts rows; none is no question."""
    if rows:
        connection.execute(insert(table), rows)
