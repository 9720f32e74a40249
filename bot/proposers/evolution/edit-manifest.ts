import { type Document, isMap, isSeq, parseDocument } from 'yaml';
import type { Blueprint } from './blueprint.ts';
import type { Values } from './configuration.ts';

export interface ManifestEdit {
  /** Values to write. */
  readonly parameters: Values;
  readonly structure: Restructuring | undefined;
}

/** Another source: what it is built from, and which parameters it declares; values of others are removed. */
export interface Restructuring {
  readonly blueprint: Blueprint;
  readonly description: string;
  readonly declared: readonly string[];
}

/** The manifest with only the lines changed that the edit is about: comments and order are a person's and stay. */
export function editManifest(text: string, { parameters, structure }: ManifestEdit): string {
  const document = parseDocument(text);
  if (structure !== undefined) {
    document.set('description', structure.description);
    writeBlueprint(document, structure.blueprint);
    removeUndeclared(document, structure.declared);
  }
  for (const [name, value] of Object.entries(parameters)) document.setIn(['parameters', name], value);
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

function removeUndeclared(document: Document, declared: readonly string[]): void {
  const parameters = document.get('parameters');
  if (!isMap(parameters)) return;
  const gone = parameters.items.map(({ key }) => String(key)).filter((name) => !declared.includes(name));
  for (const name of gone) document.deleteIn(['parameters', name]);
}

function writeBlueprint(document: Document, blueprint: Blueprint): void {
  for (const [key, value] of Object.entries(blueprint)) {
    const path = ['blueprint', key];
    if (!Array.isArray(value)) {
      document.setIn(path, value);
      continue;
    }
    const list = document.createNode(value);
    if (isSeq(list)) list.flow = true;
    document.setIn(path, list);
  }
}
