import { canonicalJson } from '#engine/attestation/canonical.ts';
import { DRAWDOWN_SVG_PATH, drawdownSvg } from './charts/drawdown-svg.ts';
import { EQUITY_SVG_PATH, equitySvg } from './charts/equity-svg.ts';
import { PACK_PATH, type Pack } from './pack.ts';
import { REPORT_PATH, report } from './report.ts';

/** Inside the strategy's folder; every version has all of them. */
export const EVIDENCE_PATHS = [PACK_PATH, EQUITY_SVG_PATH, DRAWDOWN_SVG_PATH, REPORT_PATH] as const;

/** The whole evidence folder, text by path; the same pack gives the same bytes. */
export async function evidenceFiles(pack: Pack): Promise<ReadonlyMap<(typeof EVIDENCE_PATHS)[number], string>> {
  return new Map([
    [PACK_PATH, canonicalJson(pack)],
    [EQUITY_SVG_PATH, await equitySvg(pack)],
    [DRAWDOWN_SVG_PATH, await drawdownSvg(pack)],
    [REPORT_PATH, report(pack)],
  ]);
}
