import { numberOf } from '#engine/venues/rehearsal/kraken/names.ts';
import type { Evidence } from '../invariants/evidence.ts';
import { fillsNotInvented } from '../invariants/fills-not-invented.ts';
import { moneyConserved } from '../invariants/money-conserved.ts';
import { ordersNeitherLostNorDoubled } from '../invariants/orders-neither-lost-nor-doubled.ts';
import { JournalRecord } from '../journal-record.ts';
import type { Books } from './messages.ts';

/** What the journal on disk and the exchange's own books do not agree on; empty when all is well. */
export function disagreements(journalFile: string, books: Books): string[] {
  const journal = new JournalRecord(journalFile);
  try {
    journal.takeChanges(0);
    const fills = new Map(
      [...journal.fills.values()].map((fill) => {
        const fillId = String(numberOf('T', fill.fillId) ?? fill.fillId);
        return [`${fill.symbol} ${fillId}`, { ...fill, fillId }];
      }),
    );
    const evidence: Pick<Evidence, 'isQuiet' | 'exchange' | 'journal' | 'changed' | 'sent'> = {
      isQuiet: true,
      exchange: {
        orders: new Map(books.orders.map((order) => [order.number, order])),
        fills: new Map(books.fills.map((fill) => [fill.number, fill])),
        books: () => books.lines,
      },
      journal: {
        orders: journal.orders,
        byClientId: journal.byClientId,
        fills,
        books: journal.books,
        frozen: journal.frozen,
        doubted: journal.doubted,
        historyOf: journal.historyOf,
      },
      changed: { exchangeOrders: [], exchangeFills: [], orders: [], intended: [], fills: [], sent: [] },
      sent: new Map(),
    };
    return [ordersNeitherLostNorDoubled, fillsNotInvented, moneyConserved]
      .map((judge) => judge(evidence as Evidence))
      .filter((problem) => problem !== null);
  } finally {
    journal.close();
  }
}
