import { createHmac } from 'node:crypto';

/**
 * What somebody proves himself with to daemons of one kind (`osd`), made of the key that the monitors know him by. Whoever
 * learns it can pass for him towards those daemons, and never towards the monitors: there is no way back to the key.
 */
export function serviceKeyOf(key: Uint8Array, service: string): Uint8Array {
  return createHmac('sha256', key).update(['cairn', service, 'service'].join(' ')).digest();
}
