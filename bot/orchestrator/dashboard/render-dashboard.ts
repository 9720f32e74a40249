import type { DashboardFacts } from './facts.ts';
import { branchesSection } from './sections/branches.ts';
import { budgetsSection } from './sections/budgets.ts';
import { controlSection } from './sections/control.ts';
import { costSection } from './sections/cost.ts';
import { equitySection } from './sections/equity.ts';
import { nightsSection } from './sections/nights.ts';
import { proposalsSection } from './sections/proposals.ts';
import { readinessSection } from './sections/readiness.ts';
import { runningSection } from './sections/running.ts';

const HEAD =
  'Kept by the bot, and written again whenever something changes: what is edited here is lost, except a ticked box. How to read it stands in Ratchet’s own `docs/ops/dashboard.md`.';

/** The dashboard's whole text, which follows from the facts alone. */
export function renderDashboard(facts: DashboardFacts): string {
  const sections = [
    runningSection(facts),
    controlSection(facts),
    equitySection(facts),
    readinessSection(facts),
    proposalsSection(facts),
    nightsSection(facts),
    budgetsSection(facts),
    costSection(facts),
    branchesSection(facts),
  ];
  return `${[HEAD, ...sections.filter((section) => section !== '')].join('\n\n')}\n`;
}
