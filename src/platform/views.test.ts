/** Tests that every view compiles and is used, and that every code has words. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { failures } from '../commands/failure.ts';
import { refusals } from '../errors.ts';
import { reasons } from '../reasons.ts';
import { localFailures } from './local-failure.ts';
import { loadTexts } from './texts.ts';
import { createViews } from './views.ts';

const listFiles = (folder: string, ending: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(ending));

const shared = new Set(['layout', 'mixins', 'account/layout']);
const views = listFiles('views', '.pug').map((name) => name.replace('.pug', ''));
const templates = views.map((name) => readFileSync(join('views', `${name}.pug`), 'utf8')).join('\n');
const sources = listFiles('src', '.ts')
  .filter((name) => !name.endsWith('.test.ts'))
  .map((name) => readFileSync(join('src', name), 'utf8'))
  .join('\n');
const words = JSON.parse(readFileSync('views/texts/en.json', 'utf8')) as Record<string, unknown>;

/** The key of every text, as `a.b.c`. */
function keysOf(value: unknown, path: string[] = []): string[] {
  if (typeof value === 'string') return [path.join('.')];
  return Object.entries(value as object).flatMap(([name, inner]) => keysOf(inner, [...path, name]));
}

test('every view is rendered somewhere, and every rendered view exists', () => {
  const shown = [...sources.matchAll(/'((?:account|interaction|protocol|sign-out|visitor)\/[\w-]+|error)'/g)].map(
    (match) => match[1]!,
  );
  const pages = views.filter((name) => !shared.has(name));
  expect(pages.filter((name) => !shown.includes(name))).toEqual([]);
  expect(shown.filter((name) => !pages.includes(name))).toEqual([]);
});

test('every view compiles', () => {
  const site = { name: 'Site', uri: 'https://site.example' };
  const lists = { scopes: [], claims: [], apis: [], apps: [], entries: [], devices: [], frames: [], fields: {} };
  const time = { words: 'now', exact: '2026-01-01' };
  const values = {
    ...lists,
    site,
    account: { name: 'Ann', email: 'ann@example.com' },
    words: 'other',
    since: time,
    signIn: { time },
  };
  const page = { requestId: '1', returnHost: 'site.example', code: 'x', person: { name: 'Ann' }, refresh: {} };
  const rendered = createViews(loadTexts());
  for (const view of views.filter((name) => !shared.has(name))) {
    expect(rendered.render(view, { ...page, ...values })).toMatch(/^<!DOCTYPE html>/);
  }
});

test('no view contains an inline script or style', () => {
  expect(templates).not.toMatch(/\bstyle\s*=|\bon\w+\s*=|^\s*(script|style)\.$/m);
});

test.each([
  ['refusals', Object.keys(refusals), 'errors.ts'],
  ['reasons', reasons, 'reasons.ts'],
  ['failures', failures, 'commands/failure.ts'],
  ['local_failures', localFailures, 'platform/local-failure.ts'],
])('every code of %s has words and is used, and every text has a code', (name, codes, listFile) => {
  // A text with a count has one key for each plural form.
  const withWords = new Set(Object.keys(words[name] as object).map((key) => key.replace(/_(one|other)$/, '')));
  expect([...withWords].toSorted()).toEqual([...codes].toSorted());
  const uses = (code: string) => sources.split(`'${code}'`).length - 1 + (sources.includes(`${name}.${code}'`) ? 1 : 0);
  const listed = readFileSync(join('src', listFile), 'utf8');
  const inList = (code: string) => (listed.includes(`  '${code}',`) ? 1 : 0);
  expect([...codes].filter((code) => uses(code) <= inList(code))).toEqual([]);
});

test('every text is used, and every used text exists', () => {
  const keys = keysOf(words);
  const used = [...`${templates}\n${sources}`.matchAll(/\b(?:t|texts)\(\s*'([\w.]+)'/g)].map((match) => match[1]!);
  const keysWithoutPlural = keys.map((key) => key.replace(/_(zero|one|other)$/, ''));
  expect(used.filter((key) => !keys.includes(key) && !keysWithoutPlural.includes(key))).toEqual([]);
  // Code composes these keys from a prefix and a code: scopes of consent, errors, refusals, kinds of events.
  const keysWithCode =
    /^(refusals|reasons|failures|local_failures|consent\.scopes|error\.\w+|logout_notices|progress|account\.nav|account\.activity\.(kinds|endings))\./;
  expect(keysWithoutPlural.filter((key) => !used.includes(key) && !keysWithCode.test(key))).toEqual([]);
});

test('every end reason of a session, state of a notice and step of a command has words', () => {
  const typesIn = (file: string, name: string) => {
    const [, body] = new RegExp(`type ${name} =([^;]+);`).exec(readFileSync(join('src', file), 'utf8'))!;
    return [...body!.matchAll(/'(\w+)'/g)].map((match) => match[1]!).toSorted();
  };
  const {
    account,
    logout_notices: states,
    progress,
  } = words as {
    account: { activity: { endings: object } };
    logout_notices: object;
    progress: object;
  };
  expect(Object.keys(account.activity.endings).toSorted()).toEqual(typesIn('sessions/session.ts', 'EndReason'));
  expect(Object.keys(states).toSorted()).toEqual(typesIn('notices/logout-notice.ts', 'NoticeState'));
  expect(Object.keys(progress).toSorted()).toEqual(typesIn('platform/progress.ts', 'Step'));
});

test('a missing text throws', () => {
  expect(() => loadTexts()('no.such.text')).toThrow('no text for no.such.text');
});
