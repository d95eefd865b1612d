/** Every setting with its description, for the table of docs/operate.md and for `frontdesk settings`. */

interface Setting {
  name: string;
  /** The default, as text for the table. */
  default: string;
  about: string;
  /** Whether the value is secret: `<name>_FILE` may name a file that holds it. */
  isSecret?: boolean;
}

/** All settings, in the order of the table. */
export const settings: readonly Setting[] = [
  {
    name: 'ISSUER',
    default: 'http://localhost:4000',
    about: 'The issuer: scheme, host and port, no path. It cannot change, because apps are bound to it.',
  },
  { name: 'PORT', default: "the issuer's port", about: 'TCP port to listen on.' },
  { name: 'HOST', default: '127.0.0.1 for a local issuer, else ::', about: 'Address to listen on.' },
  {
    name: 'DATABASE_URL',
    default: 'the embedded database',
    about: 'A PostgreSQL server (15 or newer): `postgres://user:password@host:5432/name`.',
    isSecret: true,
  },
  { name: 'DATABASE_POOL', default: '10', about: 'Maximum number of database connections of each process.' },
  {
    name: 'DATA_DIR',
    default: './data',
    about: 'Folder of the embedded database and of the secret made for a local issuer (mode 0700).',
  },
  {
    name: 'SECRET',
    default: 'made in DATA_DIR for a local issuer',
    about:
      'Root secret that protects cookies, stored ids and signing keys; make one with `frontdesk secret`. How to replace it: docs/operate.md.',
    isSecret: true,
  },
  {
    name: 'TRUSTED_PROXIES',
    default: '0',
    about: 'Number of reverse proxies in front of this process that add to X-Forwarded-For.',
  },
  {
    name: 'OUTGOING_ALLOWED_HOSTS',
    default: 'none',
    about:
      'Hosts of apps that Frontdesk may call (logout tokens, keys) at private addresses, over http and on any port: `app.internal,*.localhost`. All other hosts must be public and on https, and so must those of apps that registered themselves.',
  },
  {
    name: 'DNS_SERVERS',
    default: 'those of /etc/resolv.conf',
    about: 'Name servers for the hosts of apps, by address: `10.0.0.2,10.0.0.3:5353`.',
  },
  { name: 'RATE_LIMIT_FACTOR', default: '1', about: 'Multiplies every rate limit, for tests and load generators.' },
  {
    name: 'CLIENT_REGISTRATION',
    default: 'off',
    about:
      '`token`: apps can register themselves (RFC 7591, RFC 7592) with a token of `frontdesk registration-tokens create`. `off`: they cannot.',
  },
  {
    name: 'CONFORMANCE_PROFILE',
    default: 'false',
    about:
      '`true`, or the issuer again when it is public, for runs of the OpenID conformance suite. Never in production: it allows implicit and hybrid flow, unsigned request objects, links of self-registered apps to other hosts, and calls to them at the hosts of OUTGOING_ALLOWED_HOSTS.',
  },
  {
    name: 'SHUTDOWN_DELAY',
    default: '0',
    about:
      'Seconds that a process still accepts requests after SIGTERM, while `/readyz` responds 503: longer than a load balancer takes to notice.',
  },
  {
    name: 'WEB_CONCURRENCY',
    default: '1',
    about: 'Number of processes that serve requests on the port, one for each processor at most.',
  },
  { name: 'LOG_LEVEL', default: 'info', about: '`debug`, `info`, `warn`, `error` or `silent`.' },
];
