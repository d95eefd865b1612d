/** express-openid-connect in an Express application, as its README has it. */
import { randomUUID } from 'node:crypto';
import express from 'express';
import { auth } from 'express-openid-connect';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, URL: site, PORT } = process.env;

const app = express();
app.use(
  auth({
    issuerBaseURL: ISSUER,
    baseURL: site,
    clientID: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    secret: randomUUID(),
    idpLogout: true,
    authRequired: false,
    // Without a secret the library requests only an ID token, by the implicit flow.
    authorizationParams: { response_type: 'code', scope: 'openid profile email' },
  }),
);
app.get('/', ({ oidc: { user } }, response) => {
  const person = user && `${user.name} ${user.email}`;
  response.send(
    person ? `<h1>Signed in</h1> ${person} <a href="/logout">Sign out</a>` : '<a href="/login">Sign in</a>',
  );
});
app.listen(PORT, 'localhost');
