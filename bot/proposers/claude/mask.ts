import { hiddenAssets } from './mask/assets.ts';
import { blurredMonths, movedDates } from './mask/dates.ts';

/** What is kept from a model that may have read of these markets on these days. */
export type MaskKind = 'none' | 'assets' | 'dates' | 'both';

export interface MaskOptions {
  readonly kind: MaskKind;
  /** `BTC/USDT`: every market that is spoken of. */
  readonly symbols: readonly string[];
  /** The same in every night, and never shown to a model: pseudonyms and the days' offset follow from it. */
  readonly secret: string;
}

/** A text the other way, or in one sentence why there is no telling which one was meant. */
export type Unmasked = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'unclear'; readonly what: string };

/**
 * Other names for assets and other days for dates. What a model is shown cannot be recognised by these two; prices, and names in words
 * such as that of a coin or of a year alone, stay as they are.
 */
export interface Mask {
  /** Whether days are others: then what tells the one from the other (up to when a model has read of the world) is not shown either. */
  readonly movesDates: boolean;
  /** For what is read and does not come back. Days whose number is not told (`2025-03`, `March 2025`) are taken out. */
  blur(text: string): string;
  /** For what comes back: null when the text could not be had again from what would be shown. */
  hide(text: string): string | null;
  /** Only what `hide` could have made is taken: real names and unknown pseudonyms are no guess of ours to make. */
  show(text: string): Unmasked;
}

export function maskOf({ kind, symbols, secret }: MaskOptions): Mask {
  const assets = kind === 'assets' || kind === 'both' ? hiddenAssets(symbols, secret) : null;
  const dates = kind === 'dates' || kind === 'both' ? movedDates(secret) : null;
  const there = (text: string): string => {
    const named = assets === null ? text : assets.there(text);
    return dates === null ? named : dates.there(named);
  };
  const back = (text: string): string => {
    const dated = dates === null ? text : dates.back(text);
    return assets === null ? dated : assets.back(dated);
  };
  const show = (text: string): Unmasked => {
    const unknown = assets?.unknownIn(text) ?? null;
    if (unknown !== null) return unclear(`${unknown} is no asset that you were shown.`);
    const shown = back(text);
    if (there(shown) === text) return { kind: 'text', text: shown };
    return unclear('It names an asset or a day otherwise than they were shown to you, so nobody can tell which one is meant.');
  };
  return {
    movesDates: dates !== null,
    blur: (text) => there(dates === null ? text : blurredMonths(text)),
    hide: (text) => {
      const hidden = there(text);
      const shown = show(hidden);
      return shown.kind === 'text' && shown.text === text ? hidden : null;
    },
    show,
  };
}

/** Nothing is kept from a model. */
export const UNMASKED: Mask = maskOf({ kind: 'none', symbols: [], secret: '' });

function unclear(what: string): Unmasked {
  return { kind: 'unclear', what };
}
