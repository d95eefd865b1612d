/** Every setting as people read it: the table of docs/operate.md and of `frontdesk settings`. */

interface Setting {
  name: string;
  /** As a person reads it. */
  default: string;
  about: string;
  isSecret?: boolean;
}

/** In the order of the table. A secret may also be given as the path of a file, in `<name>_FILE`. */
export const settings: readonly Setting[] = [
  {
    name: 'ISSUER',
    default: 'http://localhost:4000',
    about:
      'The address of this deployment: scheme, host and port, no path. Apps and passkeys are bound to it for good.',
  },
  { name: 'PORT', default: "the issuer's port", about: 'TCP port to listen on.' },
  { name: 'HOST', default: '127.0.0.1 for a local issuer, else ::', about: 'Address to listen on.' },
  {
    name: 'DATABASE_URL',
    default: 'the embedded database',
    about: 'A PostgreSQL server (15 or newer): `postgres://user:password@host:5432/name`.',
    isSecret: true,
  },
  { name: 'DATABASE_POOL', default: '10', about: 'Most database connections of this process.' },
  { name: 'DATA_DIR', default: './data', about: 'Folder of the embedded database and of kept secrets (mode 0700).' },
  {
    name: 'SECRET',
    default: 'made and kept in DATA_DIR for a local issuer',
    about:
      'Root secret that cookies, stored ids and signing keys are protected with; make one with `frontdesk secret`. How to replace it: docs/operate.md.',
    isSecret: true,
  },
  {
    name: 'TRUSTED_PROXIES',
    default: '0',
    about: 'How many reverse proxies in front of this process add to X-Forwarded-For.',
  },
  {
    name: 'OUTGOING_ALLOWED_HOSTS',
    default: 'none',
    about:
      'Hosts of apps that Frontdesk may call (sign-out notices, keys) although they are private, on http or on another port than 443: `app.internal,*.localhost`. All others must be public and on https.',
  },
  { name: 'RATE_LIMIT_FACTOR', default: '1', about: 'Multiplies every rate limit; for tests and load generators.' },
  {
    name: 'CLIENT_REGISTRATION',
    default: 'off',
    about:
      '`token`: apps may register themselves (RFC 7591, RFC 7592) with a token from `frontdesk registration-tokens create`. `off`: nobody can.',
  },
  {
    name: 'CONFORMANCE_PROFILE',
    default: 'false',
    about:
      '`true`, or on a public address the issuer once more, for runs of the OpenID conformance suite; never in production: implicit and hybrid flow, requests by POST, unsigned request objects, no PKCE for clients that ask so.',
  },
  { name: 'LOG_LEVEL', default: 'info', about: '`debug`, `info`, `warn`, `error` or `silent`.' },
];
