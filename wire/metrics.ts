/** Counters and gauges of all connections of one listener or dialer; plain numbers, read at any time. */
export interface WireMetrics {
  connectionsOpen: number;
  connectionsAccepted: number;
  /** Beyond the bound of connections in handshake or open. */
  connectionsRefused: number;
  handshakesInProgress: number;
  handshakesFailed: number;
  /** Times that a dialer found its peer again. */
  reconnects: number;
  protocolErrors: number;
  framesSent: number;
  framesReceived: number;
  bytesSent: number;
  bytesReceived: number;
  /** Calls made here that have no reply yet. */
  callsPending: number;
  /** Calls and messages that wait here for credit, and their bytes. */
  waitingMessages: number;
  waitingBytes: number;
  /** Refused with `OVERLOADED` before they were sent. */
  refusals: number;
  /** Bytes laid out or lent for sending that the kernel has not taken. */
  sendQueueBytes: number;
  /** Requests and messages received whose handlers have not finished. */
  handlersRunning: number;
  handlersFailed: number;
  /** Received and held back because replies wait for a slow reader. */
  requestsHeldBack: number;
}

export function newWireMetrics(): WireMetrics {
  return {
    connectionsOpen: 0,
    connectionsAccepted: 0,
    connectionsRefused: 0,
    handshakesInProgress: 0,
    handshakesFailed: 0,
    reconnects: 0,
    protocolErrors: 0,
    framesSent: 0,
    framesReceived: 0,
    bytesSent: 0,
    bytesReceived: 0,
    callsPending: 0,
    waitingMessages: 0,
    waitingBytes: 0,
    refusals: 0,
    sendQueueBytes: 0,
    handlersRunning: 0,
    handlersFailed: 0,
    requestsHeldBack: 0,
  };
}
