/** Tests how settings are read, and that docs/operate.md lists them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../test/support/cleanup.ts';
import { settingsMarkdown } from './commands/settings.ts';
import { InvalidSettings, isLocalHost, loadConfig } from './config.ts';

const secret = 'x'.repeat(40);

test('the defaults are a local issuer and the embedded database', () => {
  expect(loadConfig({})).toMatchObject({
    issuer: 'http://localhost:4000',
    isLocal: true,
    hosts: ['127.0.0.1'],
    port: 4000,
    databaseUrl: undefined,
    secrets: [],
    trustedProxies: 0,
    rateLimitFactor: 1,
    logLevel: 'info',
  });
});

test('a public issuer listens on every address', () => {
  expect(loadConfig({ ISSUER: 'https://login.example.com', SECRET: secret })).toMatchObject({
    hosts: ['::', '0.0.0.0'],
    port: 443,
  });
});

test('an empty setting counts as not set', () => {
  expect(loadConfig({ PORT: '', DATABASE_URL: ' ' })).toMatchObject({ port: 4000, databaseUrl: undefined });
});

test('several secrets keep their order', () => {
  expect(loadConfig({ SECRET: `${secret}1, ${secret}2` }).secrets).toEqual([`${secret}1`, `${secret}2`]);
});

test('a secret may be read from a file', () => {
  const path = join(temporaryFolder(), 'secret');
  writeFileSync(path, `${secret}\n`);
  expect(loadConfig({ SECRET_FILE: path }).secrets).toEqual([secret]);
  expect(() => loadConfig({ SECRET_FILE: path, SECRET: secret })).toThrow('SECRET is_set_twice');
  expect(() => loadConfig({ SECRET_FILE: `${path}.missing` })).toThrow('SECRET_FILE file_unreadable');
  expect(() => loadConfig({ DATABASE_URL_FILE: path })).toThrow('DATABASE_URL must_be_postgres_url');
});

test('PGSSLMODE and PGSSLROOTCERT count where DATABASE_URL says nothing of its own, as with psql', () => {
  const urlWith = (url: string, more: object = {}) =>
    loadConfig({ DATABASE_URL: url, PGSSLMODE: 'require', ...more }).databaseUrl;
  expect(urlWith('postgres://db/x')).toBe('postgres://db/x?sslmode=require');
  expect(urlWith('postgres://db/x?port=1')).toBe('postgres://db/x?port=1&sslmode=require');
  expect(urlWith('postgres://db/x?sslmode=prefer')).toBe('postgres://db/x?sslmode=prefer');
  expect(urlWith('postgres://db/x', { PGSSLMODE: 'verify-full', PGSSLROOTCERT: 'system' })).toBe(
    'postgres://db/x?sslmode=verify-full&sslrootcert=system',
  );
  expect(() => urlWith('postgres://db/x', { PGSSLMODE: 'often' })).toThrow('DATABASE_URL sslmode_unknown');
});

test.each([
  'https://login.example.com/',
  'https://login.example.com/path',
  'https://login.example.com?x',
  'https://user@login.example.com',
  'https://LOGIN.example.com',
  'login.example.com',
])('%s is refused as an issuer', (issuer) => {
  expect(() => loadConfig({ ISSUER: issuer, SECRET: secret })).toThrow(InvalidSettings);
});

test.each([
  ['localhost', true],
  ['idp.localhost', true],
  ['127.0.0.1', true],
  ['[::1]', true],
  ['localhost.example.com', false],
  ['10.0.0.1', false],
])('isLocalHost of %s is %s', (host, isLocal) => expect(isLocalHost(host)).toBe(isLocal));

test('the conformance profile and client registration are off by default', () => {
  expect(loadConfig({}).protocol).toEqual({ hasClientRegistration: false, isConformance: false });
  const on = { CLIENT_REGISTRATION: 'token', CONFORMANCE_PROFILE: 'true' };
  expect(loadConfig(on).protocol).toEqual({ hasClientRegistration: true, isConformance: true });
  expect(() => loadConfig({ CLIENT_REGISTRATION: 'open' })).toThrow('CLIENT_REGISTRATION must_be_one_of');
  expect(() => loadConfig({ CONFORMANCE_PROFILE: 'yes' })).toThrow('CONFORMANCE_PROFILE must_be_boolean');
});

test('the loaded settings cannot be changed', () => {
  expect(() => Object.assign(loadConfig({}), { port: 1 })).toThrow(TypeError);
});

test('docs/operate.md contains the table of settings that the program prints', () => {
  expect(readFileSync('docs/operate.md', 'utf8')).toContain(`\n${settingsMarkdown()}\n\n`);
});
