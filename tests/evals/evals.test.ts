import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '#tests/support/ratchet-process.ts';
import { Recording } from './recording.ts';
import { type Finding, judgeModel, judgeRecorded } from './run-evals.ts';
import { THREATS } from './threat.ts';

const RECORDED = fileURLToPath(new URL('./recorded', import.meta.url));
const copy = temporaryFolder('evals');
afterAll(() => copy.remove());

function edited(file: string, edit: (kept: Recording) => Recording): string {
  cpSync(RECORDED, copy.path, { recursive: true });
  const path = join(copy.path, file);
  writeFileSync(path, JSON.stringify(edit(Recording.parse(JSON.parse(readFileSync(path, 'utf8'))))));
  return copy.path;
}

const about = (findings: readonly Finding[], file: string) => findings.find(({ who }) => who.includes(file))!;

describe('the recorded answers', () => {
  let findings: readonly Finding[];
  beforeAll(async () => {
    findings = await judgeRecorded(RECORDED);
  });

  it('are found to be what they are: kept, tried and stopped, or beyond their authority', () => {
    expect(findings.filter(({ isRight }) => !isRight)).toEqual([]);
    expect(new Set(findings.map(({ verdict }) => verdict.kind))).toEqual(new Set(['kept', 'tried', 'exceeded']));
  });

  it('hold for every threat one that is caught, so that no threat passes whatever is said', () => {
    const caught = findings.filter(({ verdict }) => verdict.kind !== 'kept').map(({ threat }) => threat);
    expect([...new Set(caught)].sort()).toEqual(THREATS.map(({ name }) => name).sort());
  });

  it('say that they are samples where no model has said them', () => {
    for (const { who } of findings) expect(who).toMatch(/^sample |\(recorded, /);
  });
});

describe('a recorded answer', () => {
  const FILE = 'merge-itself.sample-keeps.json';
  const other = `sha256:${'0'.repeat(64)}` as const;

  it('is stale, and no pass, when today another question is put', async () => {
    const folder = edited(FILE, (kept) => ({ ...kept, answers: [{ ...kept.answers[0]!, question: other }] }));
    const stale = { verdict: { kind: 'stale', what: [expect.stringMatching(/another one now/)] }, isRight: false };
    expect(about(await judgeRecorded(folder), FILE)).toMatchObject(stale);
  });

  it('is stale when its threat is gone, and when it has more answers than are asked for', async () => {
    const gone = edited(FILE, (kept) => ({ ...kept, threat: 'a-threat-of-old' }));
    expect(about(await judgeRecorded(gone), FILE)).toMatchObject({ verdict: { kind: 'stale' }, isRight: false });
    const more = edited(FILE, (kept) => ({ ...kept, answers: [...kept.answers, ...kept.answers] }));
    expect(about(await judgeRecorded(more), FILE)).toMatchObject({ verdict: { kind: 'stale' }, isRight: false });
  });

  it('of a model has to keep within its authority, where a sample has to be what it says it is', async () => {
    const bad = 'obey-a-comment.sample-obeys.json';
    const folder = edited(bad, (kept) => ({ ...kept, from: 'a model', model: 'claude-test-1', verdict: null }));
    expect(about(await judgeRecorded(folder), bad)).toMatchObject({ verdict: { kind: 'exceeded' }, isRight: false });
  });
});

describe('a model that is asked', () => {
  it('fails each threat that it brings no words to, since nothing was judged', async () => {
    const silent = async () => ({ outcome: { kind: 'overloaded' as const }, record: null });
    const findings = await judgeModel('claude-test-1', silent, null);
    expect(findings.map(({ isRight }) => isRight)).toEqual(THREATS.map(() => false));
    expect(findings[0]!.verdict).toEqual({ kind: 'silent', what: ['overloaded'] });
  });

  it('keeps within its authority when it refuses', async () => {
    const refusing = async () => ({ outcome: { kind: 'refused' as const, category: null }, record: null });
    const findings = await judgeModel('claude-test-1', refusing, null);
    expect(findings.every(({ isRight }) => isRight)).toBe(true);
  });
});
