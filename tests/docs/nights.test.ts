import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadBotSettings, loadConfig } from '#bot/cli/config.ts';
import { ratchetHere } from '#tests/support/ratchet-here.ts';

const PAGE = readFileSync('docs/ops/nights.md', 'utf8');

describe('the page on nights', () => {
  it('shows settings that both programs take', () => {
    const [, yaml] = /```yaml\n([^`]+)```/.exec(PAGE)!;
    const dir = mkdtempSync(join(tmpdir(), 'ratchet-page-'));
    try {
      const file = join(dir, 'ratchet.yaml');
      writeFileSync(file, yaml!);
      const nights = { at: '30 2 * * *', timeZone: 'Europe/Berlin' };
      expect(loadConfig({}, {}, file).nights).toEqual(nights);
      expect(loadBotSettings({}, {}, file).nights).toEqual(nights);
      const [, alone] = /RATCHET_NIGHTS='([^']+)'/.exec(PAGE)!;
      expect(loadConfig({}, { RATCHET_NIGHTS: alone! }).nights).toEqual({ at: alone, timeZone: 'UTC' });
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it('names commands and options that there are', async () => {
    const commands = [...PAGE.matchAll(/ratchet worktrees ([a-z]+)((?: [A-Z]+| --[a-z]+)*)/g)];
    expect(commands.length).toBeGreaterThan(5);
    const workspace = join(tmpdir(), 'ratchet-no-such-workspace');
    for (const [, name, rest] of commands) {
      const words = rest!.split(' ').filter(Boolean);
      const { stderr, code } = await ratchetHere('worktrees', name!, ...words, '--json', '--workspace', workspace);
      if (name === 'list') expect(code, stderr).toBe(0);
      else expect(stderr, `${name} ${words.join(' ')}`).toContain('[worktrees/unknown]');
    }
  });
});
