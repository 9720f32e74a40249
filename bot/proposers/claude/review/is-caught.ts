import type { PlacedFinding } from './answer.ts';
import type { KnownBad } from './known-bad/known-bad.ts';
import { KNOWN_BAD } from './known-bad/library.ts';
import type { Planted } from './plant-fault.ts';

/** A finding this many lines away is still about the place. */
const NEAR_LINES = 3;
/** Who names more faults than that in one finding has named none. */
const NAMED_MAX = 3;

/**
 * Whether one of the findings is the fault: `major` or worse, about the right file, in words that name the thing and what is wrong with
 * it, and, where it names a line, near the fault or on a line about the same thing. A question says nothing. Words are a net with holes:
 * who words it as nobody foresaw counts as having missed it, so the recall that is reported is rather too low; who denies the fault in
 * the words of one who found it counts as having caught it.
 */
export function isCaught(findings: readonly PlacedFinding[], planted: Planted): boolean {
  return findings.some((finding) => isTheFault(finding, planted));
}

function isTheFault({ severity, file, line, what }: PlacedFinding, { fault, files, ...planted }: Planted): boolean {
  if (severity === 'minor' || file !== planted.file) return false;
  const said = statements(what);
  if (!names(said, KNOWN_BAD[fault])) return false;
  if (Object.values(KNOWN_BAD).filter((other) => names(said, other)).length > NAMED_MAX) return false;
  if (line === null) return true;
  const { from, to } = planted.lines;
  if (line >= from - NEAR_LINES && line <= to + NEAR_LINES) return true;
  const text = files.get(file)?.split('\n')[line - 1] ?? '';
  return KNOWN_BAD[fault].words[0].test(text);
}

function names(said: string, { words }: KnownBad): boolean {
  return words.every((word) => word.test(said));
}

/** Without its questions. */
function statements(what: string): string {
  return (what.match(/[^.!?;\n]+[.!?;\n]*/g) ?? []).filter((sentence) => !sentence.includes('?')).join('');
}
