/** openid-client on Node's own server, as its README's quick start has it. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { randomUUID } from 'node:crypto';
import * as client from 'openid-client';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, URL: site, PORT } = process.env as Record<string, string>;

interface Session {
  codeVerifier?: string;
  idToken?: string;
  person?: { name?: string; email?: string };
}

const sessions = new Map<string, Session>();
const config = await client.discovery(new URL(ISSUER!), CLIENT_ID!, CLIENT_SECRET, undefined, {
  // The issuer of this run has no TLS.
  execute: [client.allowInsecureRequests],
});

function sessionOf(request: IncomingMessage, response: ServerResponse): Session {
  const [, known = ''] = /interop_session=([^;]+)/.exec(request.headers.cookie ?? '') ?? [];
  const found = sessions.get(known);
  if (found) return found;
  const [id, made] = [randomUUID(), {}];
  sessions.set(id, made);
  response.setHeader('Set-Cookie', `interop_session=${id}; HttpOnly; SameSite=Lax; Path=/`);
  return made;
}

async function signInAddress(session: Session): Promise<string> {
  session.codeVerifier = client.randomPKCECodeVerifier();
  const parameters = {
    redirect_uri: `${site}/callback`,
    scope: 'openid profile email',
    code_challenge: await client.calculatePKCECodeChallenge(session.codeVerifier),
    code_challenge_method: 'S256',
  };
  return client.buildAuthorizationUrl(config, parameters).href;
}

async function takeCode(session: Session, address: URL): Promise<void> {
  const tokens = await client.authorizationCodeGrant(config, address, { pkceCodeVerifier: session.codeVerifier! });
  const { name, email } = await client.fetchUserInfo(config, tokens.access_token, tokens.claims()!.sub);
  session.idToken = tokens.id_token!;
  session.person = { ...(name !== undefined && { name }), ...(email !== undefined && { email }) };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const session = sessionOf(request, response);
  const address = new URL(request.url!, site);
  const goTo = (location: string) => void response.writeHead(302, { Location: location }).end();
  switch (address.pathname) {
    case '/sign-in':
      return goTo(await signInAddress(session));
    case '/callback':
      await takeCode(session, address);
      return goTo('/');
    case '/sign-out': {
      const hint = { post_logout_redirect_uri: `${site}/`, id_token_hint: session.idToken! };
      delete session.person;
      return goTo(client.buildEndSessionUrl(config, hint).href);
    }
    default: {
      const { person } = session;
      response.setHeader('Content-Type', 'text/html');
      response.end(
        person
          ? `<h1>Signed in</h1> ${person.name} ${person.email} <a href="/sign-out">Sign out</a>`
          : '<a href="/sign-in">Sign in</a>',
      );
    }
  }
}

createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    console.error(error);
    response.writeHead(500).end(String(error));
  });
}).listen(Number(PORT), 'localhost');
