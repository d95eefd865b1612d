"""Authlib in a Flask application, as its documentation's "Flask OAuth Client" has it."""

import os
import secrets

from authlib.integrations.flask_client import OAuth
from flask import Flask, redirect, session, url_for

app = Flask(__name__)
app.secret_key = secrets.token_hex()
app.config["FRONTDESK_CLIENT_ID"] = os.environ["CLIENT_ID"]
app.config["FRONTDESK_CLIENT_SECRET"] = os.environ["CLIENT_SECRET"]

oauth = OAuth(app)
oauth.register(
    name="frontdesk",
    server_metadata_url=os.environ["ISSUER"] + "/.well-known/openid-configuration",
    client_kwargs={"scope": "openid email profile"},
)


@app.route("/")
def home():
    user = session.get("user")
    if user is None:
        return '<a href="/login">Sign in</a>'
    return f'<h1>Signed in</h1> {user.get("name")} {user.get("email")} <a href="/logout">Sign out</a>'


@app.route("/login")
def login():
    return oauth.frontdesk.authorize_redirect(url_for("authorize", _external=True))


@app.route("/authorize")
def authorize():
    token = oauth.frontdesk.authorize_access_token()
    session["user"] = token["userinfo"]
    session["id_token"] = token["id_token"]
    return redirect("/")


@app.route("/logout")
def logout():
    hint = session.pop("id_token", None)
    session.pop("user", None)
    return oauth.frontdesk.logout_redirect(url_for("home", _external=True), id_token_hint=hint)
