"""The web application, put together and nothing else."""

from __future__ import annotations

import gc
import os
import signal
import threading
from importlib.metadata import entry_points
from multiprocessing import parent_process
from pathlib import Path

from flask import Flask
from werkzeug.wrappers import Response

from iam import sealed, settings as settings_module
from iam.api.endpoints import blueprint as api, caller, document
from iam.database.engine import make_engine
from iam.ephemeral import generations
from iam.oidc.endpoints import blueprint as oidc
from iam.settings import Settings
from iam.signin import step_up
from iam.signin.endpoints import blueprint as signin
from iam.signin.factors import levels
from iam.signin.federation import reach
from iam.vault import Vault
from iam.web import context, errors, extension, guard, headers, pages
from iam.web.application import Application
from iam.web.edge import limits, logging, metrics
from iam.web.edge.door import Door
from iam.web.forms import csrf
from iam.web.guard import public
from iam.web.redirect import see_other

GROUP = "iam.blueprints"


def create_app(settings: Settings | None = None) -> Flask:
    """Return the application; raises ``guard.UndeclaredRoute`` when a route does not say who may use it."""
    settings = settings or settings_module.load()
    web = Path(pages.__file__).parent
    app = Application("iam.web", root_path=str(web), static_folder="static", template_folder="templates")
    vault = Vault.open(settings.vault.key_file)
    redis = settings.redis.url.get_secret_value() if settings.redis.url else None
    extension.init(app, extension.Parts(settings, vault, generations(redis)))
    limits.init(app)
    logging.init(app)
    metrics.init(app)
    errors.init(app)
    document.init(app)
    caller.init(app)
    guard.init(app, levels.reaches, step_up.unproved, reach.administered)
    csrf.init(app, settings, vault.derive("forms"))
    pages.init(app)
    headers.init(app)
    _mount(app)
    guard.check(app)
    return app


def rsgi() -> Door:
    """Return the application behind its door, for a worker process of the server; the worker ends when the server is
    gone."""
    settings = settings_module.load()
    logging.configure(settings.log_level)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    _look_at_the_key(settings)
    app = create_app(settings)
    # What was made until now stays for good: looking for garbage in it would cost a tenth of every request.
    gc.collect()
    gc.freeze()
    return Door(app, settings.listen)


def _look_at_the_key(settings: Settings) -> None:
    """Raise ``VaultError`` when the key file is gone or changed since the service was started: none is ever made
    here."""
    engine = make_engine(settings.database.url.get_secret_value(), pool_size=1)
    sealed.vault(settings.vault.key_file, engine)
    engine.dispose()


def _mount(app: Flask) -> None:
    app.get("/")(_home)
    app.get("/healthz")(_healthz)
    app.register_blueprint(signin)
    app.register_blueprint(oidc)
    app.register_blueprint(api)
    for entry_point in sorted(entry_points(group=GROUP), key=lambda found: found.name):
        app.register_blueprint(entry_point.load())


@public
def _home() -> Response:
    return see_other("/account" if context.login() else "/login")


@public
@guard.read_only
def _healthz() -> str:
    return "ok\n"


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
