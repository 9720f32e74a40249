import { type Document, isMap, isSeq, parseDocument, visit, type YAMLMap } from 'yaml';
import type { Blueprint } from './blueprint.ts';
import type { Values } from './configuration.ts';
import { type Design, isPlan } from './design.ts';
import type { Plan } from './grammar/plan.ts';

export interface ManifestEdit {
  /** Values to write. */
  readonly parameters: Values;
  readonly structure: Restructuring | undefined;
}

/** Another source: what it is built from, and which parameters it declares; values of others are removed. */
export interface Restructuring {
  readonly blueprint: Design;
  readonly description: string;
  readonly declared: readonly string[];
}

/** The manifest with only the lines changed that the edit is about: comments and order are a person's and stay. */
export function editManifest(text: string, { parameters, structure }: ManifestEdit): string {
  const document = parseDocument(text);
  if (structure !== undefined) {
    document.set('description', structure.description);
    if (isPlan(structure.blueprint)) writePlan(document, structure.blueprint);
    else writeBlueprint(document, structure.blueprint);
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

/** A tree takes the place of what was there, a line for each comparison. */
function writePlan(document: Document, plan: Plan): void {
  // A tree may hold one object in two places; a manifest is read without aliases.
  const tree = document.createNode(plan, { aliasDuplicateObjects: false });
  visit(tree, {
    Map: (_, map) => {
      if (!branches(map)) map.flow = true;
    },
    Seq: (_, list) => {
      list.flow = !list.items.some((item) => isMap(item));
    },
  });
  document.set('blueprint', tree);
}

/** Whether a map has others below it that deserve lines of their own. */
function branches(map: YAMLMap): boolean {
  return ['schema', 'when', 'all', 'any', 'not'].some((key) => map.has(key));
}
