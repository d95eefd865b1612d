"""mozilla-django-oidc in a Django site, as its documentation's quick start has it."""

import os
import secrets

import django
from django.conf import settings
from django.core.management import call_command
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.urls import include, path

issuer = os.environ["ISSUER"]

settings.configure(
    DEBUG=True,
    SECRET_KEY=secrets.token_hex(),
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "people.sqlite3"}},
    INSTALLED_APPS=[
        "django.contrib.auth",
        "mozilla_django_oidc",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    AUTHENTICATION_BACKENDS=["mozilla_django_oidc.auth.OIDCAuthenticationBackend"],
    OIDC_RP_CLIENT_ID=os.environ["CLIENT_ID"],
    OIDC_RP_CLIENT_SECRET=os.environ["CLIENT_SECRET"],
    OIDC_OP_AUTHORIZATION_ENDPOINT=f"{issuer}/oauth/authorize",
    OIDC_OP_TOKEN_ENDPOINT=f"{issuer}/oauth/token",
    OIDC_OP_USER_ENDPOINT=f"{issuer}/oauth/userinfo",
    OIDC_OP_JWKS_ENDPOINT=f"{issuer}/oauth/jwks",
    OIDC_RP_SIGN_ALGO="RS256",
    LOGIN_REDIRECT_URL="/",
    LOGOUT_REDIRECT_URL="/",
)

django.setup()


def home(request):
    if not request.user.is_authenticated:
        return HttpResponse('<a href="/oidc/authenticate/">Sign in</a>')
    field = f'<input type="hidden" name="csrfmiddlewaretoken" value="{get_token(request)}">'
    form = f'<form method="post" action="/oidc/logout/">{field}<button>Sign out</button></form>'
    return HttpResponse(f"<h1>Signed in</h1> {request.user.email} {form}")


urlpatterns = [path("oidc/", include("mozilla_django_oidc.urls")), path("", home)]

call_command("migrate", verbosity=0)
call_command("runserver", f"localhost:{os.environ['PORT']}", use_reloader=False)
