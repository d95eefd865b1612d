/** Requirements of README.md beside this file: A12, A20. Pages of failures are guarded like all others. */
import { ann, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { statement } from '../support/database.ts';
import { authorize, newBrowser, signIn } from '../support/flow.ts';
import { startFrontdesk, type Frontdesk } from '../support/frontdesk.ts';
import type { Page } from '../support/browser.ts';

let frontdesk: Frontdesk;
let site: RegisteredApp;

beforeAll(async () => {
  frontdesk = await startFrontdesk();
  await ann(frontdesk);
  site = await siteA(frontdesk);
});

const change = (text: string) => frontdesk.db.inUnitOfWork(async () => frontdesk.db.write(statement(text)));

/** Renames the table while `work` runs: every use of it is a fault. */
async function withoutTable<T>(table: string, work: () => Promise<T>): Promise<T> {
  await change(`alter table ${table} rename to ${table}_elsewhere`);
  try {
    return await work();
  } finally {
    await change(`alter table ${table}_elsewhere rename to ${table}`);
  }
}

const failures: [number, string, () => Promise<Page>][] = [
  [
    429,
    'too many requests',
    async () => {
      const strict = await startFrontdesk({ sameDeploymentAs: frontdesk, settings: { RATE_LIMIT_FACTOR: '0.01' } });
      const browser = newBrowser(frontdesk, strict.port);
      for (let count = 0; count < 2; count += 1) await browser.visit(authorize(frontdesk, site).url);
      const page = await browser.visit(authorize(frontdesk, site).url);
      await strict.close();
      return page;
    },
  ],
  [
    500,
    'a fault on a page of ours',
    async () => {
      const form = await newBrowser(frontdesk).visit(authorize(frontdesk, site).url);
      return withoutTable('passwords', () => signIn(form, 'ann'));
    },
  ],
  [
    500,
    'a fault in the protocol',
    () => withoutTable('clients', () => newBrowser(frontdesk).visit(authorize(frontdesk, site).url)),
  ],
  [
    503,
    'a commit that failed',
    async () => {
      const form = await newBrowser(frontdesk).visit(authorize(frontdesk, site).url);
      return withoutTable('audit_events', () => signIn(form, 'ann', 'wrong'));
    },
  ],
];

test.each(failures)('A12 and A20 the page of status %d after %s', async (status, _what, make) => {
  const page = await make();
  expect(page.status).toBe(status);
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
  expect(page.headers['cache-control']).toBe('no-store');
  expect(page.headers['x-content-type-options']).toBe('nosniff');
  expect(page.headers['set-cookie']).toBeUndefined();
  // The page has the request id, and nothing about the implementation.
  expect(page.text).toContain(page.headers['x-request-id']);
  expect(page.body).not.toMatch(/elsewhere|relation|postgres|\.ts\b|node_modules|oidc-provider/i);
});
