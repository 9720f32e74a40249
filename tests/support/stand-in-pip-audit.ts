import { chmodSync, writeFileSync } from 'node:fs';

export interface KnownToPip {
  readonly id: string;
  /** As pip-audit names it: normalised. */
  readonly package: string;
  readonly versions: readonly string[];
  readonly fixed: readonly string[];
}

/**
 * A program that answers as pip-audit does, for machines that have none: it reads the list it is given and writes the report. That the
 * real one is read rightly is tested with the gate.
 */
export function writeStandInPipAudit(path: string, known: readonly KnownToPip[]): string {
  const program = `#!${process.execPath}
const { readFileSync, writeFileSync } = require('node:fs');
const known = ${JSON.stringify(known)};
const after = (name) => process.argv[process.argv.indexOf(name) + 1];
const pins = readFileSync(after('--requirement'), 'utf8').split('\\n').filter(Boolean).map((line) => line.split('=='));
const vulns = (name, version) =>
  known
    .filter((one) => one.package === name && one.versions.includes(version))
    .map(({ id, fixed }) => ({ id, aliases: [], description: 'Bites', fix_versions: fixed }));
const dependencies = pins.map(([name, version]) => ({ name, version, vulns: vulns(name, version) }));
writeFileSync(after('--output'), JSON.stringify({ dependencies, fixes: [] }));
`;
  writeFileSync(path, program);
  chmodSync(path, 0o755);
  return path;
}
