/** A browser without rendering: keeps cookies, follows redirects, reads and submits forms. */
import { request as send, type IncomingHttpHeaders, type RequestOptions as NodeRequestOptions } from 'node:http';
import { parse, type HTMLElement } from 'node-html-parser';
import { CookieJar } from 'tough-cookie';

/** A response. */
export interface HttpResponse {
  status: number;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** `Location` of a redirect as an absolute URL. */
  location: string | undefined;
  json<T = Record<string, unknown>>(): T;
}

export interface Page extends HttpResponse {
  root: HTMLElement;
  /** The visible text. */
  text: string;
  /**
   * Submits the form of a button.
   *
   * @param values fields that are set before
   * @param options `button`: its selector, the first submit button by default; '' submits the first form without a
   *   button; `until`: before which redirect it stops, as in `visit`
   * @throws Error when there is no such form
   */
  submit(
    values?: Record<string, string>,
    options?: { button?: string; headers?: Record<string, string>; until?: (url: string) => boolean },
  ): Promise<Page>;
}

export interface RequestOptions {
  method?: string;
  headers?: Record<string, string>;
  form?: Record<string, string> | [string, string][] | string;
}

const maxRedirects = 20;

/** Sends one HTTP request, to 127.0.0.1 whatever the host name is. Follows no redirect and keeps no cookie. */
export function sendRequest(
  url: string,
  { method, headers = {}, form }: RequestOptions = {},
  port?: number,
): Promise<HttpResponse> {
  const address = new URL(url);
  const body = form === undefined ? undefined : typeof form === 'string' ? form : new URLSearchParams(form).toString();
  const options: NodeRequestOptions = {
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
  send(url: string, options?: RequestOptions): Promise<HttpResponse>;
  /** Follows redirects to a page. Stops before a URL for which `until` is true, and returns that redirect. */
  visit(url: string, options?: RequestOptions, until?: (url: string) => boolean): Promise<Page>;
  cookie(url: string, name: string): Promise<string | undefined>;
  /** Makes another browser with a copy of the cookies. */
  copy(): Promise<Browser>;
}

/**
 * @param until returns true for URLs of apps: a visit ends at a redirect to such a URL
 * @param port loopback port for all requests, instead of the one in the URL
 */
export function createBrowser(
  until: (url: string) => boolean = () => false,
  port?: number,
  jar = new CookieJar(),
): Browser {
  async function sendWithCookies(url: string, options: RequestOptions = {}): Promise<HttpResponse> {
    const cookie = await jar.getCookieString(url);
    const headers = { ...(cookie && { cookie }), accept: 'text/html,*/*', ...options.headers };
    const response = await sendRequest(url, { ...options, headers }, port);
    for (const line of response.headers['set-cookie'] ?? []) await jar.setCookie(line, url, { ignoreError: true });
    return response;
  }

  function toPage(response: HttpResponse): Page {
    const root = parse(response.body);
    return {
      ...response,
      root,
      text: root.querySelector('body')?.structuredText ?? response.body,
      async submit(values = {}, { button: selector = 'button[type=submit]', headers = {}, until: stopsAt } = {}) {
        const button = selector === '' ? null : root.querySelector(selector);
        const form = selector === '' ? root.querySelector('form') : button?.closest('form');
        if (!form) throw new Error(`no ${selector} on ${response.url}:\n${response.body.slice(0, 500)}`);
        const fields: Record<string, string> = {};
        for (const input of form.querySelectorAll('input')) {
          const isLeftOut = input.getAttribute('type') === 'checkbox' && !input.hasAttribute('checked');
          if (!isLeftOut) fields[input.getAttribute('name')!] = input.getAttribute('value') ?? '';
        }
        const name = button?.getAttribute('name');
        if (name) fields[name] = button?.getAttribute('value') ?? '';
        const origin = new URL(response.url).origin;
        const options = {
          form: { ...fields, ...values },
          headers: { origin, 'sec-fetch-site': 'same-origin', ...headers },
        };
        return visit(new URL(form.getAttribute('action') ?? '', response.url).href, options, stopsAt);
      },
    };
  }

  async function visit(url: string, options: RequestOptions = {}, stopsAt = until): Promise<Page> {
    let response = await sendWithCookies(url, options);
    for (let count = 0; response.location !== undefined && !stopsAt(response.location); count += 1) {
      if (count === maxRedirects) throw new Error(`redirected for ever at ${response.url}`);
      // After 307 a browser repeats the method and the body (RFC 9110 §15.4.8).
      response = await sendWithCookies(response.location, response.status === 307 ? options : {});
    }
    return toPage(response);
  }

  return {
    jar,
    send: sendWithCookies,
    visit,
    cookie: async (url, name) => (await jar.getCookies(url)).find(({ key }) => key === name)?.value,
    copy: async () => createBrowser(until, port, await jar.clone()),
  };
}
