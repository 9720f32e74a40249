import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import { type Context, Hono } from 'hono';

export interface AssetAddresses {
  readonly style: string;
  readonly script: string;
  readonly icon: string;
  /** The chart library: 2.5 MB, asked for only by pages that hold a chart. */
  readonly mermaid: string;
}

interface Asset {
  readonly address: string;
  readonly type: string;
  /** Made when a browser first asks: most starts of a forge see none. */
  readonly packed: () => Buffer;
  readonly plain: Buffer;
}

/** Joined in this order: later parts may speak against earlier ones. */
const STYLE_PARTS = ['1-ground.css', '2-frame.css', '3-parts.css', '4-code.css', '5-markdown.css', '6-narrow.css'] as const;

const JAVASCRIPT = 'text/javascript; charset=utf-8';

/** The files the pages are made of, each under an address that changes when it does, so that browsers may keep it for ever. */
export class Assets {
  readonly #assets: readonly Asset[];
  readonly addresses: AssetAddresses;

  constructor() {
    const mermaidPath = createRequire(import.meta.url).resolve('@mermaid-js/tiny/dist/mermaid.tiny.js');
    const style = load('style.css', 'text/css; charset=utf-8', Buffer.concat(STYLE_PARTS.map(read)));
    const script = load('page.js', JAVASCRIPT, read('page.js'));
    const icon = load('icon.svg', 'image/svg+xml', read('icon.svg'));
    const mermaid = load('mermaid.js', JAVASCRIPT, readFileSync(mermaidPath));
    this.#assets = [style, script, icon, mermaid];
    this.addresses = { style: style.address, script: script.address, icon: icon.address, mermaid: mermaid.address };
  }

  routes(): Hono {
    const app = new Hono();
    for (const asset of this.#assets) app.get(asset.address, (c) => send(c, asset));
    return app;
  }
}

function read(name: string): Buffer {
  return readFileSync(new URL(`./assets/${name}`, import.meta.url));
}

function load(name: string, type: string, plain: Buffer): Asset {
  const hash = createHash('sha256').update(plain).digest('hex').slice(0, 16);
  let packed: Buffer | undefined;
  return {
    address: `/-/assets/${hash}/${name}`,
    type,
    plain,
    packed: () => {
      packed ??= gzipSync(plain);
      return packed;
    },
  };
}

function send(c: Context, asset: Asset): Response {
  const isPacked = /\bgzip\b/.test(c.req.header('Accept-Encoding') ?? '');
  return new Response(new Uint8Array(isPacked ? asset.packed() : asset.plain), {
    headers: {
      'Content-Type': asset.type,
      'Cache-Control': 'public, max-age=31536000, immutable',
      'X-Content-Type-Options': 'nosniff',
      Vary: 'Accept-Encoding',
      ...(isPacked ? { 'Content-Encoding': 'gzip' } : {}),
    },
  });
}
