/** Renders the pug templates in `views/`, and reads the files in `views/assets/`. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pug from 'pug';
import type { Texts } from './texts.ts';

export type Values = Record<string, unknown>;

export interface Views {
  /** @returns the HTML of a view, such as `interaction/password` */
  render(view: string, values: Values): string;
  /** Path on the server → content. */
  readonly assets: ReadonlyMap<string, Asset>;
}

export interface Asset {
  type: string;
  body: Buffer;
}

const folder = join(import.meta.dirname, '../../views');

const types: Record<string, string> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** Reads the assets. The path of an asset contains a hash of its content, so that browsers can cache it. */
function readAssets(): { assets: Map<string, Asset>; addresses: Record<string, string> } {
  const assets = new Map<string, Asset>();
  const addresses: Record<string, string> = {};
  for (const name of readdirSync(join(folder, 'assets'))) {
    const body = readFileSync(join(folder, 'assets', name));
    const [stem, ending] = name.split('.') as [string, string];
    const hash = createHash('sha256').update(body).digest('hex').slice(0, 12);
    const address = `/assets/${stem}.${hash}.${ending}`;
    addresses[name] = address;
    assets.set(address, { type: types[ending] ?? 'application/octet-stream', body });
  }
  return { assets, addresses };
}

export function createViews(texts: Texts): Views {
  const compiled = new Map<string, pug.compileTemplate>();
  const { assets, addresses } = readAssets();
  const asset = (name: string): string => {
    const address = addresses[name];
    if (!address) throw new Error(`no asset ${name}`);
    return address;
  };
  return {
    assets,
    render(view, values) {
      let template = compiled.get(view);
      if (!template) {
        template = pug.compileFile(join(folder, `${view}.pug`), { basedir: folder, doctype: 'html' });
        compiled.set(view, template);
      }
      return template({ t: texts, asset, ...values });
    },
  };
}
