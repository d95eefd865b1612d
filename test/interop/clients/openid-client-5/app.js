/** openid-client 5, which many applications still use, as its README's quick start has it. */
import { randomUUID } from 'node:crypto';
import express from 'express';
import sessions from 'express-session';
import { Issuer, generators } from 'openid-client';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, URL: site, PORT } = process.env;

const issuer = await Issuer.discover(ISSUER);
const client = new issuer.Client({
  client_id: CLIENT_ID,
  client_secret: CLIENT_SECRET,
  redirect_uris: [`${site}/callback`],
  response_types: ['code'],
});

const app = express();
app.use(sessions({ secret: randomUUID(), resave: false, saveUninitialized: true }));
app.get('/sign-in', ({ session }, response) => {
  session.codeVerifier = generators.codeVerifier();
  const address = client.authorizationUrl({
    scope: 'openid email profile',
    code_challenge: generators.codeChallenge(session.codeVerifier),
    code_challenge_method: 'S256',
  });
  response.redirect(address);
});
app.get('/callback', async (request, response) => {
  const { session } = request;
  const checks = { code_verifier: session.codeVerifier };
  session.tokens = await client.callback(`${site}/callback`, client.callbackParams(request), checks);
  session.person = await client.userinfo(session.tokens.access_token);
  response.redirect('/');
});
app.get('/sign-out', ({ session }, response) => {
  delete session.person;
  const back = { id_token_hint: session.tokens.id_token, post_logout_redirect_uri: `${site}/` };
  response.redirect(client.endSessionUrl(back));
});
app.get('/', ({ session: { person } }, response) => {
  const words = person && `<h1>Signed in</h1> ${person.name} ${person.email} <a href="/sign-out">Sign out</a>`;
  response.send(words ?? '<a href="/sign-in">Sign in</a>');
});
app.listen(Number(PORT), 'localhost');
