import { RatchetError } from '#engine/errors.ts';

/** Where GitHub looks for it first. */
export const CODE_OWNERS_PATH = '.github/CODEOWNERS';

/** An account (a company's accounts end with `_name`), a team, or the address of an account. */
const OWNER =
  /^(?:@[a-z\d](?:[a-z\d]|-(?=[a-z\d]))*(?:_[a-z\d]+)?(?:\/[\w.-]+)?|[^\s@#]+@[a-z\d](?:[a-z\d-]*[a-z\d])?(?:\.[a-z\d-]+)+)$/i;

/**
 * Whom GitHub asks for reviews, one or several with spaces between: `@account`, `@organisation/team` or an address. An organisation by
 * itself is no code owner to GitHub, and cannot be told from an account by its name.
 * @throws RatchetError `init/usage`: GitHub passes over a line whose owner it does not understand, and then nobody is asked
 */
export function ownersIn(text: string): readonly string[] {
  const owners = text.split(/\s+/).filter((word) => word !== '');
  const strange = owners.find((owner) => !OWNER.test(owner));
  if (owners.length > 0 && strange === undefined) return owners;
  throw new RatchetError(
    'init/usage',
    `--code-owner ${strange ?? "''"} is nobody whom GitHub could ask.`,
    'Name @account, @organisation/team or the e-mail address of an account; nothing was written.',
    { owner: strange },
  );
}

/** Everything that can change what trades or what may: each has a line of its own, so that a team can part them later. */
export function codeOwners(owners: readonly string[]): string {
  const who = owners.join(' ');
  return `# Who is asked to review. The last line that matches a path counts.
* ${who}
/policies/ ${who}
/.github/ ${who}
/strategies/ ${who}
`;
}
