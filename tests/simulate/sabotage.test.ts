import { Big } from 'big.js';
import { describe, expect, it } from 'vitest';
import type { Feed, Instant } from '#engine/feeds/feed.ts';
import type { EngineStore, StrategyStanding } from '#engine/store/engine-store.ts';
import type { OrderJournal } from '#engine/store/journal/order-journal.ts';
import type { Venue } from '#engine/venues/venue.ts';
import { VenueError } from '#engine/venues/venue-error.ts';
import { INVARIANTS } from './invariants/all.ts';
import { runSeed } from './run-seed.ts';
import type { Sabotage } from './sabotage.ts';

/** As many runs as a fault may need to meet its opportunity, from a seed on that is known to have one. */
const SEEDS = 40;
const BARS = 25;

/** The same object but for some methods. */
function but<Target extends object>(target: Target, methods: Partial<Target>): Target {
  return new Proxy(target, {
    get: (from, name) => {
      const own: unknown = Reflect.get(methods, name);
      if (own !== undefined) return own;
      const value: unknown = Reflect.get(from, name, from);
      return typeof value === 'function' ? value.bind(from) : value;
    },
  });
}

const onVenue = (methods: (venue: Venue) => Partial<Venue>): Sabotage => ({ venue: (venue) => but(venue, methods(venue)) });
const onJournal = (methods: (journal: OrderJournal) => Partial<OrderJournal>): Sabotage => ({
  journal: (journal) => but(journal, methods(journal)),
});

type Filled = ReturnType<OrderJournal['filled']> extends Generator<infer Told> ? Told : never;

/** The journal's fills, some of them twice. */
function* repeated(journal: OrderJournal, isTwice: (told: Filled, at: number) => boolean): Generator<Filled> {
  let at = 0;
  for (const told of journal.filled()) {
    yield told;
    if (isTwice(told, at)) yield told;
    at += 1;
  }
}

const onStore = (methods: (store: EngineStore) => Partial<EngineStore>): Sabotage => ({
  store: (store) => but(store, methods(store)),
});

/** Every seventh instant is handed to the loop as this makes it. */
const everySeventh = (spoilt: (instant: Instant, before: Instant | null) => Instant): Sabotage => ({
  feed: (feed: Feed) => {
    let count = 0;
    let before: Instant | null = null;
    const next = (): Instant | null => {
      const instant = feed.next();
      count += 1;
      const given = instant !== null && count % 7 === 0 ? spoilt(instant, before) : instant;
      before = instant;
      return given;
    };
    return but(feed, { next });
  },
});

const sabotages: Readonly<Record<string, readonly [what: string, sabotage: Sabotage, from?: number][]>> = {
  'money conserved': [
    [
      'forgets fees',
      onVenue((venue) => ({
        fills: async (...args) => (await venue.fills(...args)).map((fill) => ({ ...fill, fees: [] })),
      })),
    ],
  ],
  'orders neither lost nor doubled': [
    [
      'sends again blindly',
      onVenue((venue) => ({
        place: (request) =>
          venue.place(request).catch((error: unknown) => {
            if (error instanceof VenueError && error.certainty === 'unknown') return venue.place(request);
            throw error;
          }),
      })),
      17,
    ],
    [
      'sends what the journal does not have',
      onVenue((venue) => ({
        place: (request) => venue.place({ ...request, clientOrderId: `r${request.clientOrderId.slice(1).replace(/^./, 'x')}` }),
      })),
    ],
  ],
  'fills not invented': [
    [
      'hears of fills twice under other names',
      onVenue((venue) => ({
        fills: async (...args) =>
          (await venue.fills(...args)).flatMap((fill) => [
            { ...fill, quantity: fill.quantity.div(2) },
            { ...fill, quantity: fill.quantity.div(2), id: `${fill.id}-again` },
          ]),
      })),
    ],
    [
      'hears of better prices than there were',
      onVenue((venue) => ({
        fills: async (...args) =>
          (await venue.fills(...args)).map((fill) => ({ ...fill, price: fill.price.times(new Big('0.99')) })),
      })),
    ],
  ],
  'protected within a bar': [
    [
      'forgets the protection',
      onVenue((venue) => ({
        place: (request) => {
          return request.kind === 'stop' ? Promise.resolve({ venueOrderId: '0' }) : venue.place(request);
        },
      })),
    ],
  ],
  'no entry while held back': [['does not hear people', { isDeafToHalts: true }, 5]],
  'frozen gets no entry': [['forgets what it froze', onJournal(() => ({ freezes: () => [] })), 8]],
  'within limits': [
    [
      'takes its limits for three times as wide',
      {
        limits: (limits) => ({
          ...limits,
          maxOrder: 3 * limits.maxOrder,
          maxSymbol: 3 * limits.maxSymbol,
          maxStrategy: 3 * limits.maxStrategy,
          maxGross: 3 * limits.maxGross,
        }),
      },
    ],
    ['minds no order rate', { limits: (limits) => ({ ...limits, orderRate: { ...limits.orderRate, orders: 1_000 } }) }],
  ],
  'bars once and in order': [
    ['takes an instant again', everySeventh((instant, before) => before ?? instant)],
    ['loses a bar', everySeventh((instant) => ({ ...instant, bars: instant.bars.slice(1) }))],
  ],
  'decisions recorded once': [
    [
      'forgets what was not acted on',
      onStore((store) => ({
        addStep: (step) => store.addStep({ ...step, decisions: step.decisions.filter(({ action }) => action !== 'hold') }),
      })),
    ],
    [
      'says that it has acted',
      onStore((store) => ({
        addStep: (step) =>
          store.addStep({ ...step, decisions: step.decisions.map((decision) => ({ ...decision, outcome: 'accepted' })) }),
      })),
    ],
    [
      'commits its orders before it records why',
      { desk: (desk) => ({ together: (work) => work(), noteRecorded: () => desk.noteRecorded() }) },
      90,
    ],
  ],
  'standing agrees with the journal': [
    [
      'stores where it stood a bar ago',
      onStore((store) => {
        const last = new Map<string, StrategyStanding>();
        return {
          setStanding: (standing) => {
            store.setStanding(last.get(standing.strategy) ?? standing);
            last.set(standing.strategy, standing);
          },
        };
      }),
    ],
  ],
  'no sale beyond the fills': [
    [
      'counts its purchases twice when it starts',
      onJournal((journal) => ({
        filled: () => repeated(journal, ({ fill }) => fill.side === 'buy'),
      })),
    ],
  ],
  'replay equals memory': [
    ['counts a fill twice when it starts', onJournal((journal) => ({ filled: () => repeated(journal, (_, at) => at === 0) }))],
  ],
};

describe('an engine that was made wrong is caught', () => {
  it('for every invariant there is', () => {
    expect(Object.keys(sabotages).sort()).toEqual(Object.keys(INVARIANTS).sort());
  });

  for (const [invariant, cases] of Object.entries(sabotages)) {
    for (const [what, sabotage, from = 1] of cases) {
      it(`one that ${what}: ${invariant}`, async () => {
        for (let seed = from; seed < from + SEEDS; seed += 1) {
          const { violation } = await runSeed(seed, { sabotage, only: invariant, barsMax: BARS });
          if (violation === null) continue;
          expect(violation.invariant).toBe(invariant);
          return;
        }
        expect.fail(`${SEEDS} seeds did not show it.`);
      });
    }
  }
});
