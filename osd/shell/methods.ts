/** What the shell of an OSD answers: to clients, and to the primaries of the PGs that it has a copy of. */
import { defineMethod } from '../../wire/method.js';

/** An object, as it travels. */
export interface ObjectHeader {
  readonly pool: number;
  readonly pg: number;
  readonly namespace: string;
  readonly locator: string;
  readonly name: string;
}

export interface PutRequest extends ObjectHeader {
  readonly offset: number;
  /** Of the client: with the number of the request it names it through every retry. */
  readonly session: Uint8Array;
  readonly request: number;
}

export interface PutReply {
  readonly seq: number;
}

/** The payload is what is written. */
export const putMethod = defineMethod<PutRequest, PutReply>('osd.put');

export interface GetRequest extends ObjectHeader {
  readonly offset: number;
  readonly bytes: number;
}

export interface GetReply {
  readonly size: number;
  readonly seq: number;
}

/** The payload is what was read. */
export const getMethod = defineMethod<GetRequest, GetReply>('osd.get');

/** From a primary: the same change, with its place in the PG's log. */
export interface AppendRequest extends PutRequest {
  readonly term: number;
  readonly seq: number;
}

export const appendMethod = defineMethod<AppendRequest, PutReply>('osd.append');
