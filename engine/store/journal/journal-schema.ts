/**
 * What is known of orders at venues: one entry of the store's migrations, and all that a journal alone in a file needs.
 *
 * Amounts are exact decimals as text. `at` and every other time is UTC milliseconds. Rows of `orderEvents`, `venueFills`,
 * `venueFillFees`, `venueDust` and `venueBaselines` are never changed; a row of `venueOrders` is the fold of its events. `noteSchema`
 * belongs to it.
 */
export const journalSchema = `
  CREATE TABLE venueOrders (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    clientOrderId TEXT NOT NULL,
    strategy TEXT NOT NULL,
    symbol TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('entry', 'exit', 'protection')),
    side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
    kind TEXT NOT NULL CHECK (kind IN ('market', 'limit', 'limit-ioc', 'stop')),
    quantity TEXT NOT NULL,
    limitPrice TEXT,
    stopPrice TEXT,
    instant INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    version TEXT NOT NULL,
    cause TEXT NOT NULL,
    reason TEXT NOT NULL,
    terms TEXT NOT NULL,
    createdAt INTEGER NOT NULL,
    state TEXT NOT NULL
      CHECK (state IN ('pending', 'unknown', 'open', 'partial', 'filled', 'cancelled', 'rejected', 'expired')),
    venueOrderId TEXT,
    filled TEXT NOT NULL,
    saidFilled TEXT,
    refusal TEXT,
    isFinal INTEGER NOT NULL,
    UNIQUE (account, clientOrderId)
  ) STRICT;
  CREATE INDEX venueOrdersByState ON venueOrders (account, isFinal);
  CREATE INDEX venueOrdersByIntention ON venueOrders (account, strategy, symbol, instant, role);
  CREATE INDEX venueOrdersByVenueId ON venueOrders (account, venueOrderId);

  CREATE TABLE orderEvents (
    id INTEGER PRIMARY KEY,
    orderId INTEGER NOT NULL REFERENCES venueOrders (id),
    at INTEGER NOT NULL,
    event TEXT NOT NULL
  ) STRICT;
  CREATE INDEX orderEventsByOrder ON orderEvents (orderId);

  CREATE TABLE venueFills (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    symbol TEXT NOT NULL,
    fillId TEXT NOT NULL,
    orderId INTEGER NOT NULL REFERENCES venueOrders (id),
    side TEXT NOT NULL CHECK (side IN ('buy', 'sell')),
    quantity TEXT NOT NULL,
    price TEXT NOT NULL,
    isMaker INTEGER NOT NULL,
    time INTEGER NOT NULL,
    recordedAt INTEGER NOT NULL,
    UNIQUE (account, symbol, fillId)
  ) STRICT;
  CREATE INDEX venueFillsByOrder ON venueFills (orderId);

  CREATE TABLE venueFillFees (
    fill INTEGER NOT NULL REFERENCES venueFills (id),
    ordinal INTEGER NOT NULL,
    asset TEXT NOT NULL,
    amount TEXT NOT NULL,
    quoteValue TEXT,
    PRIMARY KEY (fill, ordinal)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE venueDust (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    strategy TEXT NOT NULL,
    symbol TEXT NOT NULL,
    afterFill INTEGER NOT NULL REFERENCES venueFills (id),
    quantity TEXT NOT NULL,
    at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE venueLanes (
    account TEXT NOT NULL,
    strategy TEXT NOT NULL,
    symbol TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (account, strategy, symbol)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE venueFreezes (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    symbol TEXT NOT NULL,
    at INTEGER NOT NULL,
    code TEXT NOT NULL,
    subject TEXT NOT NULL,
    message TEXT NOT NULL,
    acceptedAt INTEGER,
    acceptedReason TEXT
  ) STRICT;
  CREATE INDEX venueFreezesBySubject ON venueFreezes (account, code, symbol, subject);

  CREATE TABLE venueBaselines (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    asset TEXT NOT NULL,
    amount TEXT NOT NULL,
    at INTEGER NOT NULL,
    reason TEXT NOT NULL
  ) STRICT;

  CREATE TABLE venueCursors (
    account TEXT PRIMARY KEY,
    fillsSince INTEGER NOT NULL,
    reconciledAt INTEGER
  ) STRICT;

  CREATE TABLE venueRisk (account TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT;
`;

/** What happens to positions without a fill is one sequence, of dust and of what a person has accepted as gone. */
export const noteSchema = `
  ALTER TABLE venueDust RENAME TO venueNotes;
  ALTER TABLE venueNotes ADD COLUMN kind TEXT NOT NULL DEFAULT 'dust' CHECK (kind IN ('dust', 'written-off'));
  ALTER TABLE venueNotes ADD COLUMN price TEXT;
  ALTER TABLE venueNotes ADD COLUMN reason TEXT;
`;
