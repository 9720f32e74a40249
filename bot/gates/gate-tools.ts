import type { AuditReport } from './audit/report.ts';
import type { AuditSettings } from './audit/scan.ts';
import type { CommandShape } from './docs/command-shape.ts';

/** What gates use beside the two commits. It comes from the program that runs them, never from the change. */
export interface GateTools {
  readonly clock: () => number;
  readonly audit: AuditSettings;
  /** The commands of this program, which documents may name. */
  readonly program: CommandShape;
  /** Told what the audit found before it is put into a sentence. */
  readonly onAudit?: (report: AuditReport) => void;
}

/** How long a scanner may take before the gate says that it could not look. */
export const AUDIT_TIMEOUT_MS = 60_000;
