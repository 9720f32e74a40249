/**
 * What older bars have become: one entry of the store's migrations.
 *
 * A row stands for a run of bars: those of one strategy and one version, with no deployment between them, inside one bucket. Its `instant`
 * is the close of its last bar and its `first` of its first, so a row of a run and a row of one bar are read alike. `fall` is the deepest
 * fall from a high before it within the run, a ratio; `held` counts the bars at whose close something was held; `treeHash` is empty where
 * nothing was decided. `tierKept` says how far each tier has come: what closed by `upTo` is in no finer one.
 */
export const tierSchema = `
  CREATE TABLE equityTiers (
    strategy TEXT NOT NULL,
    instant INTEGER NOT NULL,
    first INTEGER NOT NULL,
    treeHash TEXT NOT NULL,
    open REAL NOT NULL,
    high REAL NOT NULL,
    low REAL NOT NULL,
    close REAL NOT NULL,
    fall REAL NOT NULL,
    bars INTEGER NOT NULL,
    held INTEGER NOT NULL,
    PRIMARY KEY (strategy, instant)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE decisionTiers (
    strategy TEXT NOT NULL,
    symbol TEXT NOT NULL,
    instant INTEGER NOT NULL,
    first INTEGER NOT NULL,
    treeHash TEXT NOT NULL,
    action TEXT NOT NULL,
    reason TEXT NOT NULL,
    outcome TEXT NOT NULL,
    times INTEGER NOT NULL,
    PRIMARY KEY (strategy, instant, symbol)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE tierKept (everyMs INTEGER PRIMARY KEY, upTo INTEGER NOT NULL) STRICT;
`;
