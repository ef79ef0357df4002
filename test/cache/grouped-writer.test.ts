import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { GroupedRows } from "../../src/cache/grouped-rows.js";
import { GroupedWriter } from "../../src/cache/grouped-writer.js";
import { seededRandom } from "../../src/random.js";

const root = mkdtempSync(join(tmpdir(), "saelab-grouped-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Latents of so many rows each; gaps of positions between 1 and 40. */
function someRows(counts: readonly number[]): GroupedRows {
  const { integer, random } = seededRandom(counts.join());
  const offsets = Uint32Array.from([0, ...counts]);
  for (let i = 1; i < offsets.length; i++) (offsets[i] as number) += offsets[i - 1] as number;
  const positions = counts.flatMap((count) => {
    let position = -1;
    return Array.from({ length: count }, () => (position += 1 + integer(40)));
  });
  return {
    offsets,
    positions: Uint32Array.from(positions),
    activations: Float32Array.from(positions, () => 0.1 + random()),
  };
}

/** The part of one latent's rows. */
function part({ positions, activations }: GroupedRows, from: number, to: number): GroupedRows {
  return {
    offsets: Uint32Array.of(0, to - from),
    positions: positions.slice(from, to),
    activations: activations.slice(from, to),
  };
}

async function written(name: string, write: (writer: GroupedWriter) => Promise<void>) {
  const directory = join(root, name);
  mkdirSync(directory);
  const writer = new GroupedWriter(directory, { dSae: 6, contextLength: 64, precision: "f16" });
  await write(writer);
  const grouped = await writer.close();
  const files = readdirSync(directory).map((file) => [file, readFileSync(join(directory, file), "hex")]);
  return { grouped, files: Object.fromEntries(files) };
}

test("a latent in parts gives the same files as in one, at slices and empty latents too", async () => {
  const before = someRows([3, 0, 5]);
  // More than a slice, so that it is also cut inside.
  const large = someRows([300_001]);
  const after = someRows([0, 2]);
  const whole = await written("whole", async (writer) => {
    for (const rows of [before, large, after]) await writer.add(rows);
  });
  const inParts = await written("parts", async (writer) => {
    await writer.add(before);
    await writer.add(part(large, 0, 0));
    for (const [from, to] of [
      [0, 1],
      [1, 1],
      [1, 270_000],
      [270_000, 300_001],
    ] as const) {
      await writer.add(part(large, from, to), { continues: true });
    }
    await writer.add(after);
  });
  expect(whole.grouped.rows).toBe(300_011);
  expect(inParts).toEqual(whole);
});
