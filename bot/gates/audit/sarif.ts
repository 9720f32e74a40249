import type { GateResult } from '#bot/evidence/gate-result.ts';
import type { AuditReport, Finding } from './report.ts';
import { isBlocking, sentenceOf } from './verdict.ts';

/** SARIF 2.1.0 (OASIS, 2020), as much of it as an audit says. */
export interface Sarif {
  readonly $schema: string;
  readonly version: '2.1.0';
  readonly runs: readonly SarifRun[];
}

interface SarifRun {
  readonly tool: { readonly driver: { readonly name: string; readonly rules: readonly SarifRule[] } };
  readonly invocations: readonly {
    readonly executionSuccessful: boolean;
    readonly toolExecutionNotifications: readonly { readonly level: SarifLevel; readonly message: { readonly text: string } }[];
  }[];
  readonly results: readonly SarifResult[];
  readonly columnKind: 'utf16CodeUnits';
}

type SarifLevel = 'error' | 'warning' | 'note';

interface SarifRule {
  readonly id: string;
  readonly shortDescription: { readonly text: string };
  readonly helpUri?: string;
}

interface SarifResult {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly level: SarifLevel;
  readonly message: { readonly text: string };
  readonly baselineState: Finding['state'];
  readonly locations: readonly {
    readonly physicalLocation: {
      readonly artifactLocation: { readonly uri: string; readonly uriBaseId: '%SRCROOT%' };
      readonly region: { readonly startLine: number };
    };
  }[];
  readonly suppressions?: readonly { readonly kind: 'external'; readonly status: 'accepted'; readonly justification: string }[];
}

const REMARKS = {
  fault: 'A lock and its manifest agree',
  unread: 'What is installed can be known',
  notice: 'Requirements have hashes',
} as const;

/**
 * An audit for tools that show findings. `baselineState` tells what the change brings from what the base had; exceptions are
 * suppressions. Where part of it could not be looked at, or no report came about, the invocation was not successful and says why.
 */
export function sarifOf(report: AuditReport | null, result: GateResult): Sarif {
  const findings = report?.findings ?? [];
  const rules = new Map<string, SarifRule>();
  for (const finding of findings) rules.set(ruleId(finding), ruleOf(finding));
  const index = [...rules.keys()];
  const reasons = report === null ? [result.title] : report.silences.map(({ about, why }) => `${about}: ${why}`);
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'ratchet gate audit', rules: [...rules.values()] } },
        invocations: [
          {
            executionSuccessful: reasons.length === 0 && result.couldNotLook === undefined,
            toolExecutionNotifications: reasons.map((text) => ({ level: 'error', message: { text } })),
          },
        ],
        results: findings.map((finding) => resultOf(finding, index.indexOf(ruleId(finding)))),
        columnKind: 'utf16CodeUnits',
      },
    ],
  };
}

function ruleId(finding: Finding): string {
  return finding.kind === 'vulnerability' ? finding.advisory.id : `dependencies/${finding.kind}`;
}

function ruleOf(finding: Finding): SarifRule {
  if (finding.kind !== 'vulnerability') return { id: ruleId(finding), shortDescription: { text: REMARKS[finding.kind] } };
  const { id, title, url } = finding.advisory;
  return { id, shortDescription: { text: title }, ...(isUri(url) ? { helpUri: url } : {}) };
}

function isUri(url: string | null): url is string {
  return url !== null && URL.canParse(url);
}

function resultOf(finding: Finding, ruleIndex: number): SarifResult {
  const level = isBlocking(finding) ? 'error' : finding.kind === 'notice' ? 'note' : 'warning';
  const excuse = finding.kind === 'vulnerability' && finding.excuse?.holds === true ? finding.excuse : null;
  const uri = finding.file.split('/').map(encodeURIComponent).join('/');
  return {
    ruleId: ruleId(finding),
    ruleIndex,
    level,
    message: { text: sentenceOf(finding) },
    baselineState: finding.state,
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri, uriBaseId: '%SRCROOT%' },
          region: { startLine: finding.line },
        },
      },
    ],
    ...(excuse === null
      ? {}
      : { suppressions: [{ kind: 'external', status: 'accepted', justification: `${excuse.reason} (until ${excuse.expiry})` }] }),
  };
}
