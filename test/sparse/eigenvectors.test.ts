import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/random.js";
import { eigenvectors } from "../../src/sparse/eigenvectors.js";
import { row, tensor } from "../../src/tensor.js";

describe("eigenvectors()", () => {
  it("gives those of a matrix, the largest first, while the event loop goes on", async () => {
    const width = 300;
    const { random } = seededRandom("eigenvectors");
    const numbers = Float32Array.from({ length: width * width }, () => random() - 0.5);
    const symmetric = numbers.map((_, i) => {
      const [r, c] = [Math.floor(i / width), i % width];
      return numbers[Math.min(r, c) * width + Math.max(r, c)];
    });
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const found = await eigenvectors(tensor(symmetric, [width, width]));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
    const values: number[] = [];
    for (let i = 0; i < width; i++) {
      const v = row(found, i);
      const product = Float64Array.from({ length: width }, (_, r) =>
        v.reduce((sum, value, c) => sum + value * symmetric[r * width + c], 0),
      );
      const value = product.reduce((sum, p, r) => sum + p * v[r], 0);
      values.push(value);
      expect(Math.hypot(...v)).toBeCloseTo(1, 5);
      expect(Math.max(...product.map((p, r) => Math.abs(p - value * v[r])))).toBeLessThan(1e-4);
    }
    expect(values).toEqual([...values].sort((a, b) => b - a));
  });
});
