/** A browser without rendering: keeps cookies, follows redirects, reads and submits forms. */
import { request as send, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { parse, type HTMLElement } from 'node-html-parser';
import { CookieJar } from 'tough-cookie';

/** A response. */
export interface Answer {
  status: number;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** `Location` of a redirect as an absolute URL. */
  location: string | undefined;
  json<T = Record<string, unknown>>(): T;
}

export interface Page extends Answer {
  root: HTMLElement;
  /** The visible text. */
  text: string;
  /**
   * Submits the form of a button.
   *
   * @param values fields that are set before
   * @param options `button`: its selector, the first submit button by default; '' submits the first form without a button
   * @throws Error when there is no such form
   */
  submit(
    values?: Record<string, string>,
    options?: { button?: string; headers?: Record<string, string> },
  ): Promise<Page>;
}

export interface AskOptions {
  method?: string;
  headers?: Record<string, string>;
  form?: Record<string, string> | [string, string][] | string;
}

const maxRedirects = 20;

/** Sends one HTTP request, to this machine whatever the host name. Follows no redirect and keeps no cookie. */
export function ask(url: string, { method, headers = {}, form }: AskOptions = {}, port?: number): Promise<Answer> {
  const address = new URL(url);
  const body = form === undefined ? undefined : typeof form === 'string' ? form : new URLSearchParams(form).toString();
  const options: RequestOptions = {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    host: '127.0.0.1',
    port: port ?? address.port,
    path: `${address.pathname}${address.search}`,
    agent: false,
    headers: {
      host: address.host,
      ...(body !== undefined && {
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': String(Buffer.byteLength(body)),
      }),
      ...headers,
    },
  };
  return new Promise((resolve, reject) => {
    const request = send(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const { location } = response.headers;
        resolve({
          status: response.statusCode!,
          url,
          headers: response.headers,
          body: text,
          location: location === undefined ? undefined : new URL(location, url).href,
          json: <T>() => JSON.parse(text) as T,
        });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

export interface Browser {
  jar: CookieJar;
  /** Sends one request with this browser's cookies, and follows no redirect. */
  ask(url: string, options?: AskOptions): Promise<Answer>;
  /** Follows redirects to a page. Stops before a URL for which `until` is true, and returns that redirect. */
  visit(url: string, options?: AskOptions, until?: (url: string) => boolean): Promise<Page>;
  cookie(url: string, name: string): Promise<string | undefined>;
  /** Another browser with the same cookies. */
  copy(): Promise<Browser>;
}

/**
 * @param stopsAt addresses that belong to apps of the test: a visit ends at a redirect to them
 * @param port port of this machine for all requests, instead of the one in the URL
 */
export function createBrowser(
  until: (url: string) => boolean = () => false,
  port?: number,
  jar = new CookieJar(),
): Browser {
  async function askWithCookies(url: string, options: AskOptions = {}): Promise<Answer> {
    const cookie = await jar.getCookieString(url);
    const headers = { ...(cookie && { cookie }), accept: 'text/html,*/*', ...options.headers };
    const answer = await ask(url, { ...options, headers }, port);
    for (const line of answer.headers['set-cookie'] ?? []) await jar.setCookie(line, url, { ignoreError: true });
    return answer;
  }

  function toPage(answer: Answer): Page {
    const root = parse(answer.body);
    return {
      ...answer,
      root,
      text: root.querySelector('body')?.structuredText ?? answer.body,
      async submit(values = {}, { button: selector = 'button[type=submit]', headers = {} } = {}) {
        const button = selector === '' ? null : root.querySelector(selector);
        const form = selector === '' ? root.querySelector('form') : button?.closest('form');
        if (!form) throw new Error(`no ${selector} on ${answer.url}:\n${answer.body.slice(0, 500)}`);
        const fields: Record<string, string> = {};
        for (const input of form.querySelectorAll('input')) {
          const isLeftOut = input.getAttribute('type') === 'checkbox' && !input.hasAttribute('checked');
          if (!isLeftOut) fields[input.getAttribute('name')!] = input.getAttribute('value') ?? '';
        }
        const name = button?.getAttribute('name');
        if (name) fields[name] = button?.getAttribute('value') ?? '';
        const origin = new URL(answer.url).origin;
        return visit(new URL(form.getAttribute('action') ?? '', answer.url).href, {
          form: { ...fields, ...values },
          headers: { origin, 'sec-fetch-site': 'same-origin', ...headers },
        });
      },
    };
  }

  async function visit(url: string, options: AskOptions = {}, stopsAt = until): Promise<Page> {
    let answer = await askWithCookies(url, options);
    for (let count = 0; answer.location !== undefined && !stopsAt(answer.location); count += 1) {
      if (count === maxRedirects) throw new Error(`redirected for ever at ${answer.url}`);
      // After 307 a browser repeats the method and the body (RFC 9110 §15.4.8).
      answer = await askWithCookies(answer.location, answer.status === 307 ? options : {});
    }
    return toPage(answer);
  }

  return {
    jar,
    ask: askWithCookies,
    visit,
    cookie: async (url, name) => (await jar.getCookies(url)).find(({ key }) => key === name)?.value,
    copy: async () => createBrowser(until, port, await jar.clone()),
  };
}
