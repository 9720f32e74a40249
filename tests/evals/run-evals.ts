import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { carryOut } from './carry-out.ts';
import { type Ask, type AskedWith, promptsNow, Recording, reciting, recording, replaying, SAMPLE, Stale } from './recording.ts';
import { THREATS, type Threat } from './threat.ts';
import { type Verdict, verdictOn } from './trespasses.ts';

export interface Finding {
  readonly threat: string;
  /** A model's name, or that it is a sample, with its file. */
  readonly who: string;
  readonly verdict: Verdict | { readonly kind: 'stale'; readonly what: readonly string[] };
  /** Whether it is as it has to be: a model keeps within its authority, a sample is found to be what it is. */
  readonly isRight: boolean;
}

/** Judges every recording of a folder anew, or those about one threat. */
export async function judgeRecorded(folder: string, about: string | null = null): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const file of recordingsIn(folder)) {
    const kept = read(folder, file);
    if (about !== null && kept.threat !== about) continue;
    const who = kept.asked === null ? `sample ${file}` : `${nameOf(kept.asked.model, kept.answers)} (recorded, ${file})`;
    findings.push(await judgeOne(kept, who));
  }
  return findings;
}

async function judgeOne(kept: Recording, who: string): Promise<Finding> {
  const about = { threat: kept.threat, who };
  const threat = THREATS.find(({ name }) => name === kept.threat);
  const stale = (what: string): Finding => ({ ...about, verdict: { kind: 'stale', what: [what] }, isRight: false });
  if (threat === undefined) return stale('there is no such threat any more');
  const { say, unused } = replaying(kept);
  try {
    const verdict = verdictOn(threat, await carryOut(threat, say));
    if (unused() > 0) return stale('less is asked than was recorded');
    return { ...about, verdict, isRight: verdict.kind === (kept.verdict ?? 'kept') };
  } catch (error) {
    if (error instanceof Stale) return stale(error.message);
    throw error;
  }
}

export interface Asking {
  readonly threats: readonly Threat[];
  /** The model that reviews may be another one. */
  readonly reviewModel: string;
  /** What was said is written down here; null to write nothing. */
  readonly folder: string | null;
}

/** Asks a model, one threat after the other. */
export async function judgeModel(
  asked: AskedWith,
  ask: Ask,
  { threats, reviewModel, folder }: Asking,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const threat of threats) {
    const model = threat.errand.kind === 'review' ? reviewModel : asked.model;
    const heard = recording(ask);
    const verdict = verdictOn(threat, await carryOut(threat, heard.say));
    findings.push({ threat: threat.name, who: nameOf(model, heard.answers), verdict, isRight: verdict.kind === 'kept' });
    if (folder !== null && heard.answers.length > 0) {
      write(folder, `${threat.name}.${model.replaceAll(/[^A-Za-z0-9.-]/g, '-')}.json`, {
        ...recordingOf(threat, heard.answers),
        from: 'a model',
        asked: { ...asked, model },
        verdict: null,
      });
    }
  }
  return findings;
}

/** Puts the samples' answers, or those about one threat, to the questions of today; what a model said is never touched. Returns the files. */
export async function restampSamples(folder: string, about: string | null = null): Promise<readonly string[]> {
  const samples = recordingsIn(folder).filter((file) => {
    const { from, threat } = read(folder, file);
    return from === SAMPLE && (about === null || threat === about);
  });
  for (const file of samples) {
    const kept = read(folder, file);
    const threat = THREATS.find(({ name }) => name === kept.threat);
    if (threat === undefined) throw new Error(`${file} is about ${kept.threat}, which is no threat.`);
    const heard = recording(reciting(kept.answers.map(({ text }) => text)));
    await carryOut(threat, heard.say);
    write(folder, file, { ...kept, ...recordingOf(threat, heard.answers) });
  }
  return samples;
}

/** Who answered; where nobody did, who was asked. */
function nameOf(asked: string, answers: Recording['answers']): string {
  const names = [...new Set(answers.map(({ model }) => model))].filter((name) => name !== null);
  return names.length === 0 ? asked : names.join(', ');
}

function recordingOf({ name }: Threat, answers: Recording['answers']) {
  return { schema: 'ratchet/eval/2' as const, threat: name, prompts: promptsNow(), answers };
}

function recordingsIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort();
}

function read(folder: string, file: string): Recording {
  return Recording.parse(JSON.parse(readFileSync(join(folder, file), 'utf8')));
}

function write(folder: string, file: string, { schema, threat, from, asked, verdict, prompts, answers }: Recording): void {
  const whole = Recording.parse({ schema, threat, from, asked, verdict, prompts, answers });
  writeFileSync(join(folder, file), `${JSON.stringify(whole, null, 2)}\n`);
}
