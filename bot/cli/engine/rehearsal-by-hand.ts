import { Big } from 'big.js';
import { explain } from '#engine/errors.ts';
import type { Rehearsal } from '#engine/venues/rehearsal/start-rehearsal.ts';

export const byHandHelp = 'deposit ASSET AMOUNT, buy SYMBOL QUANTITY, maintenance on|off';

/** What a person does at the exchange itself, behind the engine's back: a line typed where it runs, and what came of it. */
export function doByHand(rehearsal: Pick<Rehearsal, 'exchange' | 'key' | 'setMaintenance'>, line: string): string {
  const [verb, ...words] = line.trim().split(/\s+/);
  try {
    if (verb === 'deposit') return deposit(rehearsal, words);
    if (verb === 'buy') return buy(rehearsal, words);
    if (verb === 'maintenance') return maintain(rehearsal, words);
  } catch (error) {
    return `Nothing was done: ${explain(error)}`;
  }
  return `It knows: ${byHandHelp}.`;
}

function deposit({ exchange, key }: Pick<Rehearsal, 'exchange' | 'key'>, [asset = '', amount = '']: readonly string[]): string {
  const quantity = positive(amount);
  exchange.deposit(key.account, asset, quantity);
  return `${quantity.toFixed()} ${asset} was paid in.`;
}

function buy({ exchange, key }: Pick<Rehearsal, 'exchange' | 'key'>, [symbol = '', amount = '']: readonly string[]): string {
  const quantity = positive(amount);
  const terms = { clientOrderId: null, limitPrice: null, stopPrice: null };
  const { state, number } = exchange.place(key.account, { ...terms, symbol, side: 'buy', kind: 'market', quantity });
  return `Order ${number} of ${quantity.toFixed()} ${symbol} is ${state}.`;
}

function maintain({ setMaintenance }: Pick<Rehearsal, 'setMaintenance'>, [word = '']: readonly string[]): string {
  if (word !== 'on' && word !== 'off') return `It knows: ${byHandHelp}.`;
  setMaintenance(word === 'on');
  return `Maintenance is ${word}.`;
}

/** @throws Error for what is no amount */
function positive(text: string): Big {
  const amount = new Big(text);
  if (amount.lte(0)) throw new Error('an amount is above zero');
  return amount;
}
