import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Reviewed } from '#bot/proposers/author.ts';
import type { MaskKind } from '#bot/proposers/claude/mask.ts';
import { mindOf } from '#bot/proposers/claude/mind.ts';
import { Model } from '#bot/proposers/claude/model.ts';
import type { Journal } from '#bot/proposers/journal.ts';
import { type ModelServer, startModelServer } from '#tests/support/model-server.ts';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';
import { samplePack } from '#tests/support/sample-pack.ts';

const folder = temporaryFolder('masked-review');
const SYMBOLS = ['BTC/USDT', 'ETH/USDT', 'SOL/USDT'];
const CYCLE = '20260302-1';
/** It moves days by 428 weeks, so that no day that is shown is one of the real ones. */
const SECRET = 'e'.repeat(64);
const FIRST_REAL_DAY = '2023-01-02';

const SOURCE = readFileSync('strategies/ema-cross/strategy.ts', 'utf8').replace(
  'export default',
  '// Since 2025-03-01 it leaves btcWeight alone; before 1740787200000, and in March 2025, it did not.\nexport default',
);
const MANIFEST = readFileSync('strategies/ema-cross/manifest.yaml', 'utf8');
const PARENT = new Map([
  ['strategy.ts', SOURCE],
  ['manifest.yaml', MANIFEST],
]);
const REVIEWED: Reviewed = {
  strategy: 'ema-cross',
  parent: PARENT,
  candidate: new Map([...PARENT, ['strategy.ts', SOURCE.replace("'ETH/USDT'", "'ETH/USDT', 'SOL/USDT'")]]),
  pack: samplePack(({ proposal }) => Object.assign(proposal, { knownUntil: Date.UTC(2025, 6, 1) })),
};
const FORGETFUL: Journal = { replay: () => null, record: async () => {} };

let server: ModelServer;
beforeAll(async () => {
  server = await startModelServer();
});
afterAll(async () => {
  await server?.close();
  folder.remove();
});

/** One reading behind a mask: what was sent, and what people hear. `answer` is made of what was sent. */
async function read(mask: MaskKind, answer?: (sent: string) => readonly object[]) {
  const dir = join(folder.path, mask);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'mask-secret'), `${SECRET}\n`, { mode: 0o600 });
  const clock = () => Date.UTC(2026, 2, 2);
  const model = Model.open({ access: server.access(), dir, clock, log: pino({ level: 'silent' }) });
  const ask = async (findings: readonly object[]) => {
    server.reply({ kind: 'text', text: JSON.stringify({ change: 'It adds a market.', findings }) });
    const mind = await mindOf({ model, dir, clock, knownUntil: null, mask })(CYCLE, FORGETFUL, SYMBOLS);
    return mind.review(REVIEWED);
  };
  try {
    const said = await ask([]);
    const sent = server.asked.map(({ body }) => JSON.stringify(body));
    return { sent, said: answer === undefined ? said : await ask(answer(sent[0]!)) };
  } finally {
    model.close();
  }
}

const days = (text: string): readonly string[] => text.match(/(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)/g) ?? [];

describe('a reviewer behind a mask', () => {
  it('is sent no name of an asset and no day, neither in the diff nor in the files, the numbers or the contract', async () => {
    const { sent } = await read('both');
    // The candidate, and the same with a fault in it.
    expect(sent).toHaveLength(2);
    for (const request of sent) {
      expect(request.match(/(?<![A-Za-z])(?:BTC|ETH|SOL|USDT)|btc|usdt/g)).toBeNull();
      expect(request).toMatch(/\+ *symbols: \['ASSET\d+\/QUOTE\d+', 'ASSET\d+\/QUOTE\d+', 'ASSET\d+\/QUOTE\d+'\]/);
      expect(days(request).length).toBeGreaterThan(5);
      expect(days(request).filter((day) => day >= FIRST_REAL_DAY)).toEqual([]);
      expect(request.match(/1740787200000|March 2025|2026-03|20260302/g)).toBeNull();
      // That day would tell a model by how much all others were moved.
      expect(request).not.toContain('has read of the world');
    }
  });

  it('is shown all of it without one', async () => {
    const { sent } = await read('none');
    expect(sent[0]).toMatch(/'SOL\/USDT'/);
    expect(sent[0]).toContain('has read of the world up to 2025-06-30');
    expect(days(sent[0]!)).toContain('2025-03-01');
  });

  it('has its findings told to people under real names and days', async () => {
    const { said } = await read('both', (sent) => {
      const symbol = /\+ *symbols: \[[^\]]*'(ASSET\d+\/QUOTE\d+)'\],/.exec(sent)![1]!;
      const day = /Since (\d{4}-\d{2}-\d{2}) it leaves/.exec(sent)![1]!;
      const what = `${symbol} was added on hindsight about ${day}.`;
      return [{ severity: 'major', file: 'strategy.ts', line: 1, what }];
    });
    expect(said).toMatchObject({
      kind: 'reviewed',
      findings: [{ file: 'strategy.ts', what: 'Line 1: SOL/USDT was added on hindsight about 2025-03-01.' }],
    });
  });

  it('is quoted as it wrote where nobody can tell what it means, and people are told so', async () => {
    const { said } = await read('assets', () => [
      { severity: 'minor', file: 'strategy.ts', line: null, what: 'ASSET1 is SOL, I guess.' },
    ]);
    expect(said).toMatchObject({
      findings: [{ what: 'ASSET1 is SOL, I guess. (Names and days are as the reviewer was shown them.)' }],
    });
  });
});
