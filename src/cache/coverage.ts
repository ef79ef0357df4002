import type { MimeBundle } from "../display.js";
import { displayable } from "../display.js";
import type { LatentCache } from "./latent-cache.js";

/** How much of a coder a corpus shows (the paper, 1.2, reports such shares per layer). */
export interface Coverage {
  readonly latents: number;
  readonly tokens: number;
  readonly minCount: number;
  /** Latents that fire nowhere. */
  readonly neverFired: number;
  /** Latents that fire at fewer than `minCount` positions, those that never fire included. */
  readonly belowMinCount: number;
  readonly shareNeverFired: number;
  readonly shareBelowMinCount: number;
}

export function coverageOf(cache: LatentCache, minCount: number): Coverage {
  const latents = cache.dSae;
  const neverFired = latents - cache.live().length;
  const belowMinCount = latents - cache.live({ minCount }).length;
  const coverage: Coverage = {
    latents,
    tokens: cache.tokenCount,
    minCount,
    neverFired,
    belowMinCount,
    shareNeverFired: neverFired / latents,
    shareBelowMinCount: belowMinCount / latents,
  };
  return displayable(coverage, coverageDisplay);
}

function coverageDisplay(coverage: Coverage): MimeBundle {
  const { latents, tokens, minCount, neverFired, belowMinCount } = coverage;
  const share = (n: number) => `${n.toLocaleString("en-US")} (${((100 * n) / latents).toFixed(1)} %)`;
  return {
    "text/plain": `${latents.toLocaleString("en-US")} latents on ${tokens.toLocaleString("en-US")} tokens: ${share(neverFired)} never fire, ${share(belowMinCount)} fire at fewer than ${minCount} positions`,
  };
}
