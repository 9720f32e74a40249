/** Where the ledger stands on the state branch. */
export const LEDGER_FOLDER = 'ledger';
/** How many lines there are and what the last one hashes to, written with every line: a lost last line or night shows. */
export const LEDGER_HEAD_PATH = `${LEDGER_FOLDER}/head.json`;

const LINES = '.jsonl';
const RETURNS = '.returns';
/** One spelling for each: `-1` and `-01` would be two files for one night. */
const CYCLE = /^[0-9]{8}-[1-9][0-9]*$/;

/** A night's lines. */
export function ledgerPath(cycle: string): string {
  return `${LEDGER_FOLDER}/${cycle}${LINES}`;
}

/** The return series of a night's trials. */
export function returnsPath(cycle: string): string {
  return `${LEDGER_FOLDER}/${cycle}${RETURNS}`;
}

export function isLinesPath(path: string): boolean {
  return path.endsWith(LINES) && CYCLE.test(cycleOf(path));
}

export function isReturnsPath(path: string): boolean {
  return path.endsWith(RETURNS) && CYCLE.test(cycleOf(path));
}

/** The night a file of the ledger belongs to. */
export function cycleOf(path: string): string {
  const name = path.slice(LEDGER_FOLDER.length + 1);
  return name.slice(0, Math.max(0, name.lastIndexOf('.')));
}

/** Orders paths or cycles. Cycles are `yyyymmdd-n`; the tenth of a day comes after the ninth. */
export function byCycle(left: string, right: string): number {
  const [leftDay, leftNumber] = partsOf(left);
  const [rightDay, rightNumber] = partsOf(right);
  return leftDay.localeCompare(rightDay) || leftNumber - rightNumber;
}

function partsOf(text: string): [day: string, number: number] {
  const [day, number] = (text.includes('/') ? cycleOf(text) : text).split('-');
  return [day ?? '', Number(number)];
}
