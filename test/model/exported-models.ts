import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { memorySource } from "../../src/formats/byte-source.js";
import { openSafetensors } from "../../src/formats/safetensors.js";
import type { TensorFile } from "../../src/formats/tensor-file.js";
import type { Tensor } from "../../src/tensor.js";

/** Where `exports.py` has put its files: a selection lies beside it. */
export const exportsFolder = process.env.SAELAB_EXPORTS ?? join(import.meta.dirname, "exports");
export const exportsEnding = ".safetensors.br";

/** What `exports.py` has written of a family: `tokens`, values under `golden/`, ONNX files as bytes under `onnx/`. */
export async function exportsOf(family: string, folder = exportsFolder): Promise<TensorFile> {
  const packed = await readFile(join(folder, family + exportsEnding));
  return await openSafetensors(memorySource(new Uint8Array(brotliDecompressSync(packed)), family));
}

/** An ONNX file of a family. */
export async function exportedModel(family: string, way: string): Promise<Uint8Array> {
  const file = await exportsOf(family);
  return ((await file.read(`onnx/${way}`)) as Tensor<Uint8Array>).data;
}
