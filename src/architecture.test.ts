/** Verifies that every folder is on the map in README.md and imports only what the map allows. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const src = join(process.cwd(), 'src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ name, text: readFileSync(join(src, name), 'utf8') }));
const code = files.filter(({ name }) => !name.endsWith('.test.ts'));

/** The first folder of a path inside src; undefined for files at its top. */
const folderOf = (name: string) => (name.includes('/') ? name.split('/')[0]! : undefined);
const importsOf = (text: string) => [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!);
const filesImported = ({ name, text }: { name: string; text: string }) =>
  importsOf(text)
    .filter((target) => target.startsWith('.'))
    .map((target) => relative(src, join(src, dirname(name), target)));

const readme = readFileSync(join(src, 'README.md'), 'utf8');

/** Folder → the folders it may import, from the first table of README.md. */
const map = new Map(
  [...readme.matchAll(/^\| `([\w-]+)` \|[^|]*\|([^|]*)\|$/gm)].map(([, folder, allowed]) => [
    folder!,
    new Set([...allowed!.matchAll(/`([\w-]+)`/g)].map((match) => match[1]!)),
  ]),
);

test('every folder is on the map', () => {
  const folders = readdirSync(src).filter((name) => statSync(join(src, name)).isDirectory());
  expect([...map.keys()].toSorted()).toEqual(folders.toSorted());
});

test('a folder comes after all folders that it may import', () => {
  const earlierFolders = new Set<string>();
  for (const [folder, allowed] of map) {
    expect([folder, [...allowed].filter((imported) => !earlierFolders.has(imported))]).toEqual([folder, []]);
    earlierFolders.add(folder);
  }
});

test.each(code.filter(({ name }) => folderOf(name)))('$name imports only what the map allows', (file) => {
  const folder = folderOf(file.name)!;
  const importedFolders = filesImported(file)
    .map(folderOf)
    .filter((imported) => imported !== undefined && imported !== folder);
  expect(importedFolders.filter((imported) => !map.get(folder)!.has(imported!))).toEqual([]);
});

test('no file imports itself through other files', () => {
  const imports = new Map(code.map((file) => [file.name, filesImported(file)]));
  const visited = new Set<string>();
  const cycles: string[] = [];
  const visit = (name: string, path: string[]): void => {
    const position = path.indexOf(name);
    if (position >= 0) cycles.push([...path.slice(position), name].join(' → '));
    if (position >= 0 || visited.has(name)) return;
    for (const target of imports.get(name) ?? []) visit(target, [...path, name]);
    visited.add(name);
  };
  for (const { name } of code) visit(name, []);
  expect(cycles).toEqual([]);
});

/** Folder of `oidc/` → the folders of `oidc/` it may import, from the second table of README.md. */
const oidcFolders = [...readme.matchAll(/^\| `oidc\/([\w-]+)\/` \|[^|]*\|([^|]*)\|$/gm)].map(([, folder, allowed]) => {
  return { folder: folder!, allowed: [...allowed!.matchAll(/`([\w-]+)`/g)].map((match) => match[1]!) };
});

test('every folder of oidc is on the map', () => {
  const folders = readdirSync(join(src, 'oidc')).filter((name) => statSync(join(src, 'oidc', name)).isDirectory());
  expect(oidcFolders.map(({ folder }) => folder).toSorted()).toEqual(folders.toSorted());
});

test.each(oidcFolders)('oidc/$folder imports only what the map allows', ({ folder, allowed }) => {
  const filesInFolder = code.filter(({ name }) => name.startsWith(`oidc/${folder}/`));
  const importedFolders = filesInFolder
    .flatMap(filesImported)
    .map((target) => /^oidc\/([\w-]+)\//.exec(target)?.[1])
    .filter((imported) => imported !== undefined && imported !== folder);
  expect(importedFolders.filter((imported) => !allowed.includes(imported!))).toEqual([]);
});

test.each([
  ['app.ts', /^commands\//],
  ['background.ts', /^app\.ts$/],
  ['base.ts', /^app\.ts$|^commands\//],
  ['config.ts', /^(app|base)\.ts$|^commands\//],
])('only the files that the map names import %s', (topFile, allowedFiles) => {
  const otherFiles = code.filter((file) => filesImported(file).includes(topFile) && !allowedFiles.test(file.name));
  expect(otherFiles.map(({ name }) => name)).toEqual([]);
});

test.each([
  ['@koa/router', /^web\//],
  ['argon2', /^credentials\/argon2\.ts$/],
  ['bowser', /^sessions\/device\.ts$/],
  ['graphile-worker', /^platform\/jobs\.ts$/],
  ['i18next', /^platform\/texts\.ts$/],
  ['ipaddr.js', /^platform\/public-address\.ts$/],
  ['jose', /^(keys|oidc)\//],
  ['keygrip', /^oidc\/cookies\.ts$/],
  ['koa', /^(web|oidc)\/|^app\.ts$/],
  ['koa-compose', /^oidc\/live-provider\.ts$/],
  ['koa-helmet', /^web\/middleware\/security-headers\.ts$/],
  ['node-pg-migrate', /^platform\/migrate\.ts$/],
  ['oidc-provider', /^oidc\//],
  [
    'pg',
    /^platform\/(connection-pooler|connections|database|database-connection|listener|pool|silent-connections)\.ts$/,
  ],
  ['pino', /^platform\/log\.ts$/],
  ['pug', /^platform\/views\.ts$/],
  ['rate-limiter-flexible', /^platform\/rate-limits\.ts$/],
  ['raw-body', /^web\/form\.ts$/],
  ['uuid', /^(audit\/audit-repository|web\/middleware\/request-log)\.ts$/],
  ['zod', /^(config|reasons|accounts\/claims|clients\/registration-metadata)\.ts$/],
])('only its one home imports %s', (library, allowedFiles) => {
  const users = code.filter(({ text }) => importsOf(text).includes(library));
  expect(users.length).toBeGreaterThan(0);
  expect(users.map(({ name }) => name).filter((name) => !allowedFiles.test(name))).toEqual([]);
});

test('every dependency is imported', () => {
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: object };
  const used = new Set(code.flatMap(({ text }) => importsOf(text)));
  expect(Object.keys(dependencies).filter((name) => !used.has(name))).toEqual([]);
});

test.each([
  ['SQL', /['"`]\s*(select\s.+\sfrom\s|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s)/is, /-repository\.ts$/],
  // argon2.ts tells node-gyp-build by it where the binary is.
  ['the environment', /process\.env/, /^(config|credentials\/argon2)\.ts$/],
])('%s occurs in one kind of file only', (_, pattern, allowedFiles) => {
  const otherFiles = code.filter(({ name, text }) => pattern.test(text) && !allowedFiles.test(name));
  expect(otherFiles.map(({ name }) => name)).toEqual([]);
});

test('no file has a default export or re-exports another file', () => {
  expect(
    code.filter(({ text }) => /^export default|^export (\*|\{[^}]*\}) from/m.test(text)).map(({ name }) => name),
  ).toEqual([]);
});

test('every file begins with a comment about its purpose', () => {
  expect(files.filter(({ text }) => !/^\/\*\*\s/.test(text)).map(({ name }) => name)).toEqual([]);
});

test('README.md names only files that exist', () => {
  const namedFiles = [...readme.matchAll(/`([\w./-]+\.(?:ts|pug|sql|json))`/g)].map((match) => match[1]!);
  const places = ['', '../', ...readdirSync(src)].map((place) => join(src, place));
  expect(namedFiles.filter((name) => !places.some((place) => existsSync(join(place, name))))).toEqual([]);
});

test('no file is longer than 300 lines', () => {
  expect(files.filter(({ text }) => text.split('\n').length > 300).map(({ name }) => name)).toEqual([]);
});
