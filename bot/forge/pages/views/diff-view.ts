import type { FileDiff } from '#bot/forge/git/diff.ts';
import { escapePath } from '#bot/forge/present/addresses.ts';
import type { AnnotationRow } from '#bot/forge/queries/rows.ts';
import { counted, each, type Html, html, nothing } from '../markup.ts';

/** A file with more changed lines, or with a longer line, opens only when asked for. */
const shownLinesMax = 600;
const shownLineLengthMax = 2_000;

export interface DiffPlace {
  /** `/owner/name` */
  readonly home: string;
  /** The commit that has the files after the change. */
  readonly ref: string;
}

export interface DiffLine {
  readonly kind: 'hunk' | 'added' | 'removed' | 'same' | 'note';
  readonly before: number | null;
  readonly after: number | null;
  readonly text: string;
}

/** The lines of a unified patch with the number each has before and after. */
export function diffLines(patch: string): DiffLine[] {
  let before = 0;
  let after = 0;
  return patch.split('\n').map((line): DiffLine => {
    const hunk = /^@@ -(\d+)(?:,\d+)? \+(\d+)/.exec(line);
    if (hunk !== null) {
      before = Number(hunk[1]);
      after = Number(hunk[2]);
      return { kind: 'hunk', before: null, after: null, text: line };
    }
    const text = line.slice(1);
    switch (line[0]) {
      case '+':
        return { kind: 'added', before: null, after: after++, text };
      case '-':
        return { kind: 'removed', before: before++, after: null, text };
      case '\\':
        return { kind: 'note', before: null, after: null, text: text.trim() };
      default:
        return { kind: 'same', before: before++, after: after++, text };
    }
  });
}

/** Every changed file: a list to jump from, then each with its lines. */
export function diffView(files: readonly FileDiff[], place: DiffPlace, annotations: readonly AnnotationRow[] = []): Html {
  const added = files.reduce((total, file) => total + file.additions, 0);
  const removed = files.reduce((total, file) => total + file.deletions, 0);
  return html`<p class="diff-summary">${counted(files.length, 'changed file')} with <b class="plus">+${added}</b> <b class="minus">−${removed}</b></p>
${
  files.length < 2
    ? nothing
    : html`<ol class="diff-index">${files.map(
        (file, index) =>
          html`<li><a href="#file-${index}">${file.path}</a> <b class="plus">+${file.additions}</b> <b class="minus">−${file.deletions}</b></li>`,
      )}</ol>`
}
${each(files, (file, index) =>
  fileView(
    file,
    index,
    place,
    annotations.filter((annotation) => annotation.path === file.path),
  ),
)}`;
}

function fileView(file: FileDiff, index: number, place: DiffPlace, annotations: readonly AnnotationRow[]): Html {
  const name = file.previousPath === null ? file.path : `${file.previousPath} → ${file.path}`;
  const isGone = file.status === 'removed';
  const link = isGone
    ? nothing
    : html`<a class="view" href="${place.home}/blob/${place.ref}/${escapePath(file.path)}">View file</a>`;
  return html`<section class="file" id="file-${index}" aria-label="${name}">
<header><h3>${name}</h3><span class="quiet">${file.status}</span><b class="plus">+${file.additions}</b><b class="minus">−${file.deletions}</b>${link}</header>
${fileContent(file, place, annotations)}
</section>`;
}

function fileContent(file: FileDiff, place: DiffPlace, annotations: readonly AnnotationRow[]): Html {
  const picture =
    file.path.endsWith('.svg') && file.status !== 'removed'
      ? html`<p class="picture"><img src="${place.home}/raw/${place.ref}/${escapePath(file.path)}" alt="${file.path}" loading="lazy"></p>`
      : nothing;
  if (file.patch === null) {
    const reason = file.status === 'renamed' ? 'Renamed without changes.' : 'A binary file, or one too long to show.';
    return html`${picture}<p class="quiet pad">${reason}</p>`;
  }
  const lines = diffLines(file.patch);
  const table = diffTable(lines, annotations);
  const isLong = lines.length > shownLinesMax || lines.some((line) => line.text.length > shownLineLengthMax);
  if (picture === nothing && !isLong) return table;
  const why = isLong ? 'Long: open to read its lines' : 'Open to read its source';
  return html`${picture}<details><summary>${why}</summary>${table}</details>`;
}

function diffTable(lines: readonly DiffLine[], annotations: readonly AnnotationRow[]): Html {
  return html`<div class="table-scroll" tabindex="0"><table class="diff"><tbody>${each(lines, (line) => {
    const told = line.after === null ? [] : annotations.filter((annotation) => annotation.end_line === line.after);
    return html`${diffRow(line)}${each(told, annotationRow)}`;
  })}</tbody></table></div>`;
}

const signs = { added: '+', removed: '-', same: ' ', note: '', hunk: '' } as const;

function diffRow(line: DiffLine): Html {
  if (line.kind === 'hunk' || line.kind === 'note')
    return html`<tr class="${line.kind}"><td colspan="2"></td><td>${line.text}</td></tr>`;
  return html`<tr class="${line.kind}"><td class="number">${line.before ?? ''}</td><td class="number">${line.after ?? ''}</td><td class="text"><span class="sign">${signs[line.kind]}</span>${line.text}</td></tr>`;
}

/** What a check says about a line, under the line. */
function annotationRow(annotation: AnnotationRow): Html {
  return html`<tr class="annotation ${annotation.level}"><td colspan="2"></td><td><b>${annotation.level}</b> ${annotation.message}</td></tr>`;
}
