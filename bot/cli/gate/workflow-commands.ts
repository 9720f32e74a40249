import type { Annotation } from '#bot/evidence/gate-result.ts';

/** A job's log shows this many of a kind; GitHub drops the rest, so the summary must not rely on them. */
export const ANNOTATIONS_SHOWN_MAX = 10;

const COMMANDS = { failure: 'error', warning: 'warning', notice: 'notice' } as const;

/**
 * An annotation as a line that GitHub's runner reads from a job's output: `::error file=a.ts,line=3,endLine=3::What is wrong`.
 * What it quotes can end neither the line nor the property it stands in (GitHub: "Workflow commands for GitHub Actions").
 * @param gate names the annotation's title
 */
export function workflowCommand(gate: string, { path, startLine, endLine, level, message }: Annotation): string {
  const properties = { file: path, line: String(startLine), endLine: String(endLine), title: gate };
  const list = Object.entries(properties).map(([name, value]) => `${name}=${escapedProperty(value)}`);
  return `::${COMMANDS[level]} ${list.join(',')}::${escapedData(message)}`;
}

/**
 * Lines between these two are shown and never obeyed, whatever they quote.
 * @param token nobody can guess it, or what is quoted could end the silence itself
 */
export function silenced(token: string): { readonly begin: string; readonly end: string } {
  return { begin: `::stop-commands::${token}`, end: `::${token}::` };
}

function escapedData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapedProperty(text: string): string {
  return escapedData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
