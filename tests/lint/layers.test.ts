import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const forbidden: readonly (readonly [string, string, string])[] = [
  ['engine/candles/x.ts', '#engine/simulation/simulation.ts', 'Imports point down'],
  ['engine/candles/z.ts', '#engine/analysis/tables.ts', 'Imports point down'],
  ['engine/analysis/x.ts', '#engine/backtest/sweep.ts', 'Imports point down'],
  ['engine/analysis/y.ts', '#bot/evidence/evaluation.ts', 'knows nothing of the bot'],
  ['engine/store/x.ts', '#engine/contract/types.ts', 'Imports point down'],
  ['engine/candles/y.ts', '#engine/statistics/moments.ts', 'Imports point down'],
  ['engine/statistics/x.ts', '#engine/candles/types.ts', 'import no room but their own'],
  ['engine/runtime/x.ts', '#bot/forge/forge.ts', 'knows nothing of the bot'],
  ['engine/ground.ts', '#bot/cli/main.ts', 'imports no room'],
  ['bot/evidence/x.ts', '#bot/gates/context.ts', 'Imports point down'],
  ['bot/forge/x.ts', '#bot/github/app.ts', 'Imports point down'],
  ['bot/records/x.ts', '#bot/commands/index.ts', 'Imports point down'],
  ['bot/api/x.ts', '#bot/cli/main.ts', 'Imports point down'],
  ['bot/reports/x.ts', '#bot/api/start-api.ts', 'Imports point down'],
  ['bot/orchestrator/y.ts', '#bot/records/vouched.ts', 'Imports point down'],
  ['bot/orchestrator/x.ts', '@octokit/rest', 'Only bot/github speaks to the API'],
  ['bot/cli/x.ts', 'simple-git', 'Only engine/repository runs git'],
  ['bot/gates/x.ts', '@anthropic-ai/sdk', 'Only bot/proposers/claude knows a model'],
  ['bot/proposers/x.ts', '@anthropic-ai/sdk', 'Only bot/proposers/claude knows a model'],
  ['bot/proposers/process/x.ts', '@anthropic-ai/sdk', 'Only bot/proposers/claude knows a model'],
  ['bot/commands/tasks/x.ts', '@anthropic-ai/sdk', 'Only bot/proposers/claude knows a model'],
  ['bot/proposers/claude/x.ts', '@octokit/rest', 'Only bot/github speaks to the API'],
  ['bot/proposers/claude/y.ts', '#bot/orchestrator/night.ts', 'Imports point down'],
  ['bot/gates/policy/x.ts', '@marcbachmann/cel-js', 'Only bot/gates/policy/cel.ts knows CEL'],
  ['bot/cli/y.ts', '@marcbachmann/cel-js', 'Only bot/gates/policy/cel.ts knows CEL'],
  ['engine/simulation/x.ts', '../candles/types.ts', 'Inside a room'],
  ['strategies/mine/strategy.ts', 'node:fs', 'nothing but ratchet/contract'],
];
const allowed: readonly (readonly [string, string])[] = [
  ['engine/runtime/down.ts', '#engine/candles/types.ts'],
  ['engine/runtime/beside.ts', './status.ts'],
  ['engine/statistics/ground.ts', '#engine/errors.ts'],
  ['bot/cli/down.ts', '#bot/orchestrator/night.ts'],
  ['bot/records/down.ts', '#bot/orchestrator/night.ts'],
  ['bot/api/down.ts', '#bot/proposers/claude/spending.ts'],
  ['bot/github/api.ts', '@octokit/rest'],
  ['bot/proposers/claude/model.ts', '@anthropic-ai/sdk'],
  ['bot/gates/policy/cel.ts', '@marcbachmann/cel-js'],
  ['engine/repository/git.ts', 'simple-git'],
  ['strategies/other/strategy.ts', 'ratchet/contract'],
];

const house = mkdtempSync(join(tmpdir(), 'ratchet-layers-'));
let findings: { path: string; message: string }[] = [];

beforeAll(() => {
  const config = JSON.parse(readFileSync('biome.json', 'utf8'));
  writeFileSync(join(house, 'biome.json'), JSON.stringify({ ...config, vcs: { enabled: false } }));
  for (const [path, specifier] of [...forbidden, ...allowed]) {
    mkdirSync(join(house, dirname(path)), { recursive: true });
    writeFileSync(join(house, path), `import { something } from '${specifier}';\n\nexport const other = something;\n`);
  }
  const { stdout } = spawnSync(resolve('node_modules/.bin/biome'), ['lint', '--reporter=github', '--max-diagnostics=none', '.'], {
    cwd: house,
    encoding: 'utf8',
  });
  findings = [...stdout.matchAll(/^::error .*?file=([^,]+),.*?::(.*)$/gm)].map(([, path, message]) => ({
    path: path!,
    message: message!,
  }));
}, 60_000);

afterAll(() => rmSync(house, { recursive: true }));

describe('the layers', () => {
  it.each(forbidden)('%s may not import %s', (path, _specifier, message) => {
    expect(findings.filter((finding) => finding.path.endsWith(path)).map((finding) => finding.message)).toContainEqual(
      expect.stringContaining(message),
    );
  });

  it.each(allowed)('%s may import %s', (path) => {
    expect(findings.filter((finding) => finding.path.endsWith(path))).toEqual([]);
  });
});
