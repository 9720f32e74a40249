import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { checkerBundle } from './bundle.ts';
import type { Finding } from './finding.ts';

const TIMEOUT_MS = 15_000;

const FindingLine = z.strictObject({
  rule: z.string(),
  message: z.string(),
  file: z.string(),
  line: z.number(),
  column: z.number(),
});
const Answer = z.union([
  z.strictObject({ id: z.number(), code: z.string() }),
  z.strictObject({ id: z.number(), findings: z.array(FindingLine).min(1) }),
]);

export type Checked = { readonly code: string } | { readonly findings: readonly Finding[] };

/** The process that parses; started with the first request, replaced when it dies. */
let checker: ChildProcessWithoutNullStreams | undefined;
let turn: Promise<unknown> = Promise.resolve();
let nextId = 1;

/** Judges one source in the checker process. One that makes it crash or take too long is refused for that. */
export function checkInProcess(file: string, source: string): Promise<Checked> {
  const mine = turn.then(() => ask(file, source));
  turn = mine.catch(() => undefined);
  return mine;
}

async function ask(file: string, source: string): Promise<Checked> {
  checker ??= start(await checkerBundle());
  const child = checker;
  const id = nextId;
  nextId += 1;
  return new Promise((resolve) => {
    const lines = createInterface({ input: child.stdout });
    const finish = (checked: Checked, isBroken: boolean) => {
      clearTimeout(timer);
      lines.close();
      child.off('close', onDeath);
      if (isBroken) discard(child);
      resolve(checked);
    };
    const refuse = (message: string) =>
      finish({ findings: [{ rule: 'sandbox/unparsable', message, file, line: 1, column: 1 }] }, true);
    const onDeath = () => refuse('The parser crashes on this source. Write it plainer.');
    const timer = setTimeout(
      () => refuse(`The parser takes longer than ${TIMEOUT_MS} ms on this source. Write it plainer.`),
      TIMEOUT_MS,
    );
    child.once('close', onDeath);
    lines.once('line', (line) => {
      const answer = parsed(line);
      if (answer === undefined || answer.id !== id) return refuse('The parser gave no verdict on this source.');
      finish('code' in answer ? { code: answer.code } : { findings: answer.findings }, false);
    });
    child.stdin.write(`${JSON.stringify({ id, file, source })}\n`);
  });
}

/** Its own process group, so that esbuild's service dies with it. It never keeps this process from ending. */
function start(code: string): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, ['--max-old-space-size=512', '-e', code], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    env: {},
    stdio: 'pipe',
    detached: true,
  });
  child.stderr.resume();
  child.stdin.on('error', () => undefined);
  child.once('error', () => discard(child));
  child.once('close', () => discard(child));
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as unknown as { unref(): void }).unref();
  return child;
}

function discard(child: ChildProcessWithoutNullStreams): void {
  if (checker === child) checker = undefined;
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Already gone, with its group.
  }
}

function parsed(line: string): z.infer<typeof Answer> | undefined {
  try {
    return Answer.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
