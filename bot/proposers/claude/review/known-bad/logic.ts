import type { KnownBad } from './known-bad.ts';
import { replaced, withoutUnused } from './source-edits.ts';

export const idleParameter: KnownBad = {
  fault: 'declares a parameter that nothing reads any more',
  plant(source) {
    const body = source.indexOf('onBar');
    for (const [, name] of source.matchAll(/\bparameters\.(\w+)\b/g)) {
      const preset = new RegExp(`^ *${name}: \\{ default: ([\\d._]+),`, 'm').exec(source)?.[1];
      const uses = [...source.matchAll(new RegExp(`\\bparameters\\.${name}\\b`, 'g'))];
      if (body < 0 || preset === undefined || uses.length !== 1) continue;
      return withoutUnused(source.replace(`parameters.${name}`, preset));
    }
    return null;
  },
  words: [
    /paramet|declared|manifest|tunable|\brange\b|knob/i,
    /unused|not (?:used|read)|never (?:used|read)|no longer (?:used|read)|no effect|ignor|does nothing|\bdead\b|\bidle\b|hard-?coded|literal|constant|fixed/i,
  ],
};

export const deadFilter: KnownBad = {
  fault: 'asks whether a close lies above a peak that has the same bar in it, which it never does',
  plant(source) {
    const imported = replaced(source, /^(import \{ [\w, ]+?)( \} from 'ratchet\/contract';)/m, '$1, highest$2');
    const declared = imported && replaced(imported, /^( *)(indicators: \([^)]*\) => \(\{\n)/m, '$1$2$1  peak: highest(20),\n');
    if (!declared || /\bpeak\b|\bhighest\b/.test(source)) return null;
    return replaced(
      declared,
      /^( *)return (\w+)\.target\(/m,
      (_, indent = '', context = '') =>
        `${indent}if (${context}.bar.close > ${context}.indicators.peak.value) return ${context}.hold('above its peak');\n\n${indent}return ${context}.target(`,
    );
  },
  words: [
    /peak|highest|\bhigh\b|filter|guard|condition/i,
    /never|always|\bdead\b|unreachable|impossible|cannot|can't|no effect|includ|current bar|this bar|same bar|own high|\.?previous/i,
  ],
};

/** A guard turned into its opposite: the first of these that the source has. */
const TURNED: readonly (readonly [RegExp, string])[] = [
  [/(\bstrength\.value) >= (?=parameters\.)/, '$1 < '],
  [/(\bbar\.close) < (?=trend\.value)/, '$1 > '],
  [/(!\w+\.crossed)Above(?=\()/, '$1Below'],
  [/(\bfast\.value) <= (?=slow\.value)/, '$1 > '],
  [/(\bif \(\w+(?:\.\w+)+) >= /, '$1 < '],
  [/(\bif \(\w+(?:\.\w+)+) <= /, '$1 > '],
];

export const contradictsItself: KnownBad = {
  fault: 'buys when the opposite holds of what it says it waits for',
  plant: (source) => TURNED.reduce<string | null>((found, [search, turned]) => found ?? replaced(source, search, turned), null),
  words: [
    /condition|guard|filter|comparison|entry|entries|enters|buys?|reason|docstring|description|hypothesis|cross|overbought|rsi|strength|trend/i,
    /revers|invert|flipp|opposite|contradict|contrary|wrong way|wrong direction|mismatch|does not match|instead of|despite|exactly when|only (?:when|while|if)|backwards/i,
  ],
};

export const unreachableExit: KnownBad = {
  fault: 'has an exit that is never reached',
  plant: (source) =>
    replaced(source, /^( *if \([^\n]*\) return \w+\.exit\([^\n]*\);\n)( *return \w+\.hold\([^\n]*\);\n)/m, '$2$1'),
  words: [
    /exit|\bhold|return|cross|leav/i,
    /unreachable|never (?:reach|run|execut|exit|happen|leav|taken)|\bdead\b|cannot (?:be )?(?:reach|run|happen)|always (?:hold|return)|before the exit|after (?:a|the|an unconditional) return|order|swap/i,
  ],
};
