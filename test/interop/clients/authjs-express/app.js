/** Auth.js in an Express application, with a provider of its own. */
import { randomUUID } from 'node:crypto';
import express from 'express';
import { ExpressAuth, getSession } from '@auth/express';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, PORT } = process.env;

const configuration = {
  secret: randomUUID(),
  providers: [
    {
      id: 'frontdesk',
      name: 'Frontdesk',
      type: 'oidc',
      issuer: ISSUER,
      clientId: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
    },
  ],
};

const app = express();
app.set('trust proxy', true);
app.use('/auth/*', ExpressAuth(configuration));
app.get('/', async (request, response) => {
  const { user } = (await getSession(request, configuration)) ?? {};
  response.send(user ? `<h1>Signed in</h1> ${user.name} ${user.email}` : 'Not signed in');
});
app.listen(Number(PORT), 'localhost');
