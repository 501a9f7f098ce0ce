/** How long an upstream may leave `Expect: 100-continue` unanswered before the body goes out all the same (RFC 9110 §10.1.1). */
export const CONTINUE_WAIT_MS = 1_000
