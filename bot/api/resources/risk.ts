import { z } from 'zod';
import { NoQuery, resource } from '#bot/api/resource.ts';
import { Control } from '#engine/runtime/control.ts';
import { RiskUse } from '#engine/runtime/report.ts';
import { FrozenSymbol } from '#engine/store/record-pages.ts';
import { DenialCountRow, QuarantineRow } from '#engine/store/rows.ts';

export const risk = resource({
  name: 'risk',
  summary:
    'How much of each limit is taken, what holds the engine back, what was refused and why, and which symbols wait for a person.',
  query: NoQuery,
  data: z.strictObject({
    control: Control,
    limits: z.array(RiskUse),
    denials: z.array(DenialCountRow).describe("how often each code stopped something, since each account's first bar"),
    frozen: z.array(FrozenSymbol).describe('no entries there until a person has resolved it'),
    quarantine: z.array(QuarantineRow).describe('versions that are not loaded again'),
  }),
  read: ({ report, control, record }) => ({
    data: {
      control,
      limits: report().risk,
      denials: report().strategies.flatMap(({ id, denials }) =>
        Object.entries(denials).map(([code, count]) => ({ strategy: id, code, count })),
      ),
      frozen: record.frozenSymbols(),
      quarantine: record.quarantine(),
    },
  }),
});
