/** Tests that snippets for well-known programs are complete, valid in their language and the same in docs/apps.md. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/support/cleanup.ts';
import {
  programOf,
  renderSnippet,
  secretPlaceholder,
  snippetNames,
  snippetProblems,
  type SnippetName,
} from './client-snippet.ts';
import { defaultMetadata, type ClientKind, type ClientMetadata } from './client.ts';

const issuer = 'https://login.example.com';
const folder = temporaryFolder();

const clientOf = (kind: ClientKind, metadata: ClientMetadata = {}) => ({
  id: 'wiki',
  kind,
  apis: [],
  metadata: { ...defaultMetadata(kind), ...metadata },
});

/** The client that the guide registers for a program. */
function usualClient(name: SnippetName) {
  const { kinds, redirectUri, postLogoutRedirectUri } = programOf(name);
  const afterwards = postLogoutRedirectUri === undefined ? {} : { post_logout_redirect_uris: [postLogoutRedirectUri] };
  return clientOf(kinds[0]!, { redirect_uris: [redirectUri], ...afterwards });
}

/** The section of the guide about a program. */
function guideTo(name: SnippetName): string {
  const { title, language, kinds, redirectUri, postLogoutRedirectUri } = programOf(name);
  const options = [
    `--kind ${kinds[0]} --name Wiki`,
    `--redirect-uri ${redirectUri}`,
    ...(postLogoutRedirectUri === undefined ? [] : [`--post-logout-redirect-uri ${postLogoutRedirectUri}`]),
    `--for ${name}`,
  ];
  const command = `npx --no-install frontdesk clients register ${options.join(' ')}`;
  const snippet = renderSnippet(name, issuer, usualClient(name));
  return `### ${title}\n\n\`\`\`sh\n${command}\n\`\`\`\n\n\`\`\`${language}\n${snippet}\n\`\`\`\n`;
}

test('docs/apps.md contains the snippet of every program in this order', () => {
  const [, section] = readFileSync('docs/apps.md', 'utf8').split('\n## Settings of well-known clients\n');
  const guide = section?.slice(section.indexOf('\n### ') + 1);
  expect(guide).toBe(snippetNames.map(guideTo).join('\n'));
});

test('every snippet belongs to a program', () => {
  const files = readdirSync('views/snippets').toSorted();
  expect(files).toEqual([...snippetNames, 'curl-machine'].map((name) => `${name}.txt`).toSorted());
});

test.each(snippetNames)('the snippet of %s contains the values of the client that the guide registers', (name) => {
  const client = usualClient(name);
  const secret = client.kind === 'web' ? 'fd_client_secret' : undefined;
  const text = renderSnippet(name, issuer, client, secret);
  expect(text).toContain(issuer);
  expect(text).toContain('wiki');
  expect(text).not.toMatch(/\{ ?\{|undefined|YOUR-CLIENT-SECRET/);
  if (secret !== undefined) expect(text).toContain(secret);
  expect(snippetProblems(name, client)).toEqual([]);
});

test('a snippet has a placeholder for an unknown secret, and none for a public client', () => {
  expect(renderSnippet('go', issuer, usualClient('go'))).toContain(`ClientSecret: "${secretPlaceholder}"`);
  for (const kind of ['native', 'single-page'] as const) {
    const client = clientOf(kind, { redirect_uris: ['http://localhost:8000'] });
    for (const name of ['kubelogin', 'curl', 'oidc-client-ts'] as const) {
      expect(renderSnippet(name, issuer, client)).not.toMatch(/secret\b.*(YOUR|=)/i);
    }
    expect(renderSnippet('curl', issuer, client)).toContain("client_id='wiki'");
  }
});

test('settings for http appear only for http', () => {
  const local = clientOf('web', { redirect_uris: ['http://localhost:4180/oauth2/callback'] });
  expect(renderSnippet('oauth2-proxy', issuer, local)).toContain('--cookie-secure=false');
  expect(renderSnippet('oauth2-proxy', issuer, usualClient('oauth2-proxy'))).not.toContain('--cookie-secure');
  expect(renderSnippet('openid-client', 'http://localhost:4000', local)).toContain('allowInsecureRequests');
  expect(renderSnippet('openid-client', issuer, local)).not.toContain('allowInsecureRequests');
});

test('a snippet contains the redirect URI that the program supports', () => {
  const uris = ['https://wiki.example.com/other', 'https://wiki.example.com/oauth2/callback'];
  const text = renderSnippet('oauth2-proxy', issuer, clientOf('web', { redirect_uris: uris }));
  expect(text).toContain("--redirect-url='https://wiki.example.com/oauth2/callback'");
});

test.each([
  ['oauth2-proxy', clientOf('web', { redirect_uris: ['https://wiki.example.com/callback'] }), ['callback']],
  ['oauth2-proxy', clientOf('single-page', { redirect_uris: ['https://wiki.example.com/oauth2/callback'] }), ['kind']],
  ['oidc-client-ts', clientOf('web', { redirect_uris: ['https://wiki.example.com/'] }), ['kind']],
  ['kubelogin', clientOf('native', { redirect_uris: ['http://localhost'] }), []],
  ['curl', clientOf('machine'), []],
] as const)('the problems of %s with %j are %j', (name, client, problems) =>
  expect(snippetProblems(name, client)).toEqual(problems),
);

test('the snippet of a machine uses client credentials', () => {
  const apis = [{ audience: 'https://notes.example.com/', scopes: [] }];
  const machine = { ...clientOf('machine'), apis };
  expect(renderSnippet('curl', issuer, machine, 'fd_client_x').split('\n')).toEqual([
    '# curl with the client credentials grant.',
    `curl '${issuer}/oauth/token' \\`,
    "  --user 'wiki:fd_client_x' \\",
    "  --data-urlencode resource='https://notes.example.com/' \\",
    '  --data grant_type=client_credentials',
  ]);
  expect(renderSnippet('curl', issuer, clientOf('machine'))).not.toContain('resource');
});

/** A redirect URI with special characters of the shell, JavaScript and YAML. */
const uriWithSpecialCharacters = `https://wiki.example.com/it's/"quoted"/$HOME/\`id\`/(x)`;

test.each(['oauth2-proxy', 'curl'] as const)(
  'the snippet of %s is a valid shell script for any redirect URI',
  (name) => {
    const client = clientOf('web', { redirect_uris: [uriWithSpecialCharacters] });
    const script = renderSnippet(name, issuer, client);
    execFileSync('sh', ['-n'], { input: script });
    // These stand-ins of the programs print their arguments.
    for (const program of ['oauth2-proxy', 'curl']) {
      writeFileSync(join(folder, program), `#!/bin/sh\nprintf '%s\\n' "$@"\n`, { mode: 0o755 });
    }
    const env = { PATH: `${folder}:${process.env['PATH']}`, HOME: '/nowhere' };
    const printed = execFileSync('sh', { input: script, encoding: 'utf8', env });
    expect(printed).toContain(uriWithSpecialCharacters);
  },
);

test.each(['authjs', 'express-openid-connect', 'openid-client', 'oidc-client-ts'] as const)(
  'the snippet of %s is a valid JavaScript module for any redirect URI',
  (name) => {
    const path = join(folder, `${name}.mjs`);
    writeFileSync(path, renderSnippet(name, issuer, clientOf('web', { redirect_uris: [uriWithSpecialCharacters] })));
    execFileSync(process.execPath, ['--check', path]);
  },
);

test.each(['spring', 'dex', 'kubelogin'] as const)(
  'the snippet of %s is YAML without tabs and with values quoted as in JSON',
  (name) => {
    const text = renderSnippet(name, issuer, clientOf('web', { redirect_uris: [uriWithSpecialCharacters] }));
    expect(text).not.toContain('\t');
    for (const [, value] of text.matchAll(/^ +(?:client-|client|redirect|issuer)[\w-]*: (.*)$/gm)) {
      expect(JSON.parse(value!)).toEqual(expect.any(String));
    }
  },
);
