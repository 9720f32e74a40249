import type { Annotation, GateResult } from '#bot/evidence/gate-result.ts';
import { code, text } from '#bot/evidence/markdown.ts';
import { couldNotLookAt, failure, success } from '../outcome.ts';
import { ADVISORIES_PATH } from './exceptions.ts';
import type { AuditReport, Finding, Silence } from './report.ts';

/** Blocks: the change brings it, and nothing that holds excuses it. */
export function isBlocking(finding: Finding): boolean {
  if (finding.state !== 'new' || finding.kind === 'notice' || finding.kind === 'unread') return false;
  return finding.kind !== 'vulnerability' || finding.excuse?.holds !== true;
}

/** What a finding says, in one sentence, without its place. */
export function sentenceOf(finding: Finding): string {
  if (finding.kind !== 'vulnerability') return finding.message;
  const { package: locked, advisory, excuse } = finding;
  const severity = advisory.severity === null ? '' : `, ${advisory.severity}`;
  const known = `${locked.name} ${locked.version} has ${advisory.id} (${advisory.title}${severity})`;
  if (excuse === null) return `${known}: take a version without it, or except it in ${ADVISORIES_PATH} on main.`;
  return excuse.holds
    ? `${known}: excepted until ${excuse.expiry}, because ${excuse.reason}`
    : `${known}: its exception in ${ADVISORIES_PATH} expired on ${excuse.expiry}; take a version without it, or renew it on main.`;
}

/** What the gate says of a report: a failure for what the change brings; "could not look" is neither success nor that. */
export function auditVerdict(report: AuditReport): GateResult {
  const annotations = report.findings.filter(({ state }) => state !== 'absent').map(annotate);
  const summary = summaryOf(report);
  const blocking = report.findings.filter(isBlocking);
  const first = blocking[0];
  if (first !== undefined) {
    const more = blocking.length > 1 ? ` (and ${blocking.length - 1} more)` : '';
    return failure('audit', `${first.file}: ${sentenceOf(first)}${more}`, summary, annotations);
  }
  const unread = report.findings.find(({ kind, state }) => kind === 'unread' && state === 'new');
  if (unread !== undefined) return couldNotLookAt('audit', `${unread.file}: ${sentenceOf(unread)}`, summary, annotations);
  const silent = report.silences.find(({ blocks }) => blocks);
  if (silent !== undefined) {
    const remedy = `The change brings ${silent.about} packages that nobody has looked at; run the gate again when it can be asked.`;
    const why = `${silent.why.replace(/\.$/, '')}; nobody has looked at what ${broughtIn(report, silent)} brings: run the gate again when it can be asked`;
    return couldNotLookAt('audit', why, `${remedy}\n\n${summary}`, annotations);
  }
  return success('audit', titleOf(report), summary, annotations);
}

/** The files that lock what nobody answered for. */
function broughtIn({ brought }: AuditReport, { about }: Silence): string {
  const own = brought.filter(({ ecosystem }) => (ecosystem === 'npm') === (about === 'npm'));
  return [...new Set(own.map(({ file }) => file))].join(', ');
}

function annotate(finding: Finding): Annotation {
  const { file: path, line: startLine, line: endLine } = finding;
  const isUnread = finding.kind === 'unread' && finding.state === 'new';
  const isQuiet = finding.kind === 'notice' || (finding.kind === 'vulnerability' && finding.excuse?.holds === true);
  const level = isBlocking(finding) || isUnread ? 'failure' : isQuiet ? 'notice' : 'warning';
  const prefix = finding.state === 'unchanged' ? 'Not brought by this change: ' : '';
  return { path, startLine, endLine, level, message: `${prefix}${sentenceOf(finding)}` };
}

function titleOf({ files, brought, findings, silences }: AuditReport): string {
  if (files.length === 0) return 'There is no dependency to look at';
  const had = findings.filter(({ kind, state }) => kind === 'vulnerability' && state === 'unchanged').length;
  const before =
    silences.length > 0
      ? '; what was there before could not be looked at'
      : had > 0
        ? `; ${had} known ${had === 1 ? 'weakness was' : 'weaknesses were'} there before`
        : '';
  if (brought.length === 0) return `The change brings no dependency${before}`;
  const excused = findings.filter(({ kind, state }) => kind === 'vulnerability' && state === 'new').length;
  const packages = `${brought.length} ${brought.length === 1 ? 'package' : 'packages'}`;
  return excused > 0
    ? `The change brings ${packages}, with ${excused} excepted ${excused === 1 ? 'weakness' : 'weaknesses'}${before}`
    : `The change brings ${packages}, none with a known weakness${before}`;
}

function summaryOf(report: AuditReport): string {
  const { files, silences, findings } = report;
  if (files.length === 0)
    return 'Neither npm nor Python asks for anything here: the head has no package.json, no lock, no requirements and no pyproject.toml.';
  const part = (title: string, state: Finding['state']): readonly string[] => {
    const lines = findings
      .filter((item) => item.state === state)
      .map((item) => `- ${code(`${item.file}:${item.line}`)} ${text(sentenceOf(item))}`);
    return lines.length === 0 ? [] : [`**${title}**`, '', ...lines, ''];
  };
  return [
    `${titleOf(report)}.`,
    '',
    ...silences.map(({ about, why, blocks }) =>
      blocks
        ? `- ${about}: ${text(why)}.`
        : `- ${about}: ${text(why)}. The change brings no ${about} package, so this does not block it.`,
    ),
    ...(silences.length > 0 ? [''] : []),
    ...part('The change brings', 'new'),
    ...part('The base had already', 'unchanged'),
    ...part('The change takes away', 'absent'),
    `Looked at: ${files.map((file) => code(file)).join(', ')}.`,
  ].join('\n');
}
