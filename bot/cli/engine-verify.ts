import { Command } from 'commander';
import { RatchetError } from '#engine/errors.ts';
import { clockOfFolder } from '#engine/runtime/kept-pace.ts';
import { lockHolder } from '#engine/runtime/lock.ts';
import { tradedVenueIn } from '#engine/runtime/real-money.ts';
import { readLocalStatus } from '#engine/runtime/status.ts';
import { newestBackup } from '#engine/store/backups.ts';
import { type EngineReader, openReader } from '#engine/store/engine-reader.ts';
import { fullCheck } from '#engine/store/integrity.ts';
import { openForReading } from '#engine/store/open-database.ts';
import { inspectStore } from '#engine/store/write-backup.ts';
import { contradictions, openQuestions, unwatched, verifyJournal } from '#engine/trading/verify-journal.ts';
import { silentSince } from './engine/silence.ts';
import { workspaceAt } from './up/workspace.ts';

interface Finding {
  readonly what: string;
  /** Empty when all is well. */
  readonly wrong: readonly string[];
  /** What nobody can put right any more, and nothing suffers from. */
  readonly aside: readonly string[];
}

/** `ratchet engine verify`: whether the engine and what it has on disk are as they should be. Exits with 1 when something is off. */
export function engineVerifyCommand(): Command {
  return new Command('verify')
    .description(
      'Whether the engine runs and agrees with main, and whether its orders, its store and the newest backup are whole; works while it runs.',
    )
    .option('--workspace <dir>', 'the workspace', 'var')
    .option('--json', 'one JSON array')
    .action((flags: { workspace: string; json?: boolean }) => {
      const findings = verifyEngine(workspaceAt(flags.workspace).engine);
      console.log(flags.json === true ? JSON.stringify(findings) : findings.map(inWords).join('\n'));
      process.exitCode = findings.every(({ wrong }) => wrong.length === 0) ? 0 : 1;
    });
}

function verifyEngine(dir: string): readonly Finding[] {
  const backup = newestBackup(dir);
  const aside: string[] = [];
  const store = { what: 'the store', wrong: looking(() => storeIn(dir)), aside };
  const backups =
    backup === null
      ? []
      : [{ what: `the newest backup, ${backup.file}`, wrong: looking(() => inspectStore(backup.file)), aside }];
  // Of a damaged store nothing that it says can be believed.
  if (store.wrong.length > 0) return [store, ...backups];
  const now = clockOfFolder(dir).now();
  return [
    { what: 'the engine', wrong: looking(() => engineIn(dir, now)), aside },
    {
      what: 'the order journal',
      wrong: looking(() => read(dir, (reader) => journalsIn(reader, now))),
      aside: read(dir, (reader) => leftBehindIn(reader, now)),
    },
    store,
    ...backups,
  ];
}

/** Of every account that its journal is whole, and of the one that is traded on that nothing there waits for an answer. */
function journalsIn(reader: EngineReader, now: number): string[] {
  const traded = tradedVenueIn(reader)?.account;
  return reader
    .journals()
    .flatMap((journal) => (journal.account === traded ? verifyJournal(journal, now) : contradictions(journal)));
}

/** What was open at accounts that nobody asks about any more: of another key, or of a rehearsal that is over. */
function leftBehindIn(reader: EngineReader, now: number): string[] {
  const traded = tradedVenueIn(reader)?.account;
  return reader
    .journals()
    .filter(({ account }) => account !== traded)
    .flatMap((journal) => openQuestions(journal, now).map((one) => `an account no longer traded on: ${journal.account}: ${one}`));
}

/** An engine that was stopped is well, unless something is held, or may still be bought, that nobody watches. */
function engineIn(dir: string, now: number): readonly string[] {
  const holder = lockHolder(dir);
  if (holder === null) return read(dir, unwatchedIn);
  const silent = read(dir, (reader) => silentSince(reader, holder, now));
  const status = readLocalStatus(dir);
  const silence = silent === null ? [] : [`It was last heard of at ${new Date(silent).toISOString()}.`];
  return status === null || status.status === 'Synced' ? silence : [...silence, `It is ${status.status}: ${status.reason}`];
}

/** Of an account at a venue by its journal, which knows what came after the last bar. */
function unwatchedIn(reader: EngineReader): string[] {
  const traded = tradedVenueIn(reader)?.account;
  const journal = reader.journals().find(({ account }) => account === traded);
  const { lanes, entries } = journal === undefined ? { lanes: [], entries: [] } : unwatched(journal);
  const isJournalled = (one: { strategy: string; symbol: string }) =>
    lanes.some(({ strategy, symbol }) => strategy === one.strategy && symbol === one.symbol);
  const held = [
    ...lanes.filter(({ quantity }) => quantity.gt(0)),
    ...reader.openPositions().filter((position) => !isJournalled(position)),
  ];
  return [
    ...held.map(({ strategy, quantity, symbol }) => `It does not run, and ${strategy} holds ${quantity} ${symbol}.`),
    ...entries.map(
      ({ clientOrderId, strategy, symbol, quantity, filled }) =>
        `It does not run, and the order ${clientOrderId} of ${strategy} may still buy ${quantity.minus(filled)} ${symbol}: cancel it at the exchange.`,
    ),
  ];
}

function read<T>(dir: string, ask: (reader: EngineReader) => T): T {
  const reader = openReader(dir);
  try {
    return reader.atOnce(() => ask(reader));
  } finally {
    reader.close();
  }
}

function storeIn(dir: string): readonly string[] {
  const database = openForReading(dir);
  try {
    return fullCheck(database);
  } finally {
    database.close();
  }
}

function looking(look: () => unknown): readonly string[] {
  try {
    const found = look();
    return Array.isArray(found) ? found : [];
  } catch (error) {
    if (!(error instanceof RatchetError)) throw error;
    return [`${error.message} ${error.remedy}`];
  }
}

function inWords({ what, wrong, aside }: Finding): string {
  const title = wrong.length === 0 ? `✔ ${what} is as it should be` : `✘ ${what}:`;
  return [title, ...wrong.map((one) => `    ${one}`), ...aside.map((one) => `  ${one}`)].join('\n');
}
