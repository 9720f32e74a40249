/** Numbers as people read them. Nothing here asks the locale, so the same pack gives the same bytes everywhere. */

/** A typographic minus, which lines up with the plus sign; a hyphen does not. */
const MINUS = '−';
/** Stands where a number has no meaning: no trade, no variance. */
export const NO_VALUE = '–';

/** `0.0843` → `8.43%`. Two decimals below ten per cent, one below a thousand, none above. */
export function percent(ratio: number | null): string {
  if (ratio === null) return NO_VALUE;
  return `${signed(ratio * 100, false)}%`;
}

/** `percent` with its sign always shown: for returns and changes. */
export function signedPercent(ratio: number | null): string {
  if (ratio === null) return NO_VALUE;
  return `${signed(ratio * 100, true)}%`;
}

/** The difference of two ratios in percentage points: `+7.20 points`. */
export function points(difference: number | null): string {
  if (difference === null) return NO_VALUE;
  return `${signed(difference * 100, true)} points`;
}

/** A probability as people bet: `78%`, and never a certainty. */
export function chance(probability: number | null): string {
  if (probability === null) return NO_VALUE;
  if (probability < 0.01) return 'less than 1%';
  if (probability > 0.99) return 'more than 99%';
  return `${fixed(probability * 100, 0)}%`;
}

/** A share that may be all or none: `0%`, `94%`, `100%`. */
export function share(ratio: number | null): string {
  if (ratio === null) return NO_VALUE;
  return ratio === 0 || ratio === 1 ? `${ratio * 100}%` : chance(ratio);
}

/** A plain number: `1.27`, `−0.40`. */
export function decimal(value: number | null, digits = 2): string {
  if (value === null) return NO_VALUE;
  return withMinus(grouped(fixed(value, digits)));
}

export function signedDecimal(value: number | null, digits = 2): string {
  if (value === null) return NO_VALUE;
  const shown = decimal(value, digits);
  return isZero(shown) ? shown : value > 0 ? `+${shown}` : shown;
}

/** `1234567` → `1,234,567`. */
export function count(value: number): string {
  return withMinus(grouped(fixed(value, 0)));
}

/** An amount in the quote asset: whole units from a thousand on. */
export function amount(value: number): string {
  return decimal(value, Math.abs(value) >= 1_000 ? 0 : 2);
}

/** UTC day, `2024-09-01`. */
export function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** UTC minute, `2024-09-01 18:00`. */
export function minute(time: number): string {
  return new Date(time).toISOString().slice(0, 16).replace('T', ' ');
}

/** `2024-09-01 to 2025-02-28`; the end of a span is exclusive, the day shown is the last one inside. */
export function days(span: { readonly from: number; readonly to: number }): string {
  return `${day(span.from)} to ${day(Math.max(span.from, span.to - 1))}`;
}

/** `sha256:1f4c…` → `1f4c9a02d3e8`: enough to compare by eye. */
export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12);
}

/** `1 month`, `3 months`. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

function signed(value: number, withPlus: boolean): string {
  const size = Math.abs(value);
  const shown = grouped(fixed(value, size < 10 ? 2 : size < 1_000 ? 1 : 0));
  if (isZero(shown)) return shown.replace('-', '');
  return withPlus && value > 0 ? `+${shown}` : withMinus(shown);
}

/** `toFixed` leaves the exponent in numbers of 1e21 and more, which no ratio here reaches in earnest: they are shown so. */
function fixed(value: number, digits: number): string {
  const shown = value.toFixed(digits);
  return isZero(shown) ? shown.replace('-', '') : shown;
}

function isZero(shown: string): boolean {
  return !/[1-9]/.test(shown);
}

function withMinus(shown: string): string {
  return shown.replace(/^-/, MINUS);
}

function grouped(shown: string): string {
  const [whole = '', fraction] = shown.split('.');
  const digits = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  return fraction === undefined ? digits : `${digits}.${fraction}`;
}
