import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { GateResult } from '#bot/evidence/gate-result.ts';
import type { AuthorClass } from '#bot/gates/author-class.ts';
import { RatchetError } from '#engine/errors.ts';
import { RUN_VARIABLE, runId } from '#engine/log.ts';

/** Gates that have not answered by then are killed, and count as failed. */
const TIMEOUT_MS = 10 * 60_000;

const Closing = z.object({
  base: z.string(),
  head: z.string(),
  gates: z.record(z.string(), z.string()),
  signed: z.array(z.string()),
});
export type GateClosing = z.infer<typeof Closing>;

/** What the audit's scanners need to find their registries: paths, proxies and npm's own settings. No secret of the bot's has such a name. */
const PASSED_ON =
  /^(PATH|HOME|TMPDIR|(HTTPS?|ALL|NO)_PROXY|npm_config_(registry|https?_proxy|noproxy|cafile)|NODE_EXTRA_CA_CERTS|RATCHET_(NPM_REGISTRY|OSV_URL|PIP_AUDIT))$/i;

function passedOn(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter(([name, value]) => PASSED_ON.test(name) && value !== undefined),
  ) as Record<string, string>;
}

export interface GateProgram {
  /** How to start `ratchet`: the node binary, then its arguments. */
  readonly command: readonly string[];
  readonly mirrorDir: string;
  readonly remoteUrl: string;
  readonly candlesDir: string;
  readonly keyPath: string;
  /** A fresh token for each run. */
  readonly token: () => Promise<string>;
  /** When it is killed, in milliseconds; ten minutes when left out. */
  readonly timeoutMs?: number;
}

/**
 * Runs `ratchet gate all` as a process of its own, with the signing key and a push token but nothing else of the bot's.
 * @param onResult called with each gate's result as it is known
 * @throws RatchetError `gates/program` when it dies, overruns or prints rubbish
 */
export async function runGateProgram(
  program: GateProgram,
  change: { base: string; head: string; author: AuthorClass },
  onResult: (result: GateResult) => void,
): Promise<GateClosing> {
  const [node, ...prefix] = program.command;
  const token = await program.token();
  const masked = masking(token);
  const args = ['gate', 'all', '--base', change.base, '--head', change.head, '--author', change.author];
  const where = ['--repository', program.mirrorDir, '--remote', program.remoteUrl, '--candles', program.candlesDir];
  const child = spawn(node!, [...prefix, ...args, ...where, '--key', program.keyPath, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...passedOn(process.env),
      RATCHET_GIT_TOKEN: token,
      [RUN_VARIABLE]: runId,
    },
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), program.timeoutMs ?? TIMEOUT_MS);
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-2_000);
  });
  let closing: GateClosing | null = null;
  const exit = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
  // It is awaited after the output; until then nobody else hears it fail.
  exit.catch(() => {});
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const value: unknown = JSON.parse(masked(line));
      const result = GateResult.safeParse(value);
      if (result.success) onResult(result.data);
      else closing = Closing.parse(value);
    }
    await exit;
  } catch (error) {
    child.kill('SIGKILL');
    throw died(masked(complaint), error);
  } finally {
    clearTimeout(timer);
  }
  if (closing === null) throw died(masked(complaint));
  return closing;
}

/** What it says is shown to everybody, so the token it was given is taken out, also as git sends it. */
function masking(token: string): (text: string) => string {
  if (token === '') return (text) => text;
  const secrets = [token, Buffer.from(`x-access-token:${token}`).toString('base64')];
  return (text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
}

function died(complaint: string, cause?: unknown): RatchetError {
  const last = complaint.trim().split('\n').at(-1) ?? '';
  return new RatchetError(
    'gates/program',
    `The gate program ended without an answer. ${last}`.trim(),
    'It is tried again; run ratchet gate all by hand to see more.',
    {},
    cause,
  );
}
