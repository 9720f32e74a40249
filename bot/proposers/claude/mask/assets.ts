import { createHash } from 'node:crypto';

/** Numbers of four digits: enough that two of a few dozen assets hardly meet, few enough to read. */
const FIRST = 1_000;
const COUNT = 9_000;
const PSEUDONYM = /(?:ASSET|QUOTE|asset|quote|Asset|Quote)(\d+)/g;

export interface HiddenAssets {
  there(text: string): string;
  back(text: string): string;
  /** The first word that looks like a pseudonym and is none; null when there is none. */
  unknownIn(text: string): string | null;
}

/**
 * Pseudonyms for the assets of `symbols`, in all three ways a name is written (`BTC`, `btc`, `Btc`), with its quote (`BTC/USDT`,
 * `BTCUSDT`) or alone. They follow from the secret and the name, so another market beside them changes none.
 */
export function hiddenAssets(symbols: readonly string[], secret: string): HiddenAssets {
  const pseudonyms = pseudonymsOf(symbols, secret);
  const pairs = symbols.flatMap((symbol) => {
    const [base = '', quote = ''] = namesIn(symbol);
    const hidden = `${pseudonyms.get(base) ?? ''}${pseudonyms.get(quote) ?? ''}`;
    return quote === '' ? [] : [[base + quote, hidden] as const];
  });
  const there = new Map<string, string>();
  const back = new Map<string, string>();
  for (const [name, pseudonym] of [...pseudonyms, ...pairs]) {
    for (const write of [upper, lower, capital]) {
      // A name without letters is written one way only.
      if (!there.has(write(name))) there.set(write(name), write(pseudonym));
    }
  }
  for (const [name, pseudonym] of pseudonyms) {
    for (const write of [upper, lower, capital]) {
      if (there.get(write(name)) === write(pseudonym)) back.set(write(pseudonym), write(name));
    }
  }
  const names = there.size === 0 ? null : wordsOf([...there.keys()]);
  return {
    there: (text) => (names === null ? text : text.replace(names, (name) => there.get(name)!)),
    back: (text) => text.replace(PSEUDONYM, (pseudonym) => back.get(pseudonym) ?? pseudonym),
    unknownIn: (text) => text.match(PSEUDONYM)?.find((pseudonym) => !back.has(pseudonym)) ?? null,
  };
}

/** By name; an asset that is ever traded is no quote. */
function pseudonymsOf(symbols: readonly string[], secret: string): ReadonlyMap<string, string> {
  const bases = new Set(symbols.map((symbol) => namesIn(symbol)[0]!));
  const quotes = symbols.flatMap((symbol) => namesIn(symbol).slice(1));
  const pseudonyms = new Map<string, string>();
  const taken = new Set<number>();
  for (const name of [...new Set([...bases, ...quotes])].filter((word) => word.length > 1).sort()) {
    let number = numberOf(name, secret);
    while (taken.has(number)) number = number === FIRST + COUNT - 1 ? FIRST : number + 1;
    taken.add(number);
    pseudonyms.set(name, `${bases.has(name) ? 'ASSET' : 'QUOTE'}${number}`);
  }
  return pseudonyms;
}

/** `BTC/USDT`, and `BTC/USDT:USDT` where a market settles in something. */
function namesIn(symbol: string): readonly string[] {
  return symbol.split(/[^A-Za-z0-9]+/);
}

function numberOf(name: string, secret: string): number {
  const digest = createHash('sha256')
    .update(JSON.stringify(['asset', secret, name]))
    .digest();
  return FIRST + (digest.readUInt32BE(0) % COUNT);
}

/** Whole words, and the parts of `btcWeight`, `onBtc` and `btc_weight`; the longest name first. */
function wordsOf(names: readonly string[]): RegExp {
  const parts = [...names]
    .sort((a, b) => b.length - a.length)
    .map((name) => {
      if (name === upper(name)) return `(?<![A-Za-z0-9])${name}(?![A-Za-z0-9])`;
      return name === lower(name) ? `(?<![A-Za-z0-9])${name}(?![a-z0-9])` : `(?<![A-Z0-9])${name}(?![a-z0-9])`;
    });
  return new RegExp(parts.join('|'), 'g');
}

function upper(name: string): string {
  return name.toUpperCase();
}

function lower(name: string): string {
  return name.toLowerCase();
}

function capital(name: string): string {
  return upper(name.slice(0, 1)) + lower(name.slice(1));
}
