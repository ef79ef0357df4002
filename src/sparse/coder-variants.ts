/** What a file can be wrong about, or be read wrongly: other readings of the same weights. */
import { sizeOf, type Tensor, tensor } from "../tensor.js";
import { type CoderWeights, transpose } from "./coder-weights.js";
import type { InputNorm } from "./input-norm.js";
import { scaled } from "./linear-weights.js";

/** One reading of a coder's weights. */
export interface CoderReading {
  readonly hookpoint: string;
  readonly hookpointOut: string;
  /** Which of the two matrices are taken the other way round; only square ones can be. */
  readonly transposed: "neither" | "encoder" | "decoder" | "both";
  readonly subtractsDecoderBias: boolean;
  /** `meanLength` scales all inputs by one factor, to a mean length of √d. */
  readonly inputNorm: "none" | "meanLength" | InputNorm;
  /** Exceeded (`>`), or reached too (`≥`); taken for logarithms; not applied. */
  readonly thresholds: "above" | "atOrAbove" | "logarithms" | "none";
}

/** The reading that the files ask for. */
export function declaredReading(weights: CoderWeights): CoderReading {
  return {
    hookpoint: weights.hookpoint,
    hookpointOut: weights.hookpointOut,
    transposed: "neither",
    subtractsDecoderBias: weights.subtractsDecoderBias,
    inputNorm: weights.inputNorm ?? "none",
    thresholds: "above",
  };
}

/** Readings that differ from this one in one respect. */
export function otherReadings(
  reading: CoderReading,
  weights: CoderWeights,
  activations: ReadonlyMap<string, Tensor>,
): CoderReading[] {
  const width = (name: string) => activations.get(name)?.shape.at(-1);
  const [dModel, dOut] = [weights.encoder.shape[1], weights.decoder.shape[1]];
  const places = [...activations.keys()];
  const fitting = places.filter((name) => width(name) === dModel);
  const others: CoderReading[] =
    reading.hookpoint === reading.hookpointOut
      ? fitting.map((name) => ({ ...reading, hookpoint: name, hookpointOut: name }))
      : [
          ...fitting.map((hookpoint) => ({ ...reading, hookpoint })),
          ...places
            .filter((name) => width(name) === dOut)
            .map((hookpointOut) => ({ ...reading, hookpointOut })),
        ];
  others.push(...transpositions(weights).map((transposed) => ({ ...reading, transposed })));
  if (dModel === dOut) {
    others.push({ ...reading, subtractsDecoderBias: !reading.subtractsDecoderBias });
  }
  for (const inputNorm of ["none", "meanLength", "layerNorm", "constantNorm"] as const) {
    others.push({ ...reading, inputNorm });
  }
  if (weights.activation.kind === "threshold" && weights.activation.thresholds.some((theta) => theta !== 0)) {
    for (const thresholds of ["above", "atOrAbove", "logarithms", "none"] as const) {
      others.push({ ...reading, thresholds });
    }
  }
  return others;
}

/** Which of the matrices can be the other way round: square ones. */
function transpositions({ encoder, decoder }: CoderWeights): CoderReading["transposed"][] {
  const [encoderIsSquare, decoderIsSquare] = [encoder, decoder].map(({ shape: [a, b] }) => a === b);
  const turned: CoderReading["transposed"][] = ["neither"];
  if (encoderIsSquare) turned.push("encoder");
  if (decoderIsSquare) turned.push("decoder");
  if (encoderIsSquare && decoderIsSquare) turned.push("both");
  return turned;
}

/** The weights as a reading takes them; `input` tells the mean length. */
export function readAs(weights: CoderWeights, reading: CoderReading, input: Tensor): CoderWeights {
  const { transposed, inputNorm } = reading;
  const turns = (name: "encoder" | "decoder") => transposed === name || transposed === "both";
  const factor = inputNorm === "meanLength" ? Math.sqrt(input.shape[1]) / meanLength(input) : 1;
  return {
    ...weights,
    hookpoint: reading.hookpoint,
    hookpointOut: reading.hookpointOut,
    subtractsDecoderBias: reading.subtractsDecoderBias,
    activation: activationAs(weights.activation, reading.thresholds),
    inputNorm: inputNorm === "none" || inputNorm === "meanLength" ? undefined : inputNorm,
    encoder: scaled(turns("encoder") ? transpose(weights.encoder) : weights.encoder, factor),
    decoder: scaled(turns("decoder") ? transpose(weights.decoder) : weights.decoder, 1 / factor),
    decoderBias: weights.decoderBias.map((bias) => bias / factor),
  };
}

function activationAs(
  activation: CoderWeights["activation"],
  how: CoderReading["thresholds"],
): CoderWeights["activation"] {
  if (activation.kind !== "threshold" || how === "above") return activation;
  const change: Record<typeof how, (theta: number) => number> = {
    // The next smaller float32, nearly.
    atOrAbove: (theta) => theta - Math.abs(theta) * 2 ** -23,
    logarithms: Math.exp,
    none: () => 0,
  };
  return { ...activation, thresholds: activation.thresholds.map(change[how]) };
}

function meanLength(input: Tensor): number {
  const [rows, width] = input.shape;
  let total = 0;
  for (let start = 0; start < sizeOf(input.shape); start += width) {
    total += Math.hypot(...input.data.subarray(start, start + width));
  }
  return total / rows;
}

/**
 * Rows of several tensors, the same of each: at most `count`, spread evenly, without positions that
 * are more than ten times as long as is usual at the first hookpoint, such as the first of each
 * context in many models. They would outweigh all others.
 */
export function sampleRows(
  activations: ReadonlyMap<string, Tensor>,
  { first, count }: { first: string; count: number },
): { sampled: Map<string, Tensor>; left: number } {
  const flat = new Map([...activations].map(([name, t]) => [name, flatten(t)]));
  const { data, shape } = flat.get(first) as Tensor;
  const lengths = Array.from({ length: shape[0] }, (_, i) =>
    Math.hypot(...data.subarray(i * shape[1], (i + 1) * shape[1])),
  );
  const usual = [...lengths].sort((a, b) => a - b)[Math.floor(lengths.length / 2)] ?? 0;
  const fine = lengths.flatMap((length, i) => (length <= 10 * usual ? [i] : []));
  const step = Math.max(1, fine.length / count);
  const chosen = Array.from({ length: Math.min(count, fine.length) }, (_, i) => fine[Math.floor(i * step)]);
  const sampled = new Map(
    [...flat].map(([name, t]) => {
      const width = t.shape[1];
      const out = new Float32Array(chosen.length * width);
      chosen.forEach((row, i) => {
        out.set(t.data.subarray(row * width, (row + 1) * width), i * width);
      });
      return [name, tensor(out, [chosen.length, width])] as const;
    }),
  );
  return { sampled, left: lengths.length - fine.length };
}

function flatten({ data, shape }: Tensor): Tensor {
  const width = shape.at(-1) as number;
  return tensor(data, [data.length / width, width]);
}
