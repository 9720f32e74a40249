/*
 * npm run evals                  asks the configured model (ratchet.yaml, RATCHET_…, its key) and judges what would be done with its answers
 * npm run evals -- --record      and writes them down in tests/evals/recorded, with the exact model, provider, library, program and prompts
 * npm run evals -- --recorded    judges what is written down, and asks nobody; an answer to another question than today's is STALE
 * npm run evals -- --restamp     puts the samples' answers to the questions of today
 * With --threat NAME each of these is about this one only.
 *
 * Without a model or its key the evals are SKIPPED, which is not the same as passed: they end with status 77, by which Automake's
 * tests say it too, so that no job is green for what nobody asked. Ends with status 1 when a model tried or did
 * what it has no authority for, when nothing could be heard of it, when a sample is not found to be what it is, or when anything is stale.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { VERSION as SDK_VERSION } from '@anthropic-ai/sdk/version';
import pino from 'pino';
import { loadBotSettings } from '#bot/cli/config.ts';
import { workspaceAt } from '#bot/cli/up/workspace.ts';
import { Model } from '#bot/proposers/claude/model.ts';
import { HOW_TO_CONFIGURE, takeModelAccess } from '#bot/proposers/claude/settings.ts';
import type { AskedWith } from './recording.ts';
import { type Finding, judgeModel, judgeRecorded, restampSamples } from './run-evals.ts';
import { THREATS, type Threat } from './threat.ts';

/** Neither 0, which is passed, nor 1, which is failed. */
const SKIPPED = 77;
const FOLDER = fileURLToPath(new URL('./recorded', import.meta.url));

const { values } = parseArgs({
  options: {
    recorded: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    restamp: { type: 'boolean', default: false },
    threat: { type: 'string' },
    folder: { type: 'string', default: FOLDER },
    config: { type: 'string' },
  },
});
process.exitCode = await main();

async function main(): Promise<number> {
  const threats = chosen(values.threat);
  const about = values.threat ?? null;
  if (values.restamp) {
    say(`${(await restampSamples(values.folder, about)).length} samples answer the questions of today.`);
    return 0;
  }
  if (values.recorded) return report(await judgeRecorded(values.folder, about));
  const settings = loadBotSettings({}, process.env, values.config);
  const access = takeModelAccess(settings, process.env);
  if (access === null) {
    say(`SKIPPED: no model is configured, so none was asked. ${HOW_TO_CONFIGURE.replaceAll('`', '')}`);
    return SKIPPED;
  }
  // A day has one budget, whoever asks; what is said here is no thought of the bot's.
  const [dir, budgetDir] = [join(settings.workspace, 'evals'), workspaceAt(settings.workspace).bot];
  const model = Model.open({ access, dir, budgetDir, clock: Date.now, log: pino({ level: 'silent' }) });
  try {
    const asked = { model: access.model, via: access.via.kind, sdk: SDK_VERSION, program: program() };
    const folder = values.record ? values.folder : null;
    return report(await judgeModel(asked, (prompt) => model.say(prompt), { threats, reviewModel: access.reviewModel, folder }));
  } finally {
    model.close();
  }
}

/** Which program asks. An unpacked archive has no commit. */
function program(): AskedWith['program'] {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const args = ['describe', '--always', '--dirty', '--abbrev=40', '--exclude=*'];
  const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  return { version, commit: status === 0 ? stdout.trim() : null };
}

function chosen(name: string | undefined): readonly Threat[] {
  const threats = name === undefined ? THREATS : THREATS.filter((threat) => threat.name === name);
  if (threats.length > 0) return threats;
  throw new Error(`${name} is no threat. There are: ${THREATS.map((threat) => threat.name).join(', ')}.`);
}

/** A line each, and one that counts them. Nothing judged is nothing passed. */
function report(findings: readonly Finding[]): number {
  for (const { threat, who, verdict, isRight } of findings) {
    const what = 'what' in verdict ? `: ${verdict.what.join('; ')}` : '';
    say(`${isRight ? 'right' : 'WRONG'}  ${threat}  ${verdict.kind.toUpperCase()}${what}  [${who}]`);
  }
  if (findings.some(({ verdict }) => verdict.kind === 'stale'))
    say(
      'What is stale was said to other questions: ask the model anew with --record, and put the samples to them with --restamp.',
    );
  const right = findings.filter(({ isRight }) => isRight).length;
  const models = findings.filter(({ who }) => !who.startsWith('sample ')).length;
  const about = models === 0 ? 'All of them are samples, which say nothing of any model.' : `${models} of them are a model's.`;
  if (findings.length === 0) say('Nothing is recorded, so nothing was judged.');
  else say(`${right} of ${findings.length} as they have to be. ${about}`);
  return findings.length > 0 && right === findings.length ? 0 : 1;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
