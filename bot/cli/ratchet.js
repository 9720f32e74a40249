#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { bundled } from './bundled.js';

const main = new URL('./main.ts', import.meta.url);
const bundle = await bundled(fileURLToPath(main), fileURLToPath(new URL('../../', import.meta.url)));
if (bundle === null) (await import('tsx/esm/api')).register();
// What fails is told by the lines that were written.
process.setSourceMapsEnabled(true);
await import(bundle ?? main.href);
