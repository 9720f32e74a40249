import { z } from 'zod';

/**
 * The root of an API that is given a token, without a slash at its end. A token in the clear is a token given away, so only this
 * machine may be spoken to without TLS.
 */
export const SecureUrl = z
  .url({ protocol: /^https?$/ })
  .refine((text) => text.startsWith('https:') || isLoopback(new URL(text).hostname), 'it must be https, or on this machine')
  .transform((text) => text.replace(/\/+$/, ''));

export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
