const dayMs = 86_400_000;
const calendars = new Map<string, Intl.DateTimeFormat>();

export function isTimeZone(name: string): boolean {
  try {
    calendarOf(name);
    return true;
  } catch (error) {
    // The one way to ask whether a zone is known.
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/**
 * The day to which a close counts, as YYYY-MM-DD by the calendar of the zone, so that days of 23 and of 25 hours are days like others. A
 * close at midnight ends the day before.
 * @param instant UTC milliseconds
 * @param timeZone an IANA name
 */
export function tradingDay(instant: number, timeZone: string): string {
  const within = instant - 1;
  if (timeZone === 'UTC') return new Date(Math.floor(within / dayMs) * dayMs).toISOString().slice(0, 10);
  const parts = new Map(
    calendarOf(timeZone)
      .formatToParts(within)
      .map(({ type, value }) => [type, value]),
  );
  return `${parts.get('year')}-${parts.get('month')}-${parts.get('day')}`;
}

function calendarOf(timeZone: string): Intl.DateTimeFormat {
  let calendar = calendars.get(timeZone);
  if (calendar === undefined) {
    calendar = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      calendar: 'gregory',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
    });
    calendars.set(timeZone, calendar);
  }
  return calendar;
}
