/** A service's rate limits. */
export interface ServerLimits {
  requestsPerMinute?: number | undefined;
  inputTokensPerMinute?: number | undefined;
  outputTokensPerMinute?: number | undefined;
  /** Requests that may come at once. Default: a second's. */
  burst?: number | undefined;
}

/** What a request takes from them. */
export interface Taken {
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

const kinds = {
  requests: "requestsPerMinute",
  inputTokens: "inputTokensPerMinute",
  outputTokens: "outputTokensPerMinute",
} as const;

/** Token buckets that fill evenly. Gives the milliseconds to wait, or 0 and takes. */
export function rateLimiter(limits: ServerLimits): (taken: Taken) => number {
  const buckets = Object.entries(kinds).flatMap(([kind, name]) => {
    const perMinute = limits[name];
    if (perMinute === undefined) return [];
    const burst = kind === "requests" ? limits.burst : undefined;
    const capacity = Math.max(1, burst ?? perMinute / 60);
    return [
      {
        kind: kind as keyof Taken,
        perMs: perMinute / 60_000,
        capacity,
        level: capacity,
        at: performance.now(),
      },
    ];
  });
  return (taken) => {
    const now = performance.now();
    let wait = 0;
    for (const bucket of buckets) {
      bucket.level = Math.min(bucket.capacity, bucket.level + (now - bucket.at) * bucket.perMs);
      bucket.at = now;
      const wanted = Math.min(taken[bucket.kind], bucket.capacity);
      wait = Math.max(wait, (wanted - bucket.level) / bucket.perMs);
    }
    if (wait > 0) return wait;
    for (const bucket of buckets) bucket.level -= taken[bucket.kind];
    return 0;
  };
}
