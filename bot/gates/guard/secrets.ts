import { finding, type GuardFinding } from './finding.ts';

/** Lets a file switch the search off for itself by a comment: that is for its author to wish and not to decide. */
const SWITCH = '@secretlint/secretlint-rule-filter-comments';

/** The first lines of key files as base64 writes them, up to where the next letter would change the last one. */
const ENCODED_KEY = ['', 'RSA ', 'EC ', 'OPENSSH ', 'ENCRYPTED ']
  .map((kind) => `-----BEGIN ${kind}PRIVATE`)
  .map((line) =>
    Buffer.from(line)
      .toString('base64')
      .slice(0, Math.floor((line.length * 4) / 3)),
  )
  .join('|');
/** How each Ed25519 key begins that is written without those lines (RFC 8410): the kind that signs here. */
const ED25519_KEY = Buffer.from('302e020100300506032b657004220420', 'hex').toString('base64').slice(0, 21);

/** What secretlint 12 lets pass because a fragment of it may be an example; here nobody commits examples of keys. */
const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----/, 'a private key'],
  [new RegExp(ENCODED_KEY.replaceAll('+', '\\+')), 'a private key, encoded'],
  [new RegExp(`\\b${ED25519_KEY}[A-Za-z0-9+/]{43}`), 'a private key'],
  [/\bgithub_pat_[A-Za-z0-9_]{50,}\b/, 'a GitHub token'],
  [/\bgh[pousr]_[A-Za-z0-9]{36,}\b/, 'a GitHub token'],
  [/\bsk-ant-[A-Za-z0-9_-]{20,}/, 'an Anthropic key'],
  [/\bAKIA[0-9A-Z]{16}\b/, 'an AWS key id'],
];

/** What looks like a credential in a text, line by line. The credential itself is in no message. */
export async function secretsIn(path: string, text: string): Promise<readonly GuardFinding[]> {
  const kinds = new Map<number, string>();
  for (const [index, line] of text.split('\n').entries()) {
    const shape = SHAPES.find(([pattern]) => pattern.test(line));
    if (shape !== undefined) kinds.set(index + 1, shape[1]);
  }
  for (const { line, kind } of await askSecretlint(path, text)) if (!kinds.has(line)) kinds.set(line, kind);
  return [...kinds]
    .sort(([left], [right]) => left - right)
    .map(([line, kind]) =>
      finding(path, `this looks like ${kind}: revoke it, and take it out of every commit of the change.`, line),
    );
}

async function askSecretlint(path: string, text: string): Promise<readonly { readonly line: number; readonly kind: string }[]> {
  // Loaded when first needed: its rules take longer to read than most commands to run.
  const [{ lintSource }, { rules }] = await Promise.all([
    import('@secretlint/core'),
    import('@secretlint/secretlint-rule-preset-recommend'),
  ]);
  const config = { rules: rules.filter(({ meta }) => meta.id !== SWITCH).map((rule) => ({ id: rule.meta.id, rule })) };
  const { messages } = await lintSource({
    source: { filePath: `/${path}`, content: text, contentType: 'text' },
    options: { config, maskSecrets: true, noPhysicFilePath: true },
  });
  return messages.map((message) => ({
    line: message.loc.start.line,
    kind: `a credential (${message.ruleId.replace('@secretlint/secretlint-rule-', '')}: ${message.messageId})`,
  }));
}
