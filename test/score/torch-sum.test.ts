import { expect, test } from "vitest";
import { torchRandint } from "../../src/examples/mersenne-twister.js";
import { torchSum } from "../../src/score/torch-sum.js";

// import torch
// for n in (1, 5, 7, 8, 20, 33, 100, 1000, 5000, 32767):
//     torch.manual_seed(n)
//     print([n, (torch.randint(0, 5000, (n,)).float() / 7).sum().item()])
test.each([
  [1, 120.71428680419922],
  [5, 1411.857177734375],
  [7, 2061.571533203125],
  [8, 2142.142822265625],
  [20, 6768.7138671875],
  [33, 11554.142578125],
  [100, 35021.7109375],
  [1000, 357961.875],
  [5000, 1754181.5],
  [32767, 11696516],
])("torchSum() of %i numbers is PyTorch's to the last bit", (count, sum) => {
  const numbers = torchRandint(5000, { count, seed: count });
  expect(torchSum(Float32Array.from(numbers, (number) => number / 7))).toBe(sum);
});
