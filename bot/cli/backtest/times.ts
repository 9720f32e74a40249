/** `2024-01-31` */
export function dateOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** `2024-01-31 18:00` */
export function minuteOf(time: number): string {
  return new Date(time).toISOString().slice(0, 16).replace('T', ' ');
}
