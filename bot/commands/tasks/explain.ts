import { code, folded, text } from '#bot/evidence/markdown.ts';
import { explainChange } from '#bot/gates/policy/explain-change.ts';
import type { Ruling } from '#bot/gates/policy/judge.ts';
import type { CommentCommand } from '../command.ts';

export const explain: CommentCommand = {
  name: 'explain',
  usage: '/explain',
  summary: 'show which rule of the policies decides here, and the values it sees',
  help: 'Judges the present head by the policies on main and shows every rule with what it made of it. `ratchet policy explain NUMBER` shows the same in a terminal.',
  permission: 'work',
  needsPullRequest: true,
  wordsMax: 0,
  lane: 'answers',
  async answer({ number }, { api, repository, state, life }) {
    const pull = await api.pullRequest(number);
    const author = await life.authorClassOf(pull);
    const { base, head, isAllowed, gates, judgements } = await explainChange({ repository, state, head: pull.headSha, author });
    const known =
      gates === null
        ? 'What the other gates say is not signed yet, so rules that ask for it deny here.'
        : 'The gates before passed, as signed.';
    const lines = [`${code(head.slice(0, 12))} on ${code(base.slice(0, 12))}: **${isAllowed ? 'allowed' : 'denied'}**. ${known}`];
    for (const { strategy, paths, rulings } of judgements) {
      lines.push(strategy === null ? `Outside strategies (${paths.length} paths):` : `**strategies/${strategy}**:`);
      if (rulings.length === 0) lines.push('No rule asks anything: a person brings it, and a person merges it.');
      else lines.push(rulings.map(rulingLine).join('\n'));
      const seen = rulings.flatMap(({ seen: values }) => values);
      if (seen.length > 0) lines.push(folded('The values the rules saw', valuesOf(rulings)));
    }
    return lines.join('\n\n');
  },
};

function rulingLine({ outcome, sentence, rule }: Ruling): string {
  const mark = outcome === 'holds' ? '✅' : outcome === 'noted' ? '⚠️' : '❌';
  if (rule === null) return `- ${mark} ${text(sentence)}`;
  return `- ${mark} ${code(rule.id)}${outcome === 'holds' ? '' : `: ${text(sentence)}`}`;
}

function valuesOf(rulings: readonly Ruling[]): string {
  const values = new Map(rulings.flatMap(({ seen }) => seen.map(({ name, value }) => [name, JSON.stringify(value)] as const)));
  return [...values].map(([name, value]) => `- ${code(name)} = ${code(value)}`).join('\n');
}
