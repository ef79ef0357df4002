import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { continuation } from "../../../src/llm/local/continuation.js";
import { loadTokenizer } from "../../../src/model/load-tokenizer.js";
import { packageRoot } from "../../../src/package-root.js";
import { hasRealData, needsRealData, realData } from "../../shared-data.js";

async function keepsText(folder: string): Promise<void> {
  const tokenizer = await loadTokenizer(folder);
  const text = fc.string({ unit: fc.constantFrom(..." \n\tab1é“猫.,"), maxLength: 12 });
  fc.assert(
    fc.property(text, (whole) => {
      const { ids, pieces } = continuation(tokenizer, whole);
      expect(pieces.join("")).toBe(whole);
      expect(pieces.length).toBe(ids.length);
    }),
  );
}

describe("continuation()", () => {
  it("keeps the text, byte-level", () => keepsText(join(packageRoot(), "demo", "model")));

  it.skipIf(!hasRealData)(`keeps the text, SentencePiece ${needsRealData}`, () =>
    keepsText(realData("stories260k")),
  );
});
