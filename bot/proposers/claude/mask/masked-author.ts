import { shortened } from '#bot/evidence/markdown.ts';
import { CHANGE_LENGTH_MAX, HYPOTHESIS_LENGTH_MAX } from '#bot/evidence/pack.ts';
import type { Author, Nothing, Work } from '#bot/proposers/author.ts';
import { type Decision, REASON_LENGTH_MAX } from '#bot/proposers/decision.ts';
import type { Fact } from '#bot/proposers/fact.ts';
import type { Candidate, Evaluation, ProposerTask, StrategyFiles } from '#bot/proposers/proposer.ts';
import type { Mask } from '../mask.ts';

/**
 * An author that sees everything through a mask, and knows nothing of it: facts and files are shown by other names, and what it writes
 * is tried, checked and given under the real ones. What cannot be told back for certain is refused as if the sandbox had refused it.
 */
export function maskedAuthor(author: Author, mask: Mask): Author {
  const blurred = (facts: readonly Fact[]): readonly Fact[] =>
    facts.map(({ title, text }) => ({ title: mask.blur(title), text: mask.blur(text) }));
  return {
    async decide(facts) {
      const decided = await author.decide(blurred(facts));
      if (decided.kind === 'nothing') return shownReason(decided, mask);
      const decision = shownDecision(decided.decision, mask);
      return typeof decision === 'string' ? refused(decision) : { kind: 'decided', decision };
    },

    async write(decision, facts, task) {
      const incumbent = hiddenFiles(task.incumbent, mask);
      if (incumbent === null) return lossy('The files of the strategy');
      const work = await author.write(blurredDecision(decision, mask), blurred(facts), {
        ...task,
        incumbent,
        evaluate: evaluatedBehind(mask, task),
      });
      // The wager was made in real names, and is not the second step's to change.
      return shownWork(work, mask, decision.hypothesis);
    },

    async writeModule(decision, facts, current, check) {
      const hidden = mask.hide(current);
      if (hidden === null) return lossy('The module');
      const work = await author.writeModule(blurredDecision(decision, mask), blurred(facts), hidden, async (text) => {
        const shown = mask.show(text);
        if (shown.kind === 'unclear') return shown.what;
        const what = await check(shown.text);
        return what === null ? null : mask.blur(what);
      });
      return shownWork(work, mask, decision.hypothesis);
    },
  };
}

function evaluatedBehind(mask: Mask, task: ProposerTask): ProposerTask['evaluate'] {
  return async (files, label, strategy): Promise<Evaluation> => {
    const shown = shownFiles(files, mask);
    if (typeof shown === 'string') return { outcome: 'rejected', reason: shown };
    const words = mask.show(label);
    const id = strategy === undefined ? null : mask.show(strategy);
    if (words.kind === 'unclear') return { outcome: 'rejected', reason: words.what };
    if (id?.kind === 'unclear') return { outcome: 'rejected', reason: id.what };
    const evaluation = await task.evaluate(shown, words.text, ...(id === null ? [] : [id.text]));
    if (evaluation.outcome === 'scored') return evaluation;
    return { outcome: 'rejected', reason: mask.blur(evaluation.reason) };
  };
}

function hiddenFiles(files: StrategyFiles, mask: Mask): StrategyFiles | null {
  const hidden = [...files].map(([path, text]) => [path, mask.hide(text)] as const);
  return hidden.some(([, text]) => text === null) ? null : new Map(hidden as (readonly [string, string])[]);
}

/** The files under their real names, or what is unclear in them. */
function shownFiles(files: StrategyFiles, mask: Mask): StrategyFiles | string {
  const real = new Map<string, string>();
  for (const [path, text] of files) {
    const shown = mask.show(text);
    if (shown.kind === 'unclear') return `${path}: ${shown.what}`;
    real.set(path, shown.text);
  }
  return real;
}

/** Only words are masked: numbers and kinds are nobody's name. */
function shownDecision(decision: Decision, mask: Mask): Decision | string {
  const reason = mask.show(decision.reason);
  if (reason.kind === 'unclear') return reason.what;
  // Real names may be longer than what stands for them.
  const why = shortened(reason.text, REASON_LENGTH_MAX);
  if (decision.kind === 'NO_CHANGE') return { ...decision, reason: why };
  const hypothesis = mask.show(decision.hypothesis);
  if (hypothesis.kind === 'unclear') return hypothesis.what;
  return { ...decision, reason: why, hypothesis: shortened(hypothesis.text, HYPOTHESIS_LENGTH_MAX) };
}

function blurredDecision<D extends { readonly reason: string; readonly hypothesis: string }>(decision: D, mask: Mask): D {
  return { ...decision, reason: mask.blur(decision.reason), hypothesis: mask.blur(decision.hypothesis) };
}

function shownWork(work: Work, mask: Mask, hypothesis: string): Work {
  switch (work.kind) {
    case 'nothing':
      return shownReason(work, mask);
    case 'module': {
      const text = mask.show(work.text);
      const changes = shownAll(work.changes, mask);
      if (text.kind === 'unclear') return refused(text.what);
      return typeof changes === 'string' ? refused(changes) : { kind: 'module', text: text.text, changes };
    }
    case 'candidate':
      return shownCandidate(work.candidate, mask, hypothesis);
    default:
      return work satisfies never;
  }
}

function shownCandidate({ files, claim, strategy }: Candidate, mask: Mask, hypothesis: string): Work {
  const real = shownFiles(files, mask);
  if (typeof real === 'string') return refused(real);
  const changes = shownAll(claim.changes, mask);
  if (typeof changes === 'string') return refused(changes);
  const id = strategy === undefined ? null : mask.show(strategy);
  if (id?.kind === 'unclear') return refused(id.what);
  const candidate = { files: real, claim: { ...claim, hypothesis, changes } };
  return { kind: 'candidate', candidate: id === null ? candidate : { ...candidate, strategy: id.text } };
}

function shownAll(texts: readonly string[], mask: Mask): string[] | string {
  const shown: string[] = [];
  for (const text of texts) {
    const back = mask.show(text);
    if (back.kind === 'unclear') return back.what;
    shown.push(shortened(back.text, CHANGE_LENGTH_MAX));
  }
  return shown;
}

/** For people: shown as far as it can be. */
function shownReason({ reason }: Nothing, mask: Mask): Nothing {
  const shown = mask.show(reason);
  return { kind: 'nothing', reason: shown.kind === 'text' ? shown.text : reason };
}

function refused(what: string): Nothing {
  return { kind: 'nothing', reason: `What the model wrote behind the mask cannot be told back for certain: ${what}` };
}

function lossy(what: string): Nothing {
  return {
    kind: 'nothing',
    reason: `${what} cannot be shown through the mask and told back for certain (\`modelMask\`): a text in it reads like a pseudonym.`,
  };
}
