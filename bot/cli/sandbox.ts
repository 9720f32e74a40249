import { Command } from 'commander';
import type { Verdict } from '#engine/sandbox/artifact.ts';
import { checkStrategy } from '#engine/sandbox/check-strategy.ts';

interface CheckFlags {
  readonly json?: boolean;
}

/** `ratchet sandbox`: what the walls say of a strategy, before anyone runs it. */
export function sandboxCommand(): Command {
  const sandbox = new Command('sandbox').description('The walls around a strategy.');
  sandbox
    .command('check')
    .description('Judge a strategy by the static rules and load it inside the sandbox. Exits 1 when it is refused.')
    .argument('<path>', 'a source file, or a folder with a manifest.yaml')
    .option('--json', 'one JSON object')
    .action(async (path: string, flags: CheckFlags) => {
      const verdict = await checkStrategy(path);
      console.log(flags.json === true ? JSON.stringify(summary(verdict)) : words(path, verdict));
      process.exitCode = verdict.ok ? 0 : 1;
    });
  return sandbox;
}

function summary(verdict: Verdict): object {
  if (!verdict.ok) return { ok: false, findings: verdict.findings };
  const { digest, sourceDigest } = verdict.artifact;
  return { ok: true, artifact: digest, source: sourceDigest };
}

function words(path: string, verdict: Verdict): string {
  if (verdict.ok) return `✔ ${path} passes and loads. Artifact ${verdict.artifact.digest}`;
  const lines = verdict.findings.map(
    (finding) => `  ${finding.file}:${finding.line}:${finding.column} ${finding.message} [${finding.rule}]`,
  );
  return [`✘ ${path} is refused:`, ...lines].join('\n');
}
