/**
 * The right to withdraw one attempt of something, as an `AbortController` gives it, for one listener at a time. A controller with its
 * signal and a listener cost a client a third of each request, most of it in the garbage collector; hardly any is withdrawn.
 */
export interface Withdrawable {
  /** Called once. */
  onWithdrawn(): void;
}

export class Withdrawal {
  #reason: Error | undefined;
  #listener: Withdrawable | undefined;
  #controller: AbortController | undefined;

  /** `undefined` until it is withdrawn. */
  get reason(): Error | undefined {
    return this.#reason;
  }

  /** For what knows signals only. Made when it is asked for. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  /** Of several calls the first counts. */
  withdraw(reason: Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.onWithdrawn();
    this.#controller?.abort(reason);
  }

  /** Takes the place of the listener before; nobody is told of what was withdrawn already. */
  listen(listener: Withdrawable): void {
    this.#listener = listener;
  }

  /** Nothing when another one has taken its place. */
  leave(listener: Withdrawable): void {
    if (this.#listener === listener) this.#listener = undefined;
  }
}
