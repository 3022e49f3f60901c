"""The site's two pages: one for whoever is signed in, one for everybody."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token


@login_required
def front(request: HttpRequest) -> JsonResponse:
    """Tell who is here, what she may do, and what a form must send back."""
    user = request.user
    told = {"name": user.get_full_name(), "username": user.username, "roles": request.session["roles"]}
    return JsonResponse(told | {"csrf": get_token(request)})


def open_to_all(_request: HttpRequest) -> HttpResponse:
    """Answer everybody."""
    return HttpResponse("open")
