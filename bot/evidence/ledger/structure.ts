import { broken, type LedgerReading, type LedgerRecord } from './chain.ts';
import type { EntryOf } from './entries.ts';

/** What is known of the lines read so far. */
interface State {
  /** The night whose file is being read. */
  night: Night | null;
  questions: number;
  openings: number;
  /** Comments that asked for a night. */
  readonly asking: Set<number>;
  /** Instants of the schedule that had their night. */
  readonly due: Set<number>;
  readonly answeredQuestions: Set<number>;
  readonly answeredOpenings: Set<number>;
}

interface Night {
  readonly cycle: string;
  readonly planned: Set<number>;
  readonly finished: Set<number>;
  readonly canaries: Set<string>;
  scored: number;
  search: EntryOf<'search-ended'> | null;
  hasEnded: boolean;
}

/**
 * A chain proves that nobody changed a line; this, that the lines tell a story that can be true: every night begins, and ends
 * before the next one begins; every trial was planned before it has a result, and has one result; counts are those of the lines;
 * questions and openings are numbered without a hole and answered once, after they were written down; a comment asks for one night, and so does an instant of the schedule.
 * @throws RatchetError `ledger/broken` naming file and line
 */
export function requireStructure({ entries }: Pick<LedgerReading, 'entries'>): void {
  const state: State = {
    night: null,
    questions: 0,
    openings: 0,
    asking: new Set(),
    due: new Set(),
    answeredQuestions: new Set(),
    answeredOpenings: new Set(),
  };
  for (const record of entries) {
    const why = complaint(state, record);
    if (why !== null) throw broken(record.path, record.line, why);
  }
}

function complaint(state: State, { cycle, entry }: LedgerRecord): string | null {
  if (entry.kind === 'night-began') return begin(state, cycle, entry);
  const { night } = state;
  if (night === null || night.cycle !== cycle) return 'a night begins with its announcement, and this is none';
  switch (entry.kind) {
    case 'night-asked':
      if (night.hasEnded) return 'a night was asked for after it had ended';
      if (state.asking.has(entry.comment)) return `comment ${entry.comment} has had its night already`;
      state.asking.add(entry.comment);
      return null;
    case 'night-due':
      if (night.hasEnded) return 'a night was due after it had ended';
      if (state.due.has(entry.at)) return `the night of ${new Date(entry.at).toISOString()} has been held already`;
      state.due.add(entry.at);
      return null;
    case 'trials-planned':
      return plan(night, entry);
    case 'trial':
      return finish(night, entry);
    case 'search-ended':
      return endSearch(night, entry);
    case 'selection-asked':
      if (night.search === null) return 'the selection data were asked before the search was over';
      state.questions += 1;
      return entry.question === state.questions ? null : `question ${entry.question} where ${state.questions} follows`;
    case 'selection-answered':
      return once(state.answeredQuestions, entry.question, state.questions, 'question');
    case 'vault-opened':
      state.openings += 1;
      return entry.opening === state.openings ? null : `opening ${entry.opening} where ${state.openings} follows`;
    case 'vault-answered':
      return once(state.answeredOpenings, entry.opening, state.openings, 'opening');
    case 'canary':
      if (night.hasEnded) return 'a canary flew after the night';
      if (night.canaries.has(entry.canary)) return `canary ${entry.canary} flew twice`;
      night.canaries.add(entry.canary);
      return null;
    case 'night-ended':
      if (night.hasEnded) return 'the night has ended already';
      night.hasEnded = true;
      return entry.trials === night.planned.size ? null : `it counts ${entry.trials} trials, ${night.planned.size} were planned`;
    default:
      return entry satisfies never;
  }
}

function begin(state: State, cycle: string, entry: EntryOf<'night-began'>): string | null {
  if (entry.cycle !== cycle) return `it announces ${entry.cycle} in the file of another night`;
  if (state.night?.cycle === cycle) return 'the night has begun already';
  if (state.night !== null && !state.night.hasEnded) return `the night before it, ${state.night.cycle}, has not ended`;
  state.night = { cycle, planned: new Set(), finished: new Set(), canaries: new Set(), scored: 0, search: null, hasEnded: false };
  return null;
}

function plan(night: Night, { trials }: EntryOf<'trials-planned'>): string | null {
  if (night.search !== null || night.hasEnded) return 'trials were planned after the search was over';
  for (const { trial } of trials) {
    if (trial !== night.planned.size + 1) return `trial ${trial} where ${night.planned.size + 1} follows`;
    night.planned.add(trial);
  }
  return null;
}

function finish(night: Night, { trial, outcome }: EntryOf<'trial'>): string | null {
  if (night.search !== null || night.hasEnded) return 'a trial has a result after the search was over';
  if (!night.planned.has(trial)) return `trial ${trial} has a result and was never planned`;
  if (night.finished.has(trial)) return `trial ${trial} has a second result`;
  night.finished.add(trial);
  if (outcome === 'scored') night.scored += 1;
  return null;
}

function endSearch(night: Night, entry: EntryOf<'search-ended'>): string | null {
  if (night.search !== null) return 'the search has ended already';
  if (night.hasEnded) return 'the search ended after the night';
  if (night.finished.size !== night.planned.size)
    return `${night.planned.size} trials were planned, ${night.finished.size} have a result`;
  if (entry.trials !== night.planned.size || entry.scored !== night.scored)
    return `it counts ${entry.trials} trials and ${entry.scored} scored, the lines ${night.planned.size} and ${night.scored}`;
  if (entry.ideas.length !== night.scored) return `it gives ideas to ${entry.ideas.length} trials, ${night.scored} were scored`;
  if ((entry.returns === null) !== (night.scored === 0)) return 'scored trials have return series, and only they';
  night.search = entry;
  return null;
}

function once(answered: Set<number>, number: number, asked: number, what: string): string | null {
  if (number > asked) return `${what} ${number} is answered and was never written down`;
  if (answered.has(number)) return `${what} ${number} is answered twice`;
  answered.add(number);
  return null;
}
