/**
 * What a score is worth: the same judges on the same examples, told nothing of the latent. Most latents can be found by a
 * word or two, and a judge guesses well where negatives are easy; only what a score has beyond these nulls is the
 * explanation's. (Heap et al. 2025, arXiv 2501.17727: scores of random models come near those of trained ones.)
 */
import type { LatentExamples } from "../examples/example.js";
import type { Explanation } from "../explain/explainer.js";
import { type Latent, latentName } from "../latent.js";
import { isLost, type Outcome } from "../llm/outcome.js";
import { noUsage } from "../llm/text-model.js";
import { seededRandom } from "../random.js";
import { attempt } from "../score/attempt.js";
import { lostJudgements } from "../score/lost-judgements.js";
import type { Score, Scorer } from "../score/scorer.js";
import type { NullScore } from "./null-scores.js";
import type { NullRunOptions } from "./planned-null-runs.js";
import { shuffledNull } from "./shuffled-labels.js";
import { unigramNull } from "./unigram-rule.js";

export interface NullPanelOptions extends NullRunOptions {
  /**
   * Share of the latents, drawn by seed, that are judged twice more: with another latent's explanation and with none. So a
   * panel adds at most 2 × share of what scoring costs: by default a fifth. Where that is fewer than 5 latents, too few for
   * a lift to show, and not the whole run, none is judged, and the nulls say so: by default in runs of fewer than 50. The null
   * runs add at most 3 × share of what all costs, and nothing to runs of fewer than 17 latents. The list of tokens and
   * the shuffled labels cost nothing, and are always there. Default: 0.1.
   */
  share?: number | undefined;
  /** Default: 22. */
  seed?: number | string | undefined;
}

export interface NullPanel {
  /**
   * The nulls of a latent that was scored. A null that fails is one without a value, and loses no score. Of those that are
   * `kept`, nobody is asked again but for the incomplete ones.
   */
  judge(scored: ScoredLatent): Promise<NullScore[]>;
}

interface ScoredLatent {
  readonly examples: LatentExamples;
  readonly scores: readonly Score[];
  readonly kept: readonly NullScore[];
  readonly signal: AbortSignal | undefined;
}

interface PanelParts extends NullPanelOptions {
  readonly scorers: readonly Scorer[];
  /** The explanation of any latent of the run, which is asked for once. */
  readonly explain: (latent: Latent) => Promise<Outcome<Explanation>>;
}

/** How often the scorers of a run over `latents` latents are asked, in units of once per latent: 1 without a panel. */
export function scoringsPerLatent(latents: number, nulls: NullPanelOptions | false = {}): number {
  if (nulls === false || latents === 0) return 1;
  return 1 + (2 * judgedLatents(latents, nulls)) / latents;
}

const fewestJudged = 5;

function judgedLatents(latents: number, { share = 0.1 }: NullPanelOptions): number {
  if (!(share >= 0 && share <= 1)) {
    throw new RangeError(
      `Cannot judge nulls of a share of ${share} of the latents: give a number from 0 to 1`,
    );
  }
  const judged = Math.floor(share * latents);
  return judged < Math.min(fewestJudged, latents) ? 0 : judged;
}

/** The nulls of a panel that is too small to be judged; none where nobody asked for it. */
function unjudged(latents: number, { scorers, share = 0.1 }: PanelParts): NullScore[] {
  if (share === 0) return [];
  const enough = Math.min(1, Math.ceil((100 * fewestJudged) / latents) / 100);
  const reason = `a share of ${share} of ${latents} latents is fewer than ${fewestJudged}; raise nulls.share to ${enough}`;
  return (["another latent", "blank"] as const).flatMap((kind) =>
    scorers.map(({ name }) => ({ kind, scorer: name, value: undefined, interval: undefined, reason })),
  );
}

/** So many others are tried where one has no explanation. */
const othersTried = 3;

/**
 * A panel for a run over `latents`.
 *
 * @throws {RangeError} If `share` is not in [0, 1].
 */
export function nullPanel(latents: readonly Latent[], parts: PanelParts): NullPanel {
  const { seed = 22 } = parts;
  const scorers = parts.scorers.filter(({ readsExplanation }) => readsExplanation !== false);
  const drawn = judgedLatents(latents.length, parts);
  const left = drawn > 0 ? [] : unjudged(latents.length, { ...parts, scorers });
  const circle = seededRandom(seed).fork("null panel").shuffle(latents);
  const places = new Map(circle.map((latent, i) => [latentName(latent), i]));
  const othersOf = (at: number) => [...circle.slice(at + 1), ...circle.slice(0, at)].slice(0, othersTried);
  return {
    async judge({ examples, scores, kept, signal }) {
      const { latent } = examples;
      const free = scores.flatMap((score) => [
        unigramNull(examples, score) ?? [],
        shuffledNull(score, { seed }) ?? [],
      ]);
      const at = places.get(latentName(latent)) ?? drawn;
      if (at >= drawn) {
        const paid = kept.filter(isWhole);
        return [...free.flat(), ...(paid.length > 0 ? paid : left)];
      }
      const other = await firstExplained(othersOf(at), parts.explain);
      const judge = (explanation: Outcome<Explanation>, null_: NullTask["null_"]) =>
        Promise.all(scorers.map((one) => judgeNull(one, { explanation, examples, signal, null_, kept })));
      const from = other?.status === "ok" ? { from: other.value.latent } : {};
      const asked = await Promise.all([
        other ? judge(other, { kind: "another latent", ...from }) : [],
        judge({ status: "ok", value: blank(latent) }, { kind: "blank" }),
      ]);
      return [...free.flat(), ...asked.flat()];
    },
  };
}

/** The first of the latents' explanations; where there is none, a call for one that was lost, if there is such. */
async function firstExplained(
  latents: readonly Latent[],
  explain: PanelParts["explain"],
): Promise<Outcome<Explanation> | undefined> {
  let lost: Outcome<Explanation> | undefined;
  for (const latent of latents) {
    const tried = await attempt(() => explain(latent));
    const explained = tried.status === "ok" ? tried.value : tried;
    if (explained.status === "ok") return explained;
    if (isLost(explained)) lost = explained;
  }
  return lost;
}

function blank(latent: Latent): Explanation {
  return { latent, text: "", explainer: "none", model: "none", usage: noUsage };
}

interface NullTask extends Pick<ScoredLatent, "examples" | "kept" | "signal"> {
  readonly explanation: Outcome<Explanation>;
  readonly null_: Pick<NullScore, "kind" | "from">;
}

async function judgeNull(
  scorer: Scorer,
  { explanation, examples, signal, null_, kept }: NullTask,
): Promise<NullScore> {
  const known = kept.find(({ kind, scorer: name }) => kind === null_.kind && name === scorer.name);
  if (known && isWhole(known)) return known;
  const { latent } = examples;
  const judged =
    explanation.status === "ok"
      ? await attempt(() => scorer.score({ ...explanation.value, latent }, examples, { signal }))
      : explanation;
  const anew = { ...null_, scorer: scorer.name, ...nullValue(judged) };
  return anew.value === undefined ? (known ?? anew) : anew;
}

/** Whether a judge was asked, and all its calls were answered. */
function isWhole({ usage, incomplete }: NullScore): boolean {
  return usage !== undefined && !incomplete;
}

function nullValue(judged: Outcome<Score>): Omit<NullScore, "kind" | "scorer"> {
  if (judged.status !== "ok") {
    const lacks = isLost(judged) && ({ incomplete: true } as const);
    return { value: undefined, interval: undefined, reason: judged.reason, ...lacks };
  }
  const { value, interval, usage, judgements } = judged.value;
  const failed = value === undefined && judgements.find(({ answer }) => answer.status !== "ok")?.answer;
  const reason = failed && failed.status !== "ok" ? { reason: failed.reason } : {};
  const lacks = lostJudgements(judged.value) > 0 && ({ incomplete: true } as const);
  return { value, interval, usage, ...reason, ...lacks };
}
