/** passport-openidconnect in an Express application, as its README has it. */
import { randomUUID } from 'node:crypto';
import express from 'express';
import session from 'express-session';
import passport from 'passport';
import OpenIDConnectStrategy from 'passport-openidconnect';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, URL: site, PORT } = process.env;

const strategy = new OpenIDConnectStrategy(
  {
    issuer: ISSUER,
    authorizationURL: `${ISSUER}/oauth/authorize`,
    tokenURL: `${ISSUER}/oauth/token`,
    userInfoURL: `${ISSUER}/oauth/userinfo`,
    clientID: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    callbackURL: `${site}/cb`,
    scope: ['profile', 'email'],
  },
  (issuer, profile, done) => done(null, profile),
);
passport.use(strategy);
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));

const app = express();
app.use(session({ secret: randomUUID(), resave: false, saveUninitialized: false }));
app.use(passport.session());
app.get('/login', passport.authenticate('openidconnect'));
app.get('/cb', passport.authenticate('openidconnect'), (request, response) => response.redirect('/'));
app.get('/logout', (request, response, next) => {
  request.logout((error) => (error ? next(error) : response.redirect('/')));
});
app.get('/', ({ user }, response) => {
  const person = user && `${user.displayName} ${user.emails?.[0]?.value}`;
  response.send(
    person ? `<h1>Signed in</h1> ${person} <a href="/logout">Sign out</a>` : '<a href="/login">Sign in</a>',
  );
});
app.listen(PORT, 'localhost');
