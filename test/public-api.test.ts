import { describe, expect, it } from "vitest";
import * as saelab from "../src/index.js";

describe("saelab", () => {
  it("has this public surface, and no more", () => {
    expect(Object.keys(saelab).sort()).toMatchInlineSnapshot();
  });
});
