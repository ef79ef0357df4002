/** What `saelab run` and `saelab plan` have in common: the same options for the same line. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cacheLatents } from "./cache/cache-latents.js";
import type { LatentCache } from "./cache/latent-cache.js";
import { isSaelabError } from "./errors.js";
import { negativeKinds } from "./examples/negative-ladder.js";
import type { EditedExamplesOptions } from "./examples/sample-edited-examples.js";
import { topActivations } from "./explain/top-activations.js";
import type { Latent } from "./latent.js";
import { claudeBatches } from "./llm/claude-batches.js";
import { embedWindows } from "./llm/embed-windows.js";
import { modelFromName } from "./llm/model-from-name.js";
import type { TextModel } from "./llm/text-model.js";
import { withLedger } from "./llm/with-ledger.js";
import { loadModel } from "./model/load-model.js";
import type { InterpretOptions } from "./run/interpret.js";
import type { NullPanelOptions } from "./run/null-panel.js";
import { type NullRunKind, nullRunKinds } from "./run/null-run.js";
import { type PresetName, preset } from "./run/presets.js";
import { detection } from "./score/detection.js";
import { fuzzing } from "./score/fuzzing.js";
import type { Subject } from "./sparse/activations-of.js";
import { loadSparseCoder } from "./sparse/load-sparse-coder.js";

const options = {
  model: { type: "string", default: "demo" },
  coder: { type: "string", default: "demo/layers.2.wide" },
  corpus: { type: "string", default: "demo" },
  tokens: { type: "string" },
  latents: { type: "string", default: "20" },
  seed: { type: "string", default: "22" },
  llm: { type: "string", default: "pattern" },
  "room-to-think": { type: "string" },
  batch: { type: "boolean", default: false },
  preset: { type: "string" },
  negatives: { type: "string" },
  null: { type: "string" },
  "null-runs": { type: "string" },
  out: { type: "string" },
} as const;

export interface Line {
  /** The coder and the model, as they were named. */
  readonly title: string;
  readonly out: string;
  /** What `interpret` and `plan` take. */
  readonly how: InterpretOptions;
  /** Fills or opens the cache, draws the latents, and has at hand what their silent windows are found by. */
  open(signal: AbortSignal): Promise<OpenLine>;
}

export interface OpenLine {
  readonly cache: LatentCache;
  readonly latents: readonly Latent[];
  /** In the place of those of `how`. */
  readonly examples: EditedExamplesOptions;
  close(): Promise<void>;
}

/** Reads the command line; everything is checked before any work begins. */
export function readLine(args: readonly string[], modelOf: ModelOf = keptModel): Line {
  const { values } = parseArgs({ args: [...args], options });
  const out = values.out ?? join("runs", values.coder.replaceAll(/[^\w.-]+/g, "-"));
  const count = wholeNumber("latents", values.latents);
  const seed = wholeNumber("seed", values.seed);
  const maxTokens = values.tokens === undefined ? undefined : wholeNumber("tokens", values.tokens);
  const nulls = nullOptions(values.null ?? (values.llm === "pattern" ? "1" : "0.1"), values["null-runs"]);
  const room = values["room-to-think"];
  const roomToThink = room === undefined ? undefined : wholeNumber("room-to-think", room);
  const negatives = values.negatives === undefined ? undefined : negativeNames(values.negatives);
  const llm = modelOf(values.llm, { roomToThink, batch: values.batch, ledger: join(out, "ledger") });
  const line = how(llm, { seed, name: values.preset, negatives });
  return {
    title: `${values.coder} of ${values.model}`,
    out,
    // Batches are made of what is asked at the same time.
    how: { ...line, nulls, concurrency: values.batch ? count : undefined },
    async open(signal) {
      const [model, coder] = await Promise.all([loadModel(values.model), loadSparseCoder(values.coder)]);
      const cache = await cacheLatents({ model, coder }, values.corpus, { maxTokens, signal });
      const latents = cache.sample(count, { seed });
      const examples = await withSources(line.examples, {
        cache,
        latents,
        subject: { model, coder },
        signal,
      });
      const close = async () => void (await Promise.all([model.close(), coder.close()]));
      if (!examples.subject && !examples.coder) await close();
      return { cache, latents, examples, close };
    },
  };
}

interface HowOptions {
  seed: number;
  name: string | undefined;
  negatives: Negatives | undefined;
}

function how(llm: TextModel, { seed, name, negatives }: HowOptions) {
  const { explainer, scorers, examples } =
    name === undefined
      ? {
          explainer: topActivations(llm),
          scorers: [detection(llm, { seed }), fuzzing(llm, { seed })],
          examples: { seed },
        }
      : preset(name as PresetName, llm, { seed });
  return { explainer, scorers, examples: { ...examples, ...(negatives && { negatives }) } };
}

type Negatives = NonNullable<EditedExamplesOptions["negatives"]>;

interface SourcesOptions {
  cache: LatentCache;
  latents: readonly Latent[];
  subject: Subject;
  signal: AbortSignal;
}

/** With the model, the coder and the embedding that kinds of silent windows are found by, where these are asked for. */
async function withSources(
  examples: EditedExamplesOptions,
  { cache, latents, subject, signal }: SourcesOptions,
): Promise<EditedExamplesOptions> {
  const { negatives = [], windowLength } = examples;
  const wants = (...kinds: readonly Negatives[number][]) => kinds.some((kind) => negatives.includes(kind));
  return {
    ...examples,
    ...(wants("minimal-edit") && { subject }),
    ...(wants("encoder-neighbour", "decoder-neighbour") && { coder: subject.coder }),
    ...(wants("embedding-neighbour") && {
      embedded: await embedWindows(cache, { latents, windowLength, signal }),
    }),
  };
}

/** The model of a name, and how it is to be asked. */
type ModelOf = (name: string, how: HowAsked) => TextModel;

interface HowAsked {
  readonly roomToThink: number | undefined;
  readonly batch: boolean;
  readonly ledger: string;
}

/** Replies that cost money are kept, so that none is paid for twice. */
function keptModel(name: string, { roomToThink, batch, ledger }: HowAsked): TextModel {
  if (batch && !/^claude(-|$)/.test(name)) {
    throw new SyntaxError(
      `Cannot send calls to "${name}" in batches: only Claude takes them; leave --batch out`,
    );
  }
  // Live or in batches, Claude is not given room to think: the name's reader says so.
  if (batch && roomToThink === undefined) {
    return claudeBatches(ledger, name === "claude" ? {} : { model: name });
  }
  const model = modelFromName(name, { roomToThink });
  return name === "pattern" || name.startsWith("replay:") ? model : withLedger(model, ledger);
}

/** A model by its name, also where there is no key: it can then be planned for, and not asked. */
export function plannedModel(name: string, { roomToThink }: HowAsked): TextModel {
  try {
    return modelFromName(name, { roomToThink });
  } catch (error) {
    if (!isSaelabError(error, "ModelCallError")) throw error;
    const id = name === "claude" ? "claude-haiku-5-5" : name;
    return { name: id, complete: () => Promise.reject(error) };
  }
}

/** `none`, or the share of latents that are judged with another latent's explanation and with none; which null runs. */
function nullOptions(text: string, runs: string | undefined): NullPanelOptions | false {
  if (text === "none") return false;
  const share = Number(text);
  if (text.trim() === "" || !(share >= 0 && share <= 1)) {
    throw new RangeError(`Cannot read --null "${text}": give a share of the latents from 0 to 1, or "none"`);
  }
  return runs === undefined ? { share } : { share, runs: nullRunNames(runs) };
}

function nullRunNames(text: string): NullRunKind[] | false {
  if (text === "none") return false;
  const written = (kind: NullRunKind) => kind.replace(" ", "-");
  return text.split(",").map((name) => {
    const found = nullRunKinds.find((kind) => written(kind) === name);
    if (found) return found;
    throw new RangeError(
      `Cannot read --null-runs "${text}": give some of ${nullRunKinds.map(written).join(",")}, or "none"`,
    );
  });
}

function negativeNames(text: string): Negatives {
  const kinds = [...negativeKinds, "minimal-edit"] as const;
  return text.split(",").map((name) => {
    const found = kinds.find((kind) => kind === name);
    if (found) return found;
    throw new RangeError(`Cannot read --negatives "${text}": give some of ${kinds.join(",")}`);
  });
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new RangeError(`Cannot read --${option} "${text}": give a whole number`);
  return Number(text);
}
