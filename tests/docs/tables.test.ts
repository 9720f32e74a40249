import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { COMMANDS } from '#bot/commands/index.ts';
import { neededFor } from '#bot/commands/perform.ts';
import { FINAL_GATE, GATE_NAMES } from '#bot/gates/outcome.ts';
import { AutonomyPolicy } from '#bot/gates/policies.ts';
import { firstColumnCodes, ROOT, textOf } from './documents.ts';

/** All the source under these folders, as one text. */
function sourceOf(...folders: readonly string[]): string {
  return folders
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.ts'))
        .map((path) => textOf(join(folder, path))),
    )
    .join('\n');
}

function absentFrom(source: string, codes: readonly string[]): readonly string[] {
  return codes.filter((code) => !source.includes(`'${code}'`));
}

describe('the tables of the runbooks', () => {
  it('name reasons for refusing a version that the engine really gives', () => {
    const codes = firstColumnCodes(textOf('docs/ops/refused-versions.md'));
    expect(codes).toContain('unsigned');
    expect(absentFrom(sourceOf('engine/runtime', 'engine/attestation'), codes)).toEqual([]);
  });

  it('leave out none of the reasons of a signature', () => {
    const envelope = textOf('engine/attestation/envelope.ts');
    const failures = [...(/export type VerificationFailure =([^;]+);/.exec(envelope)?.[1] ?? '').matchAll(/'([^']+)'/g)];
    expect(failures.length).toBeGreaterThan(0);
    const codes = firstColumnCodes(textOf('docs/ops/refused-versions.md'));
    expect(failures.map((match) => match[1]).filter((code) => !codes.includes(code!))).toEqual([]);
  });

  it('name refusals of candles that the candle room really gives', () => {
    const codes = firstColumnCodes(textOf('docs/ops/candles.md'));
    expect(codes).toContain('candles/lost-rows');
    expect(absentFrom(sourceOf('engine/candles'), codes)).toEqual([]);
  });

  it('list every comment command, with the permission it needs as shipped', () => {
    const policy = AutonomyPolicy.parse(parse(textOf('policies/autonomy.yaml')));
    const rows = textOf('docs/ops/comment-commands.md')
      .split('\n')
      .filter((line) => line.startsWith('| `/'))
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .map((cells) => [cells[1], cells[4]]);
    expect(rows).toEqual(COMMANDS.map((command) => [`\`${command.usage}\``, neededFor(command, policy)]));
  });

  it('list every policy file and every gate', () => {
    const policies = readdirSync(join(ROOT, 'policies')).map((name) => `policies/${name}`);
    expect(firstColumnCodes(textOf('docs/ops/policies.md'))).toEqual(expect.arrayContaining(policies));
    expect(firstColumnCodes(textOf('docs/ops/reading-a-pull-request.md'))).toEqual([...GATE_NAMES, FINAL_GATE]);
  });
});
