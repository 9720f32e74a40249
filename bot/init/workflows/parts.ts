/** Where the program comes from: the repository itself, at a commit that is on main, or a commit of Ratchet's. */
export type ProgramSource =
  | 'here'
  | {
      /** `owner/name` */
      readonly repository: string;
      /** Full hash. */
      readonly commit: string;
    };

/** Every action that any workflow uses, by full commit, so that a tag that is moved moves nothing here. */
export const ACTIONS = {
  checkout: 'actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0',
  setupNode: 'actions/setup-node@a0853c24544627f65ddf259abe73b1d18a591444 # v5.0.0',
  cache: 'actions/cache@0057852bfaa89a56745cba8c7296529d2fc39830 # v4.3.0',
  cacheRestore: 'actions/cache/restore@0057852bfaa89a56745cba8c7296529d2fc39830 # v4.3.0',
  cacheSave: 'actions/cache/save@0057852bfaa89a56745cba8c7296529d2fc39830 # v4.3.0',
  upload: 'actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2',
  download: 'actions/download-artifact@634f93cb2916e3fdff6788551b99b062d0335ce0 # v5.0.0',
  appToken: 'actions/create-github-app-token@a8d616148505b5069dccd32f177bb87d7f39123b # v2.1.1',
  attest: 'actions/attest-build-provenance@977bb373ede98d70efdf65b84cb5f73e068dcc2a # v3.0.0',
  codeqlInit: 'github/codeql-action/init@db488ddef3bf6cb639b32c2e9a7c0a7ea8271d28 # v4.37.8',
  codeqlAnalyze: 'github/codeql-action/analyze@db488ddef3bf6cb639b32c2e9a7c0a7ea8271d28 # v4.37.8',
} as const;

const RUNNER = 'ubuntu-24.04';
const NODE = '24';

/** How a step calls the program: never through npx, which would look for it elsewhere. */
export const RATCHET = 'node bot/cli/ratchet.js';
/** Paths of a job, outside of every work tree. */
export const MIRROR = '"$RUNNER_TEMP/mirror.git"';
export const CANDLES = '"$RUNNER_TEMP/candles"';
/** What is kept of a model from run to run. */
export const KEPT = '"$RUNNER_TEMP/model"';

/** An expression that GitHub evaluates. */
export function expression(text: string): string {
  return `\${{ ${text} }}`;
}

/** The head of a file that is generated. */
export function header(what: string): string {
  return `# ${what}\n# Written by \`ratchet init\`; docs/ops/actions.md explains it. Change it there and write it anew, or changes are lost.\n`;
}

export interface JobFrame {
  readonly timeoutMinutes: number;
  /** By scope; none are granted beyond these. */
  readonly permissions: Readonly<Record<string, 'read' | 'write'>>;
  readonly needs?: readonly string[];
  readonly condition?: string;
  readonly environment?: string;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** YAML of the strategy, indented by six. */
  readonly matrix?: string;
}

/** A job: its frame, then its steps. */
export function job(name: string, frame: JobFrame, steps: readonly string[]): string {
  const scopes = Object.entries(frame.permissions);
  const lines = [
    `  ${name}:`,
    ...(frame.needs === undefined ? [] : [`    needs: [${frame.needs.join(', ')}]`]),
    ...(frame.condition === undefined ? [] : [`    if: ${frame.condition}`]),
    `    runs-on: ${RUNNER}`,
    `    timeout-minutes: ${frame.timeoutMinutes}`,
    ...(frame.environment === undefined ? [] : [`    environment: ${frame.environment}`]),
    ...(frame.matrix === undefined ? [] : ['    strategy:', frame.matrix]),
    ...(scopes.length === 0 ? ['    permissions: {}'] : ['    permissions:', ...mapping(frame.permissions, 6)]),
    ...(frame.outputs === undefined ? [] : ['    outputs:', ...mapping(frame.outputs, 6)]),
    ...(frame.env === undefined ? [] : ['    env:', ...mapping(frame.env, 6)]),
    '    steps:',
    ...steps,
  ];
  return lines.join('\n');
}

export interface Step {
  readonly name: string;
  readonly id?: string;
  readonly condition?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A step that runs lines of shell. What comes from an event reaches them through `env` alone. */
export function run(step: Step, lines: readonly string[]): string {
  const body =
    lines.length === 1 ? [`        run: ${lines[0]}`] : ['        run: |', ...lines.map((line) => `          ${line}`)];
  return [...opening(step), ...environment(step), ...body].join('\n');
}

/** A step that is an action. */
export function uses(step: Step, action: string, inputs: Readonly<Record<string, string>> = {}): string {
  const given = Object.keys(inputs).length === 0 ? [] : ['        with:', ...mapping(inputs, 10)];
  return [...opening(step), `        uses: ${action}`, ...environment(step), ...given].join('\n');
}

function opening({ name, id, condition }: Step): string[] {
  return [
    `      - name: ${name}`,
    ...(id === undefined ? [] : [`        id: ${id}`]),
    ...(condition === undefined ? [] : [`        if: ${condition}`]),
  ];
}

function environment({ env }: Step): string[] {
  return env === undefined ? [] : ['        env:', ...mapping(env, 10)];
}

export function mapping(values: Readonly<Record<string, string>>, indent: number): string[] {
  return Object.entries(values).map(([key, value]) => `${' '.repeat(indent)}${key}: ${value}`);
}

/**
 * The program in the job's folder, from a commit that no pull request wrote. The only place where it matters where it comes from.
 * @param ref here: the commit of this repository
 */
export function program(source: ProgramSource, ref: string): string[] {
  const from: Record<string, string> = source === 'here' ? { ref } : { repository: source.repository, ref: source.commit };
  return [
    uses({ name: 'Check out the program' }, ACTIONS.checkout, { ...from, 'persist-credentials': 'false' }),
    uses({ name: 'Set up Node' }, ACTIONS.setupNode, { 'node-version': NODE }),
    run({ name: 'Install the program' }, ['npm ci --no-audit --no-fund']),
  ];
}

/** Every branch, and the head of the pull request in `$NUMBER`, as git objects. */
export function mirror(options: { readonly token: string; readonly pull: boolean; readonly condition?: string }): string {
  return run(
    {
      name: 'Fetch the commits as git objects',
      ...(options.condition === undefined ? {} : { condition: options.condition }),
      env: { RATCHET_GIT_TOKEN: options.token },
    },
    [`${RATCHET} actions mirror --into ${MIRROR} --remote "$REMOTE"${options.pull ? ' --pull "$NUMBER"' : ''}`],
  );
}

/**
 * Whose rules the pull request is held to, into `steps.author.outputs.author`: decisions stand on the state branch, which the mirror
 * holds, and not in the event.
 */
export function author(options: { readonly condition?: string; readonly env?: Readonly<Record<string, string>> } = {}): string {
  return run({ name: 'Ask whose change it is', id: 'author', ...options }, [
    `${RATCHET} actions author --repository ${MIRROR} --pull "$NUMBER" --head "$HEAD" --branch="$BRANCH" --opener="$OPENER"`,
  ]);
}

export const AUTHOR = expression('steps.author.outputs.author');

/**
 * The candles that the evaluation in the commit `$BASE` names: from the cache, from the exchange, or not at all.
 * @param keeps whether what was fetched goes into the cache; a job that holds keys leaves no traces there
 */
export function candles(options: { readonly keeps: boolean; readonly condition?: string }): string[] {
  const { condition } = options;
  const guard = condition === undefined ? {} : { condition };
  const hasDigest = "steps.dataset.outputs.digest != ''";
  const from = `--repository ${MIRROR} --at "$BASE"`;
  return [
    run({ name: 'Name the dataset', id: 'dataset', ...guard }, [
      `digest="$(${RATCHET} data require --digest ${from})"`,
      'echo "digest=$digest" >> "$GITHUB_OUTPUT"',
    ]),
    uses({ name: 'Take candles from the cache', condition: hasDigest }, options.keeps ? ACTIONS.cache : ACTIONS.cacheRestore, {
      path: expression('runner.temp').concat('/candles'),
      key: `candles-${expression('steps.dataset.outputs.digest')}`,
    }),
    run({ name: 'Fetch what lacks, refuse what differs', ...guard }, [`${RATCHET} data require ${from} --store ${CANDLES}`]),
  ];
}

/** A cache is never written over: each run saves its own, and takes up the newest. */
const KEPT_KEY = 'model-';
const KEPT_PATH = `${expression('runner.temp')}/model`;
const KEPT_AS = `${KEPT_KEY}${expression('github.run_id')}-${expression('github.run_attempt')}`;

/** What runs before this one kept of the model: the day's budget, its exchanges, how good its reviewer is. */
export function restoreModel(): string {
  return uses({ name: 'Take up what is kept of the model' }, ACTIONS.cacheRestore, {
    path: KEPT_PATH,
    key: KEPT_AS,
    'restore-keys': KEPT_KEY,
  });
}

/** Whatever came of the job: what was spent is spent. */
export function keepModel(): string {
  return uses({ name: 'Keep it for the next run', condition: 'always()' }, ACTIONS.cacheSave, { path: KEPT_PATH, key: KEPT_AS });
}

/** pip-audit, in an environment of its own: the audit gate asks it about Python's dependencies. */
export function pipAudit(condition?: string): string {
  return run({ name: 'Install pip-audit', ...(condition === undefined ? {} : { condition }) }, [
    'python3 -m venv "$RUNNER_TEMP/python"',
    '"$RUNNER_TEMP/python/bin/pip" install --quiet --disable-pip-version-check pip-audit==2.10.1',
    'echo "RATCHET_PIP_AUDIT=$RUNNER_TEMP/python/bin/pip-audit" >> "$GITHUB_ENV"',
  ]);
}

export const REMOTE = `${expression('github.server_url')}/${expression('github.repository')}.git`;
