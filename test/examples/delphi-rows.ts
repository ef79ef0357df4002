import { readdirSync } from "node:fs";
import type { LatentActivations } from "../../src/cache/latent-cache.js";
import { memorySource } from "../../src/formats/byte-source.js";
import { readFileBytes } from "../../src/formats/file-source.js";
import { openSafetensors } from "../../src/formats/safetensors.js";
import { realData } from "../shared-data.js";

/** Where latents fire, of delphi's own cache. */
export async function readDelphiRows(wanted: ReadonlySet<number>): Promise<Map<number, LatentActivations>> {
  const found = new Map<number, [position: number, activation: number][]>();
  const folder = realData("delphi", "latents", "layers.2");
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".safetensors"))) {
    const file = await openSafetensors(memorySource(await readFileBytes(`${folder}/${name}`)));
    const { data: locations } = await file.read("locations");
    const { data: activations } = await file.float32("activations");
    const first = Number(name.split("_")[0]);
    activations.forEach((activation, i) => {
      const latent = first + Number(locations[3 * i + 2]);
      if (!wanted.has(latent)) return;
      const pairs = found.get(latent) ?? [];
      pairs.push([128 * Number(locations[3 * i]) + Number(locations[3 * i + 1]), activation]);
      found.set(latent, pairs);
    });
  }
  return new Map(
    [...found].map(([latent, pairs]) => [
      latent,
      {
        positions: Uint32Array.from(pairs, ([position]) => position),
        activations: Float32Array.from(pairs, ([, activation]) => activation),
      },
    ]),
  );
}
