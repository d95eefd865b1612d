/** The pages of site C. */
import type { IDToken } from 'openid-client';

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escape = (text: unknown): string => String(text).replace(/[&<>"']/g, (character) => escapes[character]!);

export const page = (content: string): string => `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Site C</title>
  <link rel="stylesheet" href="/style.css">
</head>
<body>
  <header><strong>Site C</strong> <span>somebody else’s site, which cannot be notified of sign-outs</span></header>
  <main>${content}</main>
</body>
</html>`;

export const signedOutPage = (problem?: string): string =>
  page(`
    <h1>You are not signed in here</h1>
    ${problem ? `<p id="problem">${escape(problem)}</p>` : ''}
    <p><a class="button" href="/sign-in">Sign in</a></p>`);

export function signedInPage(claims: IDToken): string {
  const rows = Object.entries(claims).map(
    ([name, value]) => `<tr><th>${escape(name)}</th><td>${escape(JSON.stringify(value))}</td></tr>`,
  );
  return page(`
    <h1>Hello, ${escape(claims['name'] ?? claims['email'] ?? claims.sub)}</h1>
    <p id="seen">You allowed Site C to see your name and your e-mail address.</p>
    <form method="post" action="/sign-out"><button>Sign out here</button></form>
    <h2>Claims of the ID token</h2>
    <table>${rows.join('')}</table>`);
}

export const style = `
  body { margin: 0 auto; max-width: 42rem; padding: 1.5rem; font: 16px/1.5 system-ui, sans-serif; color: #231d2b; background: #f8f3fb; }
  header { padding-bottom: 1rem; border-bottom: 2px solid #8a4fb5; } header span { color: #63566f; }
  .button, button { display: inline-block; padding: .6rem 1.2rem; border: 1px solid transparent; border-radius: 8px; background: #6b3594; color: #fff; font: inherit; text-decoration: none; cursor: pointer; }
  h1 { overflow-wrap: anywhere; }
  :focus-visible { outline: 3px solid #231d2b; outline-offset: 2px; }
  table { width: 100%; border-collapse: collapse; } th, td { padding: .3rem .5rem .3rem 0; border-bottom: 1px solid #ddcfe8; text-align: left; vertical-align: top; } td { overflow-wrap: anywhere; }
  @media (max-width: 30rem) { tr, th, td { display: block; } th { padding-bottom: 0; border: 0; } td { padding-top: 0; } }
  @media (prefers-color-scheme: dark) { body { background: #19151e; color: #ece4f2; } :focus-visible { outline-color: #ece4f2; } header span { color: #ac9fb8; } th, td { border-color: #3c3048; } .button, button { background: #c69ae6; color: #25113a; } }
`;
