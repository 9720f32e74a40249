/*
 * x to the power y, the same bits on every Node version.
 *
 * V8 changed its `Math.pow` and `**` between Node 22 and 24, so a strategy is handed this one instead. It is a port of
 * e_pow.c of FreeBSD's msun (fdlibm):
 *
 *   Copyright (C) 2004 by Sun Microsystems, Inc. All rights reserved.
 *   Permission to use, copy, modify, and distribute this software is freely granted, provided that this notice
 *   is preserved.
 */

const memory = new ArrayBuffer(8);
const double = new Float64Array(memory);
const words = new Int32Array(memory);
double[0] = 1;
const HIGH_WORD = words[0] === 0 ? 1 : 0;
const LOW_WORD = 1 - HIGH_WORD;

function highWord(value: number): number {
  double[0] = value;
  return words[HIGH_WORD]!;
}

function lowWord(value: number): number {
  double[0] = value;
  return words[LOW_WORD]!;
}

function withHighWord(value: number, high: number): number {
  double[0] = value;
  words[HIGH_WORD] = high;
  return double[0]!;
}

/** The value with the lower half of its bits cleared. */
function head(value: number): number {
  double[0] = value;
  words[LOW_WORD] = 0;
  return double[0]!;
}

const TWO_53 = 9007199254740992;
const L1 = 0.5999999999999946;
const L2 = 0.4285714285785502;
const L3 = 0.33333332981837743;
const L4 = 0.272728123808534;
const L5 = 0.23066074577556175;
const L6 = 0.20697501780033842;
const P1 = 0.16666666666666602;
const P2 = -0.0027777777777015593;
const P3 = 6.613756321437934e-5;
const P4 = -1.6533902205465252e-6;
const P5 = 4.1381367970572385e-8;
const LN2 = Math.LN2;
const LN2_HIGH = 0.6931471824645996;
const LN2_LOW = -1.904654299957768e-9;
/** -(1024 - log2(the largest double + ½ unit)). */
const OVERFLOW_SLACK = 8.008566259537294e-17;
/** 2 / (3 ln 2), and its head and tail. */
const CP = 0.9617966939259756;
const CP_HIGH = 0.9617967009544373;
const CP_LOW = -7.028461650952758e-9;
const INVERSE_LN2 = Math.LOG2E;
const INVERSE_LN2_HIGH = 1.4426950216293335;
const INVERSE_LN2_LOW = 1.9259629911266175e-8;
/** log2(1.5), head and tail. */
const LOG2_THREE_HALVES_HIGH = 0.5849624872207642;
const LOG2_THREE_HALVES_LOW = 1.350039202129749e-8;

const ODD = 1;
const EVEN = 2;

/**
 * `Math.pow` by the rules of ECMAScript (so `pow(1, NaN)` and `pow(±1, ±∞)` are NaN), error below 0.70 units in the last place.
 */
export function pow(base: number, exponent: number): number {
  const x = +base;
  const y = +exponent;
  if (y === 0) return 1;
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN;

  const magnitude = Math.abs(x);
  if (y === Number.POSITIVE_INFINITY || y === Number.NEGATIVE_INFINITY) {
    if (magnitude === 1) return Number.NaN;
    return magnitude > 1 === y > 0 ? Number.POSITIVE_INFINITY : 0;
  }
  if (y === 1) return x;
  if (y === 2) return x * x;
  if (y === -1) return 1 / x;
  if (y === 0.5 && x > 0) return Math.sqrt(x);

  const isNegative = highWord(x) < 0;
  const parity = isNegative ? parityOf(y) : 0;
  if (magnitude === 0 || magnitude === Number.POSITIVE_INFINITY || magnitude === 1) {
    const result = y < 0 ? 1 / magnitude : magnitude;
    if (!isNegative) return result;
    if (magnitude === 1 && parity === 0) return Number.NaN;
    return parity === ODD ? -result : result;
  }
  if (isNegative && parity === 0) return Number.NaN;
  const result = positivePower(magnitude, y);
  return parity === ODD ? -result : result;
}

/** Whether a finite number is an odd integer, an even one, or (0) none. */
function parityOf(y: number): number {
  const magnitude = y < 0 ? -y : y;
  if (magnitude >= TWO_53) return EVEN;
  if (Math.floor(magnitude) !== magnitude) return 0;
  return magnitude % 2 === 1 ? ODD : EVEN;
}

/** x finite, above 0, not 1; y finite, not 0. */
function positivePower(x: number, y: number): number {
  const highX = highWord(x);
  const highY = highWord(y) & 0x7fffffff;
  let logHigh: number;
  let logLow: number;
  if (highY > 0x41e00000) {
    // |y| > 2^31: only a base next to 1 neither overflows nor vanishes.
    if (highY > 0x43f00000 || highX < 0x3fefffff || highX > 0x3ff00000) {
      if (highX <= 0x3fefffff) return y < 0 ? Number.POSITIVE_INFINITY : 0;
      if (highX >= 0x3ff00000) return y > 0 ? Number.POSITIVE_INFINITY : 0;
    }
    // |1-x| is tiny <= 2^-20: log(x) by x - x²/2 + x³/3 - x⁴/4.
    const t = x - 1;
    const w = t * t * (0.5 - t * (0.3333333333333333 - t * 0.25));
    const u = INVERSE_LN2_HIGH * t;
    const v = t * INVERSE_LN2_LOW - w * INVERSE_LN2;
    logHigh = head(u + v);
    logLow = v - (logHigh - u);
  } else {
    let ax = x;
    let n = 0;
    let high = highX;
    if (high < 0x00100000) {
      ax *= TWO_53;
      n -= 53;
      high = highWord(ax);
    }
    n += (high >> 20) - 0x3ff;
    const fraction = high & 0x000fffff;
    high = fraction | 0x3ff00000;
    // Intervals: |x| < sqrt(3/2), |x| < sqrt(3), and above, which is halved.
    let isThreeHalves = false;
    if (fraction > 0x3988e) {
      if (fraction < 0xbb67a) isThreeHalves = true;
      else {
        n += 1;
        high -= 0x00100000;
      }
    }
    ax = withHighWord(ax, high);
    const bp = isThreeHalves ? 1.5 : 1;
    const u = ax - bp;
    const v = 1 / (ax + bp);
    const s = u * v;
    const sHigh = head(s);
    let tHigh = withHighWord(0, ((high >> 1) | 0x20000000) + 0x00080000 + (isThreeHalves ? 0x40000 : 0));
    let tLow = ax - (tHigh - bp);
    const sLow = v * (u - sHigh * tHigh - sHigh * tLow);
    let s2 = s * s;
    let r = s2 * s2 * (L1 + s2 * (L2 + s2 * (L3 + s2 * (L4 + s2 * (L5 + s2 * L6)))));
    r += sLow * (sHigh + s);
    s2 = sHigh * sHigh;
    tHigh = head(3 + s2 + r);
    tLow = r - (tHigh - 3 - s2);
    const uu = sHigh * tHigh;
    const vv = sLow * tHigh + tLow * s;
    const pHigh = head(uu + vv);
    const pLow = vv - (pHigh - uu);
    const zHigh = CP_HIGH * pHigh;
    const zLow = CP_LOW * pHigh + pLow * CP + (isThreeHalves ? LOG2_THREE_HALVES_LOW : 0);
    const dpHigh = isThreeHalves ? LOG2_THREE_HALVES_HIGH : 0;
    logHigh = head(zHigh + zLow + dpHigh + n);
    logLow = zLow - (logHigh - n - dpHigh - zHigh);
  }

  const yHead = head(y);
  const low = (y - yHead) * logHigh + y * logLow;
  const high = yHead * logHigh;
  return exp2(high, low);
}

/** 2 to the power (high + low). */
function exp2(pHigh: number, pLow: number): number {
  let high = pHigh;
  const z = pLow + high;
  let j = highWord(z);
  const i = lowWord(z);
  if (j >= 0x40900000) {
    if (((j - 0x40900000) | i) !== 0) return Number.POSITIVE_INFINITY;
    if (pLow + OVERFLOW_SLACK > z - high) return Number.POSITIVE_INFINITY;
  } else if ((j & 0x7fffffff) >= 0x4090cc00) {
    if (((j - (0xc090cc00 | 0)) | i) !== 0) return 0;
    if (pLow <= z - high) return 0;
  }
  const exponent = j & 0x7fffffff;
  let k = (exponent >> 20) - 0x3ff;
  let n = 0;
  if (exponent > 0x3fe00000) {
    n = j + (0x00100000 >> (k + 1));
    k = ((n & 0x7fffffff) >> 20) - 0x3ff;
    const t = withHighWord(0, n & ~(0x000fffff >> k));
    n = ((n & 0x000fffff) | 0x00100000) >> (20 - k);
    if (j < 0) n = -n;
    high -= t;
  }
  let t = head(pLow + high);
  const u = t * LN2_HIGH;
  const v = (pLow - (t - high)) * LN2 + t * LN2_LOW;
  let w = u + v;
  const rest = v - (w - u);
  t = w * w;
  const t1 = w - t * (P1 + t * (P2 + t * (P3 + t * (P4 + t * P5))));
  const r = (w * t1) / (t1 - 2) - (rest + w * rest);
  w = 1 - (r - w);
  j = (highWord(w) + (n << 20)) | 0;
  if (j >> 20 <= 0) return scale(w, n);
  return withHighWord(w, j);
}

/** x times 2 to the power n, where the result may be subnormal. */
function scale(x: number, n: number): number {
  let value = x;
  let exponent = n;
  while (exponent < -1000) {
    value *= withHighWord(0, (1023 - 1000) << 20);
    exponent += 1000;
  }
  return value * withHighWord(0, (1023 + exponent) << 20);
}
