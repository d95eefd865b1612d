"""Flask-pyoidc, which uses pyoidc, as its documentation has it."""

import os
import secrets

from flask import Flask, session
from flask_pyoidc import OIDCAuthentication
from flask_pyoidc.provider_configuration import ClientMetadata, ProviderConfiguration
from flask_pyoidc.user_session import UserSession

site = os.environ["URL"]
client = ClientMetadata(
    os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"], post_logout_redirect_uris=[f"{site}/logout"]
)
provider = ProviderConfiguration(
    issuer=os.environ["ISSUER"],
    client_metadata=client,
    auth_request_params={"scope": ["openid", "email", "profile"]},
)

app = Flask(__name__)
app.config.update(OIDC_REDIRECT_URI=f"{site}/redirect_uri", SECRET_KEY=secrets.token_hex())
auth = OIDCAuthentication({"frontdesk": provider}, app)


@app.route("/")
@auth.oidc_auth("frontdesk")
def home():
    person = UserSession(session).userinfo
    return f'<h1>Signed in</h1> {person.get("name")} {person.get("email")} <a href="/logout">Sign out</a>'


@app.route("/logout")
@auth.oidc_logout
def logout():
    return "Not signed in"


app.run(host="localhost", port=int(os.environ["PORT"]))
