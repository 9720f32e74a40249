import { Control, initialControl, readControl } from '#engine/runtime/control.ts';

/** The order that stands in a control file; null for a text that no engine would obey. */
export function orderIn(file: string): Control | null {
  const reading = readControl(file, initialControl);
  return reading.ok ? Control.parse(reading.control) : null;
}
