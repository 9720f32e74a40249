import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gitNow } from './run-git.ts';

/**
 * Refuses one reference of a push. The forge has read the push's commands and judged them before git runs, and hands its verdict in the
 * environment; only what needs the pushed objects (is this a fast-forward?) is asked here.
 */
const updateHook = `#!/bin/sh
# refname, before, after; FORGE_REFUSED and FORGE_FORWARD_ONLY hold one "refname<space>what to print" a line.
said() {
  printf '%s\\n' "$1" | while IFS= read -r line; do
    case "$line" in "$2 "*) printf '%s\\n' "\${line#"$2 "}" ;; esac
  done
}
refusal=$(said "$FORGE_REFUSED" "$1")
if [ -n "$refusal" ]; then
  printf '%s\\n' "$refusal" >&2
  exit 1
fi
case "$2$3" in *0000000000000000000000000000000000000000*) exit 0 ;; esac
refusal=$(said "$FORGE_FORWARD_ONLY" "$1")
if [ -n "$refusal" ] && ! git merge-base --is-ancestor "$2" "$3"; then
  printf '%s\\n' "$refusal" >&2
  exit 1
fi
exit 0
`;

const settings: ReadonlyArray<readonly [string, string]> = [
  ['http.receivepack', 'true'],
  ['receive.fsckObjects', 'true'],
  ['receive.autogc', 'false'],
  ['receive.denyCurrentBranch', 'ignore'],
  ['receive.denyDeleteCurrent', 'ignore'],
  ['receive.hideRefs', 'refs/pull'],
  ['uploadpack.allowReachableSHA1InWant', 'true'],
  ['uploadpack.allowFilter', 'true'],
  ['gc.auto', '0'],
  ['core.logAllRefUpdates', 'true'],
  ['core.fsync', 'committed,reference'],
];

/** Makes the bare repository, or finishes one whose making was cut short; running it again changes nothing. */
export function createBareRepository(gitDir: string, defaultBranch: string): void {
  const hooks = join(gitDir, 'hooks');
  mkdirSync(hooks, { recursive: true });
  gitNow(gitDir, ['init', '--quiet', '--template=', '--bare', `--initial-branch=${defaultBranch}`]);
  const config = settings.map(([name, value]) => settingOf(name, value)).join('');
  writeFileSync(join(gitDir, 'config'), `[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n${config}`);
  const hook = join(hooks, 'update');
  writeFileSync(hook, updateHook);
  chmodSync(hook, 0o755);
}

function settingOf(name: string, value: string): string {
  const dot = name.indexOf('.');
  return `[${name.slice(0, dot)}]\n\t${name.slice(dot + 1)} = ${value}\n`;
}
