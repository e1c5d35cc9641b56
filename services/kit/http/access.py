"""Every route says who may call it; a route that says nothing refuses to be served."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, g, request

from services.kit import identity
from services.kit.errors import Forbidden, Unauthenticated

View = TypeVar("View", bound=Callable[..., Any])

PUBLIC = frozenset({"public"})
_ATTRIBUTE = "__access__"


def access(*roles: str) -> Callable[[View], View]:
    """Declare the roles that may call a view; the check runs before the input is even parsed."""
    unknown = set(roles) - set(identity.ROLES)
    if unknown or not roles:
        raise ValueError(f"access() needs roles we know, not {sorted(unknown)}")

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            actor = identity.current_actor()
            if actor.role not in roles:
                raise Forbidden(
                    f"This is not open to your role ({actor.role}).",
                    f"您的角色（{identity.ROLE_NAMES_ZH[actor.role]}）无权使用此功能。",
                )
            return view(*args, **kwargs)

        setattr(guarded, _ATTRIBUTE, frozenset(roles))
        return guarded  # type: ignore[return-value]

    return decorate


def public(view: View) -> View:
    """Declare that anybody may call a view."""
    setattr(view, _ATTRIBUTE, PUBLIC)
    return view


def declared(view: Callable[..., Any]) -> frozenset[str] | None:
    """Return the roles a view declares (`PUBLIC` for anybody), or None where it declares nothing."""
    return getattr(view, _ATTRIBUTE, None)


def guard(app: Flask) -> None:
    """Read the bearer token of each request, and refuse to serve a view that declares no access."""

    verifier = identity.Verifier(app.extensions["doorstep"].settings.verify_key)

    @app.before_request
    def authenticate() -> None:
        if request.endpoint is None:
            return
        roles = declared(current_app.view_functions[request.endpoint])
        if roles is None:
            raise RuntimeError(f"{request.endpoint} declares no access")
        if roles == PUBLIC:
            return
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated(
                "Please sign in: this needs an access token in the Authorization header.",
                "请先登录：请求需在 Authorization 头中携带访问令牌。",
            )
        g.actor = verifier.actor(token.strip())
