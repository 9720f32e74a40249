import { parse } from 'yaml';
import { z } from 'zod';

const Step = z.looseObject({
  name: z.string(),
  uses: z.string().optional(),
  run: z.string().optional(),
  with: z.record(z.string(), z.unknown()).default({}),
  env: z.record(z.string(), z.string()).default({}),
});
const Job = z.looseObject({
  permissions: z.record(z.string(), z.string()),
  'timeout-minutes': z.number().positive(),
  environment: z.string().optional(),
  env: z.record(z.string(), z.string()).default({}),
  steps: z.array(Step),
});
const Workflow = z.looseObject({
  on: z.record(z.string(), z.unknown()),
  permissions: z.strictObject({}),
  concurrency: z.looseObject({ group: z.string() }),
  jobs: z.record(z.string(), Job),
});

const PINNED = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40}$/;

/**
 * What is wrong with a workflow by the house's rules, one sentence each; no sentence, no trouble.
 * A rule of form alone (every job has a timeout, every workflow grants nothing by itself) is broken by not parsing.
 */
export function troubles(path: string, text: string): readonly string[] {
  const parsed = Workflow.safeParse(parse(text));
  if (!parsed.success) return parsed.error.issues.map((issue) => `${path}: ${issue.path.join('.')}: ${issue.message}`);
  const { on, jobs } = parsed.data;
  const found: string[] = [];
  const say = (where: string, what: string): void => void found.push(`${path}: ${where}: ${what}`);
  if ('pull_request_target' in on) say('on', "pull_request_target runs a stranger's text with our rights");
  for (const [name, job] of Object.entries(jobs)) {
    const writes = Object.entries(job.permissions).filter(([, level]) => level === 'write');
    if (writes.length > 0 && 'pull_request' in on && !isReportOnly(writes)) say(name, 'a pull request gets the right to write');
    for (const step of job.steps) {
      const where = `${name}: ${step.name}`;
      if (step.uses !== undefined && !PINNED.test(step.uses)) say(where, `${step.uses} is not pinned by a full commit`);
      if (step.uses?.startsWith('actions/checkout@') && step.with['persist-credentials'] !== false)
        say(where, 'the checkout leaves its token behind');
      const inShell = [...(step.run ?? '').matchAll(/\$\{\{(.*?)\}\}/gs)].map((match) => match[1]!.trim());
      for (const expression of inShell) say(where, `${expression} is put into a script`);
      const usesSecret = [...Object.values(step.env), ...Object.values(step.with).map(String)].some((value) =>
        /\bsecrets\./.test(value),
      );
      if (usesSecret && job.environment === undefined) say(where, 'a secret is used outside of an environment');
      if (usesSecret && 'pull_request' in on) say(where, "a pull request's run is given a secret");
    }
  }
  return found;
}

/** Findings of an analysis may be reported from a pull request: they change nothing. */
function isReportOnly(writes: readonly (readonly [string, string])[]): boolean {
  return writes.every(([scope]) => scope === 'security-events');
}

/** Every line that calls the program, words as a shell reads them; variables stay as they are written. */
export function ratchetCalls(text: string): readonly (readonly string[])[] {
  const { jobs } = Workflow.parse(parse(text));
  const scripts = Object.values(jobs).flatMap(({ steps }) =>
    steps.flatMap(({ run }) => (run === undefined ? [] : run.split('\n'))),
  );
  return scripts.flatMap((line) =>
    [...line.matchAll(/node bot\/cli\/ratchet\.js ([^)\n]*)/g)].map((match) => match[1]!.trim().split(/\s+/)),
  );
}

/** The comment behind a pinned action, by action. */
export function pins(text: string): ReadonlyMap<string, string> {
  return new Map([...text.matchAll(/uses: (\S+)(?: # (\S+))?/g)].map((match) => [match[1]!, match[2] ?? '']));
}
