/** What a request comes to on the state of its object, before anything is changed. */
import type { ReadResult } from '../../../protocol/osd-methods.js';
import type { Mutation } from '../../store/transaction.js';

export interface Evaluated {
  readonly results: readonly ReadResult[];
  /** Of the results, in their order. */
  readonly payload: readonly Uint8Array[];
  readonly output: Uint8Array | undefined;
  /** Of the payload, at its end: data of the class's method. */
  readonly outputBytes: number;
  /** None: nothing changes. */
  readonly mutations: readonly Mutation[];
  /** What another copy has to fetch to have what these changed, at most. */
  readonly costBytes: number;
  /** Of the object afterwards: the version before when nothing changes it. */
  readonly version: 'new' | 'none' | { readonly term: number; readonly seq: number };
}
