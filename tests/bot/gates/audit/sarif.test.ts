import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import type { AuditReport, Finding } from '#bot/gates/audit/report.ts';
import { sarifOf } from '#bot/gates/audit/sarif.ts';
import { auditVerdict } from '#bot/gates/audit/verdict.ts';
import { couldNotLookAt } from '#bot/gates/outcome.ts';

/** What SARIF 2.1.0 demands (OASIS 2020, sections 3.13 to 3.58) of the objects that are written here. */
const schema = {
  type: 'object',
  required: ['version', 'runs'],
  properties: {
    version: { const: '2.1.0' },
    $schema: { type: 'string', pattern: '^https://.*sarif-schema-2\\.1\\.0\\.json$' },
    runs: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['tool'],
        properties: {
          tool: {
            type: 'object',
            required: ['driver'],
            properties: {
              driver: {
                type: 'object',
                required: ['name'],
                properties: {
                  name: { type: 'string', minLength: 1 },
                  rules: {
                    type: 'array',
                    uniqueItems: true,
                    items: {
                      type: 'object',
                      required: ['id'],
                      properties: {
                        id: { type: 'string', minLength: 1 },
                        shortDescription: { $ref: '#/definitions/message' },
                        helpUri: { type: 'string', pattern: '^[a-z]+:' },
                      },
                      additionalProperties: false,
                    },
                  },
                },
                additionalProperties: false,
              },
            },
          },
          invocations: {
            type: 'array',
            items: {
              type: 'object',
              required: ['executionSuccessful'],
              properties: {
                executionSuccessful: { type: 'boolean' },
                toolExecutionNotifications: {
                  type: 'array',
                  items: {
                    type: 'object',
                    required: ['message'],
                    properties: { level: { $ref: '#/definitions/level' }, message: { $ref: '#/definitions/message' } },
                    additionalProperties: false,
                  },
                },
              },
              additionalProperties: false,
            },
          },
          results: {
            type: 'array',
            items: {
              type: 'object',
              required: ['message', 'ruleId', 'locations'],
              properties: {
                ruleId: { type: 'string' },
                ruleIndex: { type: 'integer', minimum: 0 },
                level: { $ref: '#/definitions/level' },
                message: { $ref: '#/definitions/message' },
                baselineState: { enum: ['new', 'unchanged', 'updated', 'absent'] },
                locations: {
                  type: 'array',
                  minItems: 1,
                  items: {
                    type: 'object',
                    required: ['physicalLocation'],
                    properties: {
                      physicalLocation: {
                        type: 'object',
                        required: ['artifactLocation'],
                        properties: {
                          artifactLocation: {
                            type: 'object',
                            required: ['uri'],
                            properties: { uri: { type: 'string', pattern: '^[^ ]+$' }, uriBaseId: { type: 'string' } },
                            additionalProperties: false,
                          },
                          region: {
                            type: 'object',
                            required: ['startLine'],
                            properties: { startLine: { type: 'integer', minimum: 1 } },
                            additionalProperties: false,
                          },
                        },
                        additionalProperties: false,
                      },
                    },
                    additionalProperties: false,
                  },
                },
                suppressions: {
                  type: 'array',
                  items: {
                    type: 'object',
                    required: ['kind'],
                    properties: {
                      kind: { enum: ['inSource', 'external'] },
                      status: { enum: ['accepted', 'underReview', 'rejected'] },
                      justification: { type: 'string' },
                    },
                    additionalProperties: false,
                  },
                },
              },
              additionalProperties: false,
            },
          },
          columnKind: { enum: ['utf16CodeUnits', 'unicodeCodePoints'] },
        },
        additionalProperties: false,
      },
    },
  },
  additionalProperties: false,
  definitions: {
    message: { type: 'object', required: ['text'], properties: { text: { type: 'string', minLength: 1 } } },
    level: { enum: ['none', 'note', 'warning', 'error'] },
  },
};
const isSarif = new Ajv().compile(schema);

function weakness(state: Finding['state'], excuse: { reason: string; expiry: string; holds: boolean } | null = null): Finding {
  const locked = { ecosystem: 'npm', name: 'left-lane', version: '1.0.0', file: 'a folder/package-lock.json', line: 7 } as const;
  return {
    kind: 'vulnerability',
    state,
    file: locked.file,
    line: locked.line,
    package: locked,
    advisory: {
      id: 'GHSA-aaaa-bbbb-cccc',
      aliases: [],
      title: 'Runs what it reads',
      severity: 'high',
      url: 'https://127.0.0.1/1',
      fix: null,
    },
    excuse,
  };
}

const reportOf = (...findings: Finding[]): AuditReport => ({ files: ['package-lock.json'], brought: [], findings, silences: [] });
const written = (report: AuditReport) => JSON.parse(JSON.stringify(sarifOf(report, auditVerdict(report))));

describe('an audit as SARIF', () => {
  it('has all that the standard demands, and tells new from old', () => {
    const fault: Finding = { kind: 'fault', state: 'new', file: 'package.json', line: 3, message: 'Out of step: write it anew.' };
    const sarif = written(reportOf(weakness('new'), weakness('unchanged'), weakness('absent'), fault));
    expect(isSarif(sarif), JSON.stringify(isSarif.errors)).toBe(true);
    const [run] = sarif.runs;
    expect(run.results.map((item: { level: string; baselineState: string }) => [item.baselineState, item.level])).toEqual([
      ['new', 'error'],
      ['unchanged', 'warning'],
      ['absent', 'warning'],
      ['new', 'error'],
    ]);
    expect(run.tool.driver.rules.map(({ id }: { id: string }) => id)).toEqual(['GHSA-aaaa-bbbb-cccc', 'dependencies/fault']);
    expect(run.results[3].ruleIndex).toBe(1);
    expect(run.results[0].locations[0].physicalLocation).toEqual({
      artifactLocation: { uri: 'a%20folder/package-lock.json', uriBaseId: '%SRCROOT%' },
      region: { startLine: 7 },
    });
    expect(run.invocations[0].executionSuccessful).toBe(true);
  });

  it('shows an exception as a suppression, and one that has expired as none', () => {
    const excuse = { reason: 'Never handed text from outside.', expiry: '2027-01-01', holds: true };
    const [held, expired] = written(reportOf(weakness('new', excuse), weakness('new', { ...excuse, holds: false }))).runs[0]
      .results;
    expect(held).toMatchObject({ level: 'warning', suppressions: [{ justification: expect.stringContaining('Never handed') }] });
    expect(expired.level).toBe('error');
    expect(expired.suppressions).toBeUndefined();
  });

  it('says that it was not carried out where something could not be looked at, or everything', () => {
    const silent = written({ ...reportOf(), silences: [{ about: 'npm', why: 'npm audit gave no report: 405', blocks: false }] });
    const none = sarifOf(null, couldNotLookAt('audit', 'no disk', 'No disk.'));
    for (const sarif of [silent, JSON.parse(JSON.stringify(none))]) {
      expect(isSarif(sarif), JSON.stringify(isSarif.errors)).toBe(true);
      expect(sarif.runs[0].invocations[0]).toMatchObject({
        executionSuccessful: false,
        toolExecutionNotifications: [{ level: 'error' }],
      });
    }
  });
});
