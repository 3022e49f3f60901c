"""The plan Form Post OP (oidcc-formpost-basic-certification-test-plan): the modules of Basic, answered by posted
forms."""

from __future__ import annotations

from tests.flows.suite.basic_modules import BasicModules


class TestFormPost(BasicModules):
    """Answers come in a form that posts itself."""

    mode = "form_post"
