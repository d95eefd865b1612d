/** The pages of site A. */
import type { SiteSession } from './sessions.ts';

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escape = (text: unknown): string => String(text).replace(/[&<>"']/g, (character) => escapes[character]!);

const page = (content: string): string => `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Site A</title>
  <link rel="stylesheet" href="/style.css">
</head>
<body>
  <header><strong>Site A</strong> <span>a server-rendered site with a session of its own</span></header>
  <main>${content}</main>
</body>
</html>`;

export const signedOutPage = (): string =>
  page(`
    <h1>You are not signed in here</h1>
    <p><a class="button" href="/sign-in">Sign in</a></p>`);

/** "2 minutes ago", from seconds since 1970. */
function ago(seconds: number): string {
  const minutes = Math.round((Date.now() / 1000 - seconds) / 60);
  if (minutes < 1) return 'less than a minute ago';
  const format = new Intl.RelativeTimeFormat('en');
  return minutes < 60 ? format.format(-minutes, 'minute') : format.format(-Math.round(minutes / 60), 'hour');
}

export function signedInPage({ claims, person, isRecognised }: SiteSession): string {
  const since = ago(Number(claims['auth_time']));
  const rows = Object.entries(claims).map(
    ([name, value]) => `<tr><th>${escape(name)}</th><td>${escape(JSON.stringify(value))}</td></tr>`,
  );
  return page(`
    <h1>Hello, ${escape(person.name ?? person.email ?? claims['sub'])}</h1>
    <p id="seen">${isRecognised ? 'Recognised: you' : 'You'} signed in ${escape(since)}.</p>
    <form method="post" action="/sign-out"><button>Sign out here</button></form>
    <form method="post" action="/sign-out-everywhere"><button>Sign out everywhere</button></form>
    <h2>Claims of the ID token</h2>
    <table>${rows.join('')}</table>`);
}

export const problemPage = (problem: string): string =>
  page(`
    <h1>That did not work</h1>
    <p id="problem">${escape(problem)}</p>
    <p><a class="button" href="/sign-in">Try again</a></p>`);

export const style = `
  body { margin: 0 auto; max-width: 42rem; padding: 1.5rem; font: 16px/1.5 system-ui, sans-serif; color: #24211c; background: #fdf8ee; }
  header { padding-bottom: 1rem; border-bottom: 2px solid #c98a1b; } header span { color: #6b6252; }
  .button, button { display: inline-block; padding: .6rem 1.2rem; border: 1px solid transparent; border-radius: 8px; background: #8a5a00; color: #fff; font: inherit; text-decoration: none; cursor: pointer; }
  h1 { overflow-wrap: anywhere; } form { display: inline-block; margin: 0 .5rem .5rem 0; }
  :focus-visible { outline: 3px solid #24211c; outline-offset: 2px; }
  table { width: 100%; border-collapse: collapse; } th, td { padding: .3rem .5rem .3rem 0; border-bottom: 1px solid #e4d9c1; text-align: left; vertical-align: top; } td { overflow-wrap: anywhere; }
  @media (max-width: 30rem) { tr, th, td { display: block; } th { padding-bottom: 0; border: 0; } td { padding-top: 0; } }
  @media (prefers-color-scheme: dark) { body { background: #1d1a14; color: #efe8d8; } :focus-visible { outline-color: #efe8d8; } header span { color: #b5aa93; } th, td { border-color: #443b29; } .button, button { background: #e0a63c; color: #241a05; } }
`;
