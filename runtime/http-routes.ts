import type { HttpHandler } from './http.js';

/**
 * A handler that chooses by the exact path: `{ '/metrics': ..., '/healthz': ... }`. Any other path is 404 with the list of
 * those that exist.
 */
export function routes(table: Readonly<Record<string, HttpHandler>>): HttpHandler {
  return async (request) => {
    const handler = Object.hasOwn(table, request.path) ? table[request.path] : undefined;
    if (handler !== undefined) return handler(request);
    const known = Object.keys(table).sort();
    return {
      status: 404,
      contentType: 'text/plain; charset=utf-8',
      body: `nothing is here; there are:\n${known.map((path) => `  ${path}\n`).join('')}`,
    };
  };
}
