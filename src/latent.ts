/** One dimension of a sparse coder, and its one spelling everywhere. */
export interface Latent {
  /** Where the coder reads, e.g. `layers.2`. */
  readonly hookpoint: string;
  /** Index in [0, d_sae). */
  readonly index: number;
}

/** `layers.2:17`, as people write it. */
export function latentName({ hookpoint, index }: Latent): string {
  return `${hookpoint}:${index}`;
}

/** `layers.2_latent17`: safe as a file name; the spelling of delphi's files. */
export function latentFileName({ hookpoint, index }: Latent): string {
  return `${hookpoint.replaceAll("/", "--")}_latent${index}`;
}

/**
 * Reads `layers.2:17`.
 *
 * @throws {SyntaxError} If the text is not `hookpoint:index`.
 */
export function parseLatent(text: string): Latent {
  const match = /^(.+):(\d+)$/.exec(text.trim());
  if (!match)
    throw new SyntaxError(`Cannot read "${text}" as a latent: write hookpoint:index, as in layers.2:17`);
  return { hookpoint: match[1] as string, index: Number(match[2]) };
}
