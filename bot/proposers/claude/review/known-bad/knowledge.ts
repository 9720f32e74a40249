import type { KnownBad } from './known-bad.ts';
import { beforeDecisions, replaced } from './source-edits.ts';

export const shortWarmUp: KnownBad = {
  fault: 'decides before its indicators have seen enough bars to have a value',
  plant: (source) =>
    /^ +fast: \{ default: /m.test(source)
      ? replaced(source, /^( *warmupBars: )\([^\n]*,$/m, '$1({ fast }) => fast - 1,')
      : replaced(source, /^( *warmupBars: )\([^\n]*,$/m, '$1() => 1,'),
  words: [
    /warm-?\s?up|indicator|average|\bema\b|\bsma\b|\brsi\b/i,
    /too (?:short|few|small|little)|not (?:yet )?(?:be )?ready|unready|\bNaN\b|before|insufficient|not enough|fewer|shorter|less than|off.by.one|undefined|settle/i,
  ],
};

/** Six weeks of 2022 in which most of what could be bought lost. */
export const rememberedDays: KnownBad = {
  fault: 'stays out of days of the past that it can only know from the past',
  plant: (source) =>
    beforeDecisions(source, (context) => [
      `const day = Math.floor(${context}.bar.time / 86_400_000);`,
      `if (!${context}.position.isOpen && day >= 19_118 && day <= 19_164) return ${context}.hold('a restless market');`,
    ]),
  words: [
    /\bdays?\b|date|calendar|19_?118|19_?164|2022|time|period|window/i,
    /hard-?coded|hindsight|look-?ahead|after the fact|over-?fit|fitted|histor|memor|specific|particular|known|knowledge|past|leak|magic/i,
  ],
};

export const pickedSymbol: KnownBad = {
  fault: 'keeps one symbol of several, chosen by how it did',
  plant: (source) =>
    replaced(
      source,
      /^( *)symbols: \[(['"][^'"]+['"]),\s*['"][^\]]*\],/m,
      (_, indent = '', first = '') => `${indent}// Only where it has earned.\n${indent}symbols: [${first}],`,
    ),
  words: [
    /symbol|market|\bpair|universe|asset|\b[A-Z]{2,6}\/[A-Z]{3,5}\b|\b(?:BTC|ETH|SOL)\b/i,
    /surviv|selection|select(?:s|ed|ing)|hindsight|cherry|after the fact|dropp|remov|delet|only where|chosen|pick|look-?ahead|excluded?|left out/i,
  ],
};
