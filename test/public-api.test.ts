import { describe, expect, it } from "vitest";
import * as saelab from "../src/index.js";

describe("saelab", () => {
  it("has this public surface, and no more", () => {
    expect(Object.keys(saelab).sort()).toMatchInlineSnapshot(`
      [
        "FileError",
        "HookpointError",
        "LatentCache",
        "ModelCallError",
        "ReplyError",
        "accuracyByQuantile",
        "cacheLatents",
        "chartSvg",
        "claude",
        "detection",
        "editLatents",
        "fuzzing",
        "heatmap",
        "identityCoder",
        "interpret",
        "intervene",
        "isSaelabError",
        "latentName",
        "loadModel",
        "loadSparseCoder",
        "localEmbedder",
        "localTokenScorer",
        "neuronCoder",
        "openDelphiCache",
        "parseLatent",
        "pattern",
        "randomCoder",
        "report",
        "reportHtml",
        "sampleExamples",
        "scoreHistogram",
        "seededRandom",
        "tensor",
        "topActivations",
        "withLedger",
        "writeDelphiCache",
        "writeReportHtml",
      ]
    `);
  });
});
