/** Requirements of README.md beside this file: A12, A20. Tests that error pages have the same security headers as all pages and reveal no internals. */
import { ann, siteA, type RegisteredApp } from '../support/people-and-apps.ts';
import { runSql } from '../support/database.ts';
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

/** Renames the table while `work` runs, so that every query of it fails. */
async function withoutTable<T>(table: string, work: () => Promise<T>): Promise<T> {
  await runSql(frontdesk.db, `alter table ${table} rename to ${table}_elsewhere`);
  try {
    return await work();
  } finally {
    await runSql(frontdesk.db, `alter table ${table}_elsewhere rename to ${table}`);
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
    'a database error on a page of Frontdesk',
    async () => {
      const form = await newBrowser(frontdesk).visit(authorize(frontdesk, site).url);
      return withoutTable('passwords', () => signIn(form, 'ann'));
    },
  ],
  [
    500,
    'a database error in oidc-provider',
    () => withoutTable('clients', () => newBrowser(frontdesk).visit(authorize(frontdesk, site).url)),
  ],
  [
    500,
    'a failed commit',
    async () => {
      const form = await newBrowser(frontdesk).visit(authorize(frontdesk, site).url);
      return withoutTable('audit_events', () => signIn(form, 'ann', 'wrong'));
    },
  ],
];

test.each(failures)(
  'A12 and A20 the page with status %d after %s has the security headers',
  async (status, _what, openPage) => {
    const page = await openPage();
    expect(page.status).toBe(status);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(page.headers['cache-control']).toBe('no-store');
    expect(page.headers['x-content-type-options']).toBe('nosniff');
    expect(page.headers['set-cookie']).toBeUndefined();
    // The page shows the request id and nothing about the implementation.
    expect(page.text).toContain(page.headers['x-request-id']);
    expect(page.body).not.toMatch(/elsewhere|relation|postgres|\.ts\b|node_modules|oidc-provider/i);
  },
);
