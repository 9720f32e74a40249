import { FINAL_GATE } from '#bot/gates/outcome.ts';
import { APP_PERMISSIONS } from '#bot/github/app-manifest.ts';
import type { BranchState } from '#bot/github/rules-api.ts';
import { type Check, good, missing, note, weak } from './check.ts';

const PROTECT = 'Run ratchet init --protect with a token of an administrator.';
/** Whoever holds the bot's key must have neither. */
const NEVER = ['administration', 'workflows'] as const;

/** @param granted what the installation may, by GitHub's names */
export function judgePermissions(granted: Readonly<Record<string, string | undefined>>): Check {
  const name = 'permissions';
  const lacking = Object.entries(APP_PERMISSIONS).filter(
    ([scope, level]) => granted[scope] !== level && granted[scope] !== 'admin',
  );
  if (lacking.length > 0) {
    const list = lacking.map(([scope, level]) => `${scope}: ${level}`).join(', ');
    return missing(name, `the App lacks ${list}`, 'Grant it on the App’s page, and accept it where the App is installed.');
  }
  const tooMuch = NEVER.filter((scope) => granted[scope] !== undefined);
  if (tooMuch.length > 0) {
    return weak(name, `the App may use ${tooMuch.join(' and ')}, which it never needs`, 'Take that away on the App’s page.');
  }
  return good(name, 'what the bot needs');
}

/** @param hook where the App's webhooks go; null when that could not be asked */
export function judgeWebhook(hook: { readonly url: string; readonly failed: number; readonly told: number } | null): Check {
  const name = 'webhook';
  if (hook === null || hook.url === '' || new URL(hook.url).hostname.endsWith('.invalid'))
    return note(name, 'none; the bot sees by polling', 'Give the bot an address from outside, and enter it on the App’s page.');
  const { url, failed, told } = hook;
  if (told > 0 && failed === told) {
    const mend = `See that ratchet bot serve runs and ${url} leads to it; polling goes on meanwhile.`;
    return weak(name, `the last ${told} deliveries to ${url} were not taken`, mend);
  }
  return good(name, told === 0 ? url : `${url}, ${told - failed} of the last ${told} deliveries taken`);
}

/** @param branch the repository's default branch */
export function judgeDefaultBranch(branch: string): Check {
  const name = 'default branch';
  if (branch === 'main') return good(name, 'main');
  return missing(
    name,
    `${branch}, and Ratchet deploys from main alone`,
    'Rename it to main in the repository’s settings: pull requests follow.',
  );
}

/** @param types of the rules that hold for main */
export function judgeQueue(types: ReadonlySet<string>): readonly Check[] {
  if (!types.has('merge_queue')) return [];
  const found = 'main has one; what it makes of main is proven by ratchet bot serve, and by no workflow';
  return [
    note('merge queue', found, 'Keep ratchet bot serve running, or take the rule away: nothing leaves the queue otherwise.'),
  ];
}

export function judgeMainRules(
  { types, checks, mergeMethods }: Pick<BranchState, 'types' | 'checks' | 'mergeMethods'>,
  appId: number,
): readonly Check[] {
  const gates = checks.filter(({ context }) => context === FINAL_GATE);
  const isOurs = gates.some((check) => check.appId === appId);
  const others = gates.find((check) => check.appId !== null && check.appId !== appId);
  const gate = ((): Check => {
    const name = `check ${FINAL_GATE}`;
    if (isOurs) return good(name, `required on main, from App ${appId} only`);
    if (others !== undefined) return missing(name, `required on main from App ${others.appId}, which is another one`, PROTECT);
    if (gates.length > 0) return missing(name, 'required on main from anybody: any App may post it', PROTECT);
    return missing(name, 'not required on main: what was not proven can be merged', PROTECT);
  })();
  const isSquashed = mergeMethods?.every((method) => method === 'squash') === true;
  return [
    gate,
    judgeKept('main', types),
    isSquashed
      ? good('merges', 'by pull request, squashed')
      : weak('merges', 'not only squashed pull requests reach main', PROTECT),
  ];
}

export function judgeKept(branch: string, types: ReadonlySet<string>): Check {
  const name = `branch ${branch}`;
  if (types.has('deletion') && types.has('non_fast_forward')) return good(name, 'can be neither rewritten nor deleted');
  return weak(name, 'can be rewritten or deleted by whoever may push', PROTECT);
}

/**
 * Who may write to the state branch, where orders to the engine stand.
 * @param types of the rules that hold for it
 * @param isAppLetPast whether the restriction lets the App write; null when GitHub does not say
 */
export function judgeWriters(branch: string, types: ReadonlySet<string>, isAppLetPast: boolean | null): Check {
  const name = `writers of ${branch}`;
  if (!types.has('update')) {
    const found = 'whoever may push can write there, and so forge an order to the engine, the release of a hold or an approval';
    return missing(name, found, PROTECT);
  }
  if (!types.has('creation')) return weak(name, 'should it be gone, whoever may push can begin it anew', PROTECT);
  if (isAppLetPast === false) return missing(name, 'the rules keep the App itself from writing to it', PROTECT);
  return good(name, 'the App, and whom else the rules let past, which only administrators are told');
}

/** @param faults what GitHub has against lines of the file, one short sentence each; null when there is no file */
export function judgeCodeOwners(faults: readonly string[] | null): Check {
  const name = 'code owners';
  if (faults === null) return note(name, 'none: GitHub asks nobody to review', 'Run ratchet init and commit what it writes.');
  if (faults.length === 0) return good(name, 'GitHub understands each line');
  const mend = 'Name people and teams that may write in .github/CODEOWNERS; an organisation by itself is nobody to ask.';
  return weak(name, `GitHub passes over lines, and asks nobody for them: ${faults.join('; ')}`, mend);
}

/** @param wanted paths of the workflows that `ratchet init` writes, @param found text by path of those on main */
export function judgeWorkflows(wanted: readonly string[], found: ReadonlyMap<string, string>): readonly Check[] {
  const lacking = wanted.filter((path) => !found.has(path));
  const loose = [...found].filter(([, text]) => actionsIn(text).some((action) => !isPinned(action))).map(([path]) => path);
  const mend = 'Run ratchet init --program owner/name@commit and commit what it writes.';
  return [
    lacking.length === 0
      ? good('workflows', `${wanted.length} of ${wanted.length} on main`)
      : weak('workflows', `not on main: ${lacking.join(', ')}`, mend),
    loose.length === 0
      ? good('actions', 'each by its full commit')
      : weak('actions', `by a name that can be moved, in ${loose.join(', ')}`, 'Name each action by its full commit.'),
  ];
}

function actionsIn(text: string): readonly string[] {
  return [...text.matchAll(/^\s*(?:-\s+)?uses:\s*['"]?([^\s'"#]+)/gm)].map((match) => match[1] ?? '');
}

/** One of this very repository moves with the commit that runs it. */
function isPinned(action: string): boolean {
  return action.startsWith('./') || /@[0-9a-f]{40}$/.test(action) || /^docker:\/\/.+@sha256:[0-9a-f]{64}$/.test(action);
}

/** @param troubles one sentence for each policy that cannot be used */
export function judgePolicies(count: number, troubles: readonly string[]): Check {
  if (troubles.length === 0) return good('policies', `${count} of ${count} parse on main`);
  return missing('policies', troubles.join(' '), 'Mend them on main: until then everything they would allow is denied.');
}

/** @param strategies of main, with whether each has a statement on the state branch */
export function judgeStatements(strategies: readonly { readonly id: string; readonly isSigned: boolean }[]): Check {
  if (strategies.length === 0) return missing('strategies', 'main has none', 'Run ratchet init and commit what it writes.');
  const unsigned = strategies.filter(({ isSigned }) => !isSigned).map(({ id }) => id);
  if (unsigned.length === 0) return good('strategies', `${strategies.length} on main, each with a statement`);
  const mend = 'Run ratchet init --adopt as the owner, or bring them as pull requests that the gates prove.';
  return missing('strategies', `without a statement, so the engine does not run them: ${unsigned.join(', ')}`, mend);
}
