import { describe, expect, it } from 'vitest';
import { secretsIn } from '#bot/gates/guard/secrets.ts';
import { createKeyPair } from '#engine/attestation/keys.ts';

// Put together here, so that this file holds none.
const filler = 'aB3'.repeat(12);
const SECRETS: readonly (readonly [string, string])[] = [
  ['a private key', `-----BEGIN ${'PRIVATE'} KEY-----`],
  ['a key for signing', `-----BEGIN ${'OPENSSH PRIVATE'} KEY-----`],
  ['a private key that was encoded', Buffer.from(`-----BEGIN ${'EC PRIVATE'} KEY-----\nMHcCAQ`).toString('base64')],
  ['a key for signing without its first line', createKeyPair().privateKeyPem.split('\n')[1]!],
  ['a GitHub token', `ghp_${filler}`],
  ['a fine-grained GitHub token', `github_pat_11AAAAAAA0${'aB3xY'.repeat(16)}`],
  ['an Anthropic key', `sk-ant-${'aB3_x'.repeat(8)}`],
  ['an AWS key id', `AKIA${'Q3EGRZ5V7N2WHTXB'}`],
  ['a Slack token', `xoxb-${'123456789012-1234567890123-abcdefghijklmnopqrstuvwx'}`],
  ['a token of npm', `npm_${'aB3x'.repeat(9)}`],
  ['a password in an address', `https://user:${'s3cretpass'}@db.example.com/x`],
];

describe('the search for secrets', () => {
  it.each(SECRETS)('finds %s at its line, and does not repeat it', async (_name, secret) => {
    const found = await secretsIn('a.ts', `const a = 1;\n\nconst b = '${secret}';\n`);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ path: 'a.ts', line: 3, message: expect.stringContaining('revoke it') });
    expect(JSON.stringify(found)).not.toContain(secret.slice(8, 24));
  });

  it('is not switched off by a comment', async () => {
    const text = `// secretlint-disable\nconst b = 'xoxb-${'123456789012-1234567890123-abcdefghijklmnopqrstuvwx'}';\n`;
    expect(await secretsIn('a.ts', text)).toHaveLength(1);
  });

  it('lets ordinary code pass', async () => {
    const encoded = Buffer.from('-----BEGIN PUBLIC KEY-----').toString('base64');
    const text = `import { createHash } from 'node:crypto';\nconst digest = createHash('sha256').update('x').digest('hex');\n// ${encoded} ${createKeyPair().publicKey}\n`;
    expect(await secretsIn('a.ts', text)).toEqual([]);
  });
});
