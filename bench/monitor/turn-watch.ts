/**
 * Preloaded into a monitor (`node --import`): says over the channel to its parent how long the event loop's turns are.
 * Messages: `'watch'` begins, `'report'` is answered with the longest since then, in ms. A timer of 1 ms looks, while asked to:
 * so the answer is right to within a millisecond or two, and nothing is spent while only speed is measured.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

const resolutionMs = 1;
const delays = monitorEventLoopDelay({ resolution: resolutionMs });

process.on('message', (message) => {
  if (message === 'watch') {
    delays.reset();
    delays.enable();
  } else if (message === 'report') {
    // Read in the next turn: a turn that has just been long is noted when the timer fires after it.
    setTimeout(() => {
      process.send?.({ longestTurnMs: Math.max(0, delays.max / 1e6 - resolutionMs) });
      delays.disable();
    }, 5);
  }
});
// The channel alone keeps no monitor alive.
process.channel?.unref();
