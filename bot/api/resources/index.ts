import type { Resource } from '#bot/api/resource.ts';
import { benchmarks } from './benchmarks.ts';
import { decisions, signals } from './decisions.ts';
import { deployments } from './deployments.ts';
import { market } from './market.ts';
import { performance } from './performance.ts';
import { portfolio } from './portfolio.ts';
import { positions } from './positions.ts';
import { risk } from './risk.ts';
import { strategy } from './strategy.ts';
import { system } from './system.ts';
import { trades } from './trades.ts';
import { usage } from './usage.ts';

/** Everything that may be asked for, in the order in which the document lists it. */
export const resources: readonly Resource[] = [
  system,
  portfolio,
  positions,
  trades,
  performance,
  risk,
  market,
  signals,
  decisions,
  strategy,
  deployments,
  usage,
  benchmarks,
];
