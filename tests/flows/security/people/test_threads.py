"""C-40: twenty people at once, in one process, on pooled connections and warm caches: every answer belongs to whoever
asked."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from iam.audit.log import AuditEvent
from tests.kit.worlds import oidc as oidc_world
from tests.kit.worlds.oidc import ISSUER, Application, Browser, World

PEOPLE, QUESTIONS, SEED = 20, 1460, 20260915
"""A question takes eleven eighths of a request on the average: so many are two thousand requests."""
SCOPE = "openid profile email roles offline_access"


class Somebody:
    """A person, their browser, and what an application holds of them; asks by turns and knows their own answers."""

    def __init__(self, world: World, n: int) -> None:
        self.name = f"henkilo{n:02}x"
        self.person_id = oidc_world.person(world, self.name)
        capacity = oidc_world.employ(world, self.person_id, "KOIVU", f"Opettaja {self.name}")
        oidc_world.give(world, self.person_id, "opettaja", "KOIVU", capacity)
        self.browser, self.application = Browser(world), Application(world)
        self.browser.sign_in(self.name)
        self.nobody = world.app.test_client()
        self.tokens: dict[str, Any] = self._redeemed(self._code())
        self.sub = str(oidc_world.verified(world, self.tokens["id_token"], "JWT")["sub"])

    def _code(self) -> str:
        return oidc_world.answer(self.browser.informed(self.browser.authorize("wilma", scope=SCOPE, state=self.name)))[
            "code"
        ]

    def _redeemed(self, code: str) -> dict[str, Any]:
        found: dict[str, Any] = self.application.redeem(code).get_json()
        return found

    def ask(self, kind: int) -> str:
        """Ask one thing; what is wrong with the answer, empty when it is mine."""
        match kind:
            case 0:
                page = self.browser.get("/account").text
                wrong = "" if self.name in page else "my account is another's"
                return wrong or self._others(page)
            case 1:
                said = self.application.userinfo(self.tokens["access_token"]).get_json()
                return (
                    ""
                    if (said["sub"], said["preferred_username"]) == (self.sub, self.name)
                    else f"userinfo says {said}"
                )
            case 2:
                said = self.application.introspect(self.tokens["access_token"])
                return "" if said.get("sub") == self.sub else f"introspection says {said}"
            case 3:
                said = self.application.refresh(self.tokens["refresh_token"]).get_json()
                self.tokens = self.tokens | said
                return self._others(json.dumps(said)) if "access_token" in said else f"refresh says {said}"
            case 4:
                told = oidc_world.answer(self.browser.authorize("wilma", scope=SCOPE, state=self.name))
                said = self.application.userinfo(self._redeemed(told["code"])["access_token"]).get_json()
                return (
                    ""
                    if (told["state"], said["sub"]) == (self.name, self.sub)
                    else f"a code of {said} for state {told['state']}"
                )
            case 5:
                # Whoever leaves in the middle, with nothing read of the answer, leaves nothing of theirs behind.
                self.browser.http.get(
                    "/account", base_url=ISSUER, headers={"Accept": "text/html"}, buffered=False
                ).close()
                return self._others(self.nobody.get("/login", base_url=ISSUER, headers={"Accept": "text/html"}).text)
            case 6:
                answer = self.nobody.get("/account", base_url=ISSUER, headers={"Accept": "text/html"})
                return "" if answer.status_code == 303 else "nobody sees an account"
            case _:
                refused = self.application.userinfo(self.tokens["access_token"][:-4] + "AAAA")
                return "" if refused.status_code == 401 else "a spoilt token is answered"

    def _others(self, text: str) -> str:
        others = set(re.findall(r"henkilo\d\dx", text)) - {self.name}
        return f"an answer to {self.name} tells of {others}" if others else ""


def test_c_40_of_two_thousand_mixed_requests_of_twenty_people_every_answer_belongs_to_its_caller(
    provider: World,
) -> None:
    people = [Somebody(provider, n) for n in range(PEOPLE)]
    assert len({one.sub for one in people}) == PEOPLE

    def run(one: Somebody) -> list[str]:
        chance = Random(f"{SEED} {one.name}")
        return [one.ask(chance.randrange(8)) for _ in range(QUESTIONS // PEOPLE)]

    with ThreadPoolExecutor(10) as pool:
        found = [answer for answers in pool.map(run, people) for answer in answers]
    assert len(found) == QUESTIONS
    assert [wrong for wrong in found if wrong] == []
    with Session(provider.engine) as session:
        events = session.execute(
            select(AuditEvent.type, AuditEvent.subject_id, AuditEvent.envelope).where(
                AuditEvent.type.startswith("oidc:")
            )
        ).all()
    assert {subject for kind, subject, _ in events if kind == "oidc:userinfo:disclosed"} == {
        one.person_id for one in people
    }
    assert not [event for event in events if "avs_" in str(event) or "avr_" in str(event)]
