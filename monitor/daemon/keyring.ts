import type { Keyring } from '../../wire/identity.js';
import type { MonitorState } from '../state/state.js';

/** Who may connect: every entity that has a key. A monitor without state knows nobody but itself. */
export function stateKeyring(state: MonitorState, own: { readonly name: string; readonly key: Uint8Array }): Keyring {
  return { keyFor: (name) => state.key(name) ?? (name === own.name ? own.key : undefined) };
}
