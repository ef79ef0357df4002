import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { memorySource } from "../../src/formats/byte-source.js";
import { openSafetensors } from "../../src/formats/safetensors.js";
import type { TensorFile } from "../../src/formats/tensor-file.js";
import { loadTokenizer } from "../../src/model/load-tokenizer.js";
import { openOnnxModel } from "../../src/model/onnx/onnx-model.js";
import type { SubjectModel } from "../../src/model/subject-model.js";
import { packageRoot } from "../../src/package-root.js";
import type { Tensor } from "../../src/tensor.js";

/** Where `exports.py` has put its files: a selection lies beside it. */
export const exportsFolder = process.env.SAELAB_EXPORTS ?? join(import.meta.dirname, "exports");
export const exportsEnding = ".safetensors.br";

/** What `exports.py` has written of a family. */
export async function exportsOf(family: string): Promise<TensorFile> {
  const packed = await readFile(join(exportsFolder, family + exportsEnding));
  return await openSafetensors(memorySource(new Uint8Array(brotliDecompressSync(packed)), family));
}

/** The bytes of an ONNX file of a family. */
export async function exportedModel(file: TensorFile, way: string): Promise<Uint8Array> {
  return ((await file.read(`onnx/${way}`)) as Tensor<Uint8Array>).data;
}

/** A model of a family, written to a folder and opened. */
export async function openExport(file: TensorFile, way: string, folder: string): Promise<SubjectModel> {
  const path = join(folder, `${file.name}-${way}.onnx`);
  await writeFile(path, await exportedModel(file, way));
  const tokenizer = await loadTokenizer(join(packageRoot(), "demo", "model"));
  return await openOnnxModel(path, { name: file.name, tokenizer, contextLength: 32, vocabSize: 64 });
}
