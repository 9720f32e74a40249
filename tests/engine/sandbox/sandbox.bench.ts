import { fileURLToPath } from 'node:url';
import { bench, describe } from 'vitest';
import { buildArtifact } from '#engine/sandbox/artifact.ts';
import { Sandbox } from '#engine/sandbox/sandbox.ts';

const program = fileURLToPath(new URL('./evaluating-program.ts', import.meta.url));
const source = new Map([
  [
    'strategy.ts',
    `import { defineStrategy } from 'ratchet/contract';\nexport default defineStrategy({ onBar: (context) => context.hold('x') });\n`,
  ],
]);

const sandbox = await Sandbox.start({ program });

/** `npx vitest bench tests/engine/sandbox`: figures to look at, not to fail on. The aim is a start under 150 ms, a small call under 1 ms. */
describe('the sandbox', () => {
  bench('start and close', async () => {
    const other = await Sandbox.start({ program });
    await other.close();
  });
  bench('a small call', async () => {
    await sandbox.call('echo', { symbol: 'BTC/USDT' });
  });
  bench('a call with 1,000,000 bars (48 MB) there and back', async () => {
    await sandbox.call('echo', null, columns);
  });
  bench('the static wall on a small strategy', async () => {
    await buildArtifact(source, 'strategy.ts');
  });
});

const columns = Array.from({ length: 6 }, () => new Float64Array(1_000_000));
