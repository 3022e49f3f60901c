"""Agreements between legal entities and their clauses: the ceilings of rights that cross from one entity to another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from iam.database.base import Base, FactVersion, key, open_index, refers_to, valid
from iam.texts import LANGUAGES, Wording, worded


class Agreement(Base):
    """An agreement; whether it is live is computed from its terms and signatures, never stored.

    Notice is given with ``notice_months`` by the calendar, or ``notice_days``. ``review_on`` is the day by which it is
    looked at again. ``annexes`` are file names and SHA-256 only: the files are kept with the case. ``supervision`` says
    how uses are sampled, ``supervised_by`` who does that, and every how many months it is reported
    (``report_months``). ``processing`` is what the annex on the processing of personal data says. ``cancelled_on`` is
    the day on which it was given up before it was in force, with the reason. ``purpose`` is as it was decided,
    ``purpose_names`` the same by language where it is said in several.
    """

    __tablename__ = "agreement"

    id: Mapped[UUID] = key()
    key: Mapped[str] = mapped_column(unique=True)
    case_number: Mapped[str]
    decision: Mapped[dict[str, Any]]
    purpose: Mapped[str]
    legal_basis: Mapped[dict[str, Any]]
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    notice_months: Mapped[int | None]
    notice_days: Mapped[int | None]
    review_on: Mapped[date | None]
    supervision: Mapped[str | None]
    supervised_by: Mapped[str | None]
    report_months: Mapped[int | None]
    processing: Mapped[dict[str, Any] | None]
    annexes: Mapped[list[Any]] = mapped_column(default=list)
    cancelled_on: Mapped[date | None]
    cancelled_because: Mapped[str | None]
    purpose_names: Mapped[dict[str, Any] | None]

    @property
    def purpose_said(self) -> Wording:
        """The purpose as one text, or by language."""
        return self.purpose_names or self.purpose


def purpose_columns(said: Wording) -> dict[str, Any]:
    """Return a purpose as the columns of an agreement: as decided, and by language where it is said in several."""
    names = dict(said) if isinstance(said, Mapping) else None
    return {"purpose": worded(said, LANGUAGES[0]), "purpose_names": names}


class AgreementAmendment(Base):
    """By what an agreement was amended after it was signed: a decision of its own (``decision``, as an agreement's), or
    the ``delegation`` under which it needed none. ``n`` counts from 1 in the agreement."""

    __tablename__ = "agreement_amendment"
    __table_args__ = (UniqueConstraint("agreement_id", "n"),)

    id: Mapped[UUID] = key()
    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"))
    n: Mapped[int]
    decision: Mapped[dict[str, Any] | None]
    delegation: Mapped[str | None]
    opened_by: Mapped[UUID]


class AgreementTemplate(Base):
    """What agreements of one kind say, before anybody is named: ``body`` holds the places of its parties and the
    clauses between places."""

    __tablename__ = "agreement_template"

    id: Mapped[UUID] = key()
    key: Mapped[str] = mapped_column(unique=True)
    name_fi: Mapped[str]
    name_sv: Mapped[str]
    name_en: Mapped[str]
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    body: Mapped[dict[str, Any]]

    def name(self, language: str) -> str:
        """The name in ``language`` (fi, sv or en)."""
        return {"fi": self.name_fi, "sv": self.name_sv}.get(language, self.name_en)


class AgreementTerm(FactVersion, Base):
    """When an agreement is in force; joined at every read, so that ending it is one row and is felt at once.

    ``all_sign``: no clause lives while anybody who is named as a party has not signed (a condition precedent).
    """

    __tablename__ = "agreement_term"
    __table_args__ = (valid(), open_index("fact_id", unique=True), open_index("agreement_id"))

    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"))
    all_sign: Mapped[bool] = mapped_column(default=False)


class AgreementParty(FactVersion, Base):
    """A legal entity as a party for a time: its role (controller, processor, joint) and its own signature.

    ``signed_by``, ``document_number`` and, of an electronic signature, ``signing_service`` are as the party told them.
    A party is *in* from ``in_from``, the later of its signature (00:00 of that day in Helsinki) and ``valid_from``, to
    ``valid_to``; without a signature it is not in, and ``in_from`` is empty. The others' signatures do not matter to
    it. ``notice_on`` is the day on which it gave notice.
    """

    __tablename__ = "agreement_party"
    __table_args__ = (
        valid(),
        open_index("fact_id", unique=True),
        open_index("agreement_id", "legal_entity_id", unique=True),
    )

    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"))
    legal_entity_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    role: Mapped[str]
    signed_on: Mapped[date | None]
    signed_by: Mapped[str | None]
    document_number: Mapped[str | None]
    signing_service: Mapped[str | None]
    in_from: Mapped[datetime | None]
    notice_on: Mapped[date | None]


class AgreementSuspension(FactVersion, Base):
    """A time in which an agreement gives nothing, as one of its parties asked, with the reason; lifted, it ends."""

    __tablename__ = "agreement_suspension"
    __table_args__ = (valid(), open_index("fact_id", unique=True), open_index("agreement_id"))

    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"))
    legal_entity_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    reason: Mapped[str]


class AgreementReminder(Base):
    """That an agreement's last day was told so many days before: to the ``holders``, who answer for its parties, or to
    the ``people`` under it."""

    __tablename__ = "agreement_reminder"

    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"), primary_key=True)
    last_day: Mapped[date] = mapped_column(primary_key=True)
    days: Mapped[int] = mapped_column(primary_key=True)
    whom: Mapped[str] = mapped_column(primary_key=True)


class AgreementClause(Base):
    """What the grantor allows people of the grantee in a scope; immutable: a change closes it and opens another.

    ``over_area``: the scope is an area, and the clause holds in what it covers of the grantor.
    ``relationship_kind`` is what must exist live between holder and person at use; ``weaker_accepted_by`` who accepted,
    on which day, that roles under the clause are enforced otherwise. ``amendment_id`` is by what it was made or altered
    after the agreement was signed.
    """

    __tablename__ = "agreement_clause"
    __table_args__ = (
        UniqueConstraint("agreement_id", "n"),
        Index(None, "grantee_id", "grantor_id"),
    )

    id: Mapped[UUID] = key()
    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"))
    n: Mapped[int]
    grantor_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    grantee_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    scope_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    with_descendants: Mapped[bool]
    over_area: Mapped[bool] = mapped_column(default=False)
    relationship_kind: Mapped[str | None]
    weaker_accepted_by: Mapped[str | None]
    weaker_accepted_on: Mapped[date | None]
    amendment_id: Mapped[UUID | None] = refers_to("agreement_amendment.id")
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime]
    opened_by: Mapped[UUID]
    closed_by: Mapped[UUID | None]


class ClauseContent(Base):
    """An occupation, a data group and an operation that a clause allows."""

    __tablename__ = "clause_content"

    clause_id: Mapped[UUID] = mapped_column(ForeignKey("agreement_clause.id"), primary_key=True)
    occupation: Mapped[str] = mapped_column(primary_key=True)
    data_group: Mapped[str] = mapped_column(primary_key=True)
    operation: Mapped[str] = mapped_column(primary_key=True)
