// The order is the point: intrinsics are trimmed, console and freeze replaced before SES looks at them,
// and nothing of a sandbox program is evaluated before lockdown.
import { hideStackAccessor } from './version-blind.ts';
import './one-view.ts';
import { withhold } from './trim.ts';
import './stack-lines.ts';
import { restoreFreeze, settlePrototypes } from './fast-freeze.ts';
import 'ses';

declare const lockdown: (options: Record<string, unknown>) => void;

restoreFreeze();
withhold();
hideStackAccessor();

// Every option is passed: SES takes those left out from variables of the environment.
lockdown({
  errorTaming: 'safe',
  errorTrapping: 'none',
  reporting: 'none',
  unhandledRejectionTrapping: 'none',
  regExpTaming: 'safe',
  localeTaming: 'safe',
  consoleTaming: 'safe',
  overrideTaming: 'moderate',
  stackFiltering: 'verbose',
  overrideDebug: [],
  domainTaming: 'safe',
  evalTaming: 'safe-eval',
  legacyRegeneratorRuntimeTaming: 'safe',
  __hardenTaming__: 'safe',
});

settlePrototypes();
