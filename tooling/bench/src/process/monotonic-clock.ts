/** Microseconds on the system's monotonic clock, which all processes and threads share. */
export function monotonicMicros(): number {
  const [seconds, nanos] = process.hrtime()
  return seconds * 1e6 + nanos / 1e3
}
