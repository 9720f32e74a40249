import { traceSchema } from './decision-traces.ts';
import { forcedSaleSchema } from './forced-sales.ts';
import { journalSchema, noteSchema } from './journal/journal-schema.ts';
import { tierSchema } from './tiers/tier-schema.ts';

/**
 * Forward only: entry n takes a store from version n to n + 1. An entry that has been released is never edited.
 *
 * `instant` is the market time at which a row became known: the close of the bar that brought it. Readers who ask "as of"
 * compare with it, so that an answer about the past never changes, however far the engine has run since.
 * `at` is wall-clock time. All times are UTC milliseconds. Nothing is updated but `deployments`, `accounts`, `runs` and `meta`,
 * and nothing removed but what went into tiers.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

  CREATE TABLE deployments (
    id INTEGER PRIMARY KEY,
    strategy TEXT NOT NULL,
    treeHash TEXT NOT NULL,
    commitHash TEXT NOT NULL,
    stage TEXT NOT NULL CHECK (stage IN ('shadow', 'paper', 'canary', 'live')),
    artifact TEXT NOT NULL,
    instant INTEGER NOT NULL,
    loadedAt INTEGER NOT NULL,
    droppedAt INTEGER,
    outcome TEXT NOT NULL CHECK (outcome IN ('trial', 'running', 'replaced', 'fell-back', 'removed'))
  ) STRICT;

  CREATE TABLE decisions (
    id INTEGER PRIMARY KEY,
    instant INTEGER NOT NULL,
    strategy TEXT NOT NULL,
    treeHash TEXT NOT NULL,
    symbol TEXT NOT NULL,
    action TEXT NOT NULL,
    reason TEXT NOT NULL,
    outcome TEXT NOT NULL,
    UNIQUE (strategy, instant, symbol)
  ) STRICT;
  CREATE INDEX decisionsByInstant ON decisions (instant);

  CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    decision INTEGER NOT NULL UNIQUE REFERENCES decisions (id),
    instant INTEGER NOT NULL,
    strategy TEXT NOT NULL,
    symbol TEXT NOT NULL,
    terms TEXT NOT NULL
  ) STRICT;

  CREATE TABLE denials (
    id INTEGER PRIMARY KEY,
    decision INTEGER REFERENCES decisions (id),
    instant INTEGER NOT NULL,
    strategy TEXT NOT NULL,
    symbol TEXT NOT NULL,
    code TEXT NOT NULL,
    reason TEXT NOT NULL
  ) STRICT;
  CREATE INDEX denialsByDecision ON denials (decision);

  CREATE TABLE fills (
    id INTEGER PRIMARY KEY,
    instant INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    strategy TEXT NOT NULL,
    treeHash TEXT NOT NULL,
    time INTEGER NOT NULL,
    symbol TEXT NOT NULL,
    side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
    quantity REAL NOT NULL,
    price REAL NOT NULL,
    fee REAL NOT NULL,
    isMaker INTEGER NOT NULL,
    cause TEXT NOT NULL,
    reason TEXT NOT NULL,
    UNIQUE (strategy, instant, ordinal)
  ) STRICT;

  CREATE TABLE trades (
    id INTEGER PRIMARY KEY,
    instant INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    strategy TEXT NOT NULL,
    treeHash TEXT NOT NULL,
    symbol TEXT NOT NULL,
    entryTime INTEGER NOT NULL,
    exitTime INTEGER NOT NULL,
    entryPrice REAL NOT NULL,
    exitPrice REAL NOT NULL,
    quantity REAL NOT NULL,
    fees REAL NOT NULL,
    netResult REAL NOT NULL,
    netReturn REAL NOT NULL,
    barsHeld INTEGER NOT NULL,
    maxAdverseExcursion REAL NOT NULL,
    maxFavourableExcursion REAL NOT NULL,
    entryReason TEXT NOT NULL,
    exitReason TEXT NOT NULL,
    exitCause TEXT NOT NULL,
    version TEXT NOT NULL,
    UNIQUE (strategy, instant, ordinal)
  ) STRICT;
  CREATE INDEX tradesByInstant ON trades (instant);

  CREATE TABLE equity (
    strategy TEXT NOT NULL,
    instant INTEGER NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (strategy, instant)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE accounts (
    strategy TEXT PRIMARY KEY,
    instant INTEGER NOT NULL,
    deployment INTEGER REFERENCES deployments (id),
    account TEXT NOT NULL,
    memory TEXT NOT NULL,
    positions TEXT NOT NULL
  ) STRICT;

  CREATE TABLE quarantine (
    treeHash TEXT PRIMARY KEY,
    strategy TEXT NOT NULL,
    reason TEXT NOT NULL,
    at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE faults (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    instant INTEGER,
    strategy TEXT NOT NULL,
    treeHash TEXT,
    code TEXT NOT NULL,
    message TEXT NOT NULL
  ) STRICT;

  CREATE TABLE syncs (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('Synced', 'OutOfSync', 'Degraded')),
    commitHash TEXT,
    reason TEXT NOT NULL
  ) STRICT;
  `,
  `
  ALTER TABLE deployments ADD COLUMN barMs INTEGER;
  ALTER TABLE deployments ADD COLUMN symbols INTEGER;

  CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    startedAt INTEGER NOT NULL,
    seenAt INTEGER NOT NULL
  ) STRICT;
  `,
  journalSchema,
  tierSchema,
  traceSchema,
  `
  ALTER TABLE decisions ADD COLUMN ageMs INTEGER;
  ALTER TABLE decisions ADD COLUMN missing TEXT;
  `,
  noteSchema,
  forcedSaleSchema,
];
