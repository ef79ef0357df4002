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

export interface RateLimiter {
  /** Gives the milliseconds to wait, or 0 and takes. */
  admit(taken: Taken): number;
  /** Takes what an answer came to; what is not there is owed. */
  charge(outputTokens: number): void;
}

/** Token buckets that fill evenly. */
export function rateLimiter(limits: ServerLimits): RateLimiter {
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
  return {
    admit(taken) {
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
    },
    charge(outputTokens) {
      for (const bucket of buckets) if (bucket.kind === "outputTokens") bucket.level -= outputTokens;
    },
  };
}
