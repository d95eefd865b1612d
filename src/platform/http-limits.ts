/** How long an HTTP server waits for a client. */

/** Milliseconds that a client may take to send a request, so that slow ones cannot occupy all connections (Slowloris). */
export const httpLimits = { headersTimeout: 10_000, requestTimeout: 15_000, connectionsCheckingInterval: 2_000 };
