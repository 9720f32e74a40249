import { statSync } from 'node:fs';
import { z } from 'zod';
import { NoQuery, resource } from '#bot/api/resource.ts';
import { Control } from '#engine/runtime/control.ts';
import { ToldBars, VenueHealth } from '#engine/runtime/health.ts';
import { EngineStatus } from '#engine/runtime/status.ts';
import { storePath } from '#engine/store/open-database.ts';
import { FaultRow, SyncRow } from '#engine/store/rows.ts';

const NEWEST = 20;

export const system = resource({
  name: 'system',
  summary: 'Whether the engine runs, what it says of itself and measures, what order it obeys, and what went wrong lately.',
  query: NoQuery,
  data: z.strictObject({
    engine: z.enum(['running', 'starting', 'stopped']),
    lastSeen: z.int().nullable().describe('wall-clock time at which it last said that it runs; null before it ever did'),
    sync: EngineStatus.shape.status.nullable().describe('null before it ever said'),
    reason: z.string().describe('empty when all is well'),
    feed: EngineStatus.shape.feed.nullable(),
    commit: z.string().nullable().describe("main's commit as last reconciled"),
    control: Control.describe('the order that is obeyed'),
    venue: VenueHealth.nullable().describe('the account that orders go to; null without one, and while no engine runs'),
    bars: ToldBars.nullable().describe('where bars come from as they close; null in a replay, and while no engine runs'),
    ordersUnderWay: z.record(z.string(), z.int()).describe('orders at venues that are not done with, by state'),
    storeBytes: z.int(),
    syncs: z.array(SyncRow).max(NEWEST).describe('newest first'),
    faults: z.array(FaultRow).max(NEWEST).describe('newest first'),
  }),
  read: ({ record, status, engine, control, options }) => {
    const said = status();
    const { state, health } = engine();
    const data = {
      engine: state,
      lastSeen: record.lastSeen(),
      sync: said?.status ?? null,
      reason: said?.reason ?? '',
      feed: said?.feed ?? null,
      commit: said?.commit ?? null,
      control,
      venue: health?.venue ?? null,
      bars: health?.bars ?? null,
      ordersUnderWay: record.ordersUnderWay(),
      storeBytes: statSync(storePath(options.dir)).size,
      syncs: record.syncs(NEWEST),
      faults: record.faults(NEWEST),
    };
    return { data };
  },
});
