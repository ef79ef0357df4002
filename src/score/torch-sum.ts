/** Numbers that are added side by side, each for itself. */
const lanes = 8;
/** Sums of such that are kept apart. */
const rows = 4;
const levels = 4;

/**
 * `torch.sum` of single-precision numbers of one dimension on the CPU, to the last bit, of up to 32,767 of them (more are
 * divided between threads): eight lanes and four rows of them are added side by side, in steps that begin anew, so that small
 * numbers are not lost on large ones.
 *
 * @see PyTorch's aten/src/ATen/native/cpu/SumKernel.cpp; Higham 1993, The Accuracy of Floating Point Summation.
 */
export function torchSum(values: Float32Array): number {
  if (values.length < lanes) return laneSum(values);
  const whole = Math.floor(values.length / lanes);
  const laneSums = Array.from({ length: lanes }, (_, lane) =>
    laneSum(Float32Array.from({ length: whole }, (_, i) => values[i * lanes + lane])),
  );
  return addUp([...values.subarray(whole * lanes), ...laneSums]);
}

/** The sum of the numbers of one lane. */
function laneSum(numbers: Float32Array): number {
  const steps = Math.floor(numbers.length / rows);
  const [first, ...others] = Array.from({ length: rows }, (_, row) =>
    cascadeSum(Float32Array.from({ length: steps }, (_, i) => numbers[i * rows + row])),
  );
  return addUp([first, ...numbers.subarray(steps * rows), ...others]);
}

/** Sums of a step of numbers are added up, sums of a step of those, and so on. */
function cascadeSum(numbers: Float32Array): number {
  const power = Math.max(4, Math.floor(Math.ceil(Math.log2(numbers.length)) / levels));
  const sums = new Float32Array(levels);
  numbers.forEach((number, i) => {
    sums[0] += number;
    for (let level = 1; level < levels && (i + 1) % 2 ** (power * level) === 0; level++) {
      sums[level] += sums[level - 1];
      sums[level - 1] = 0;
    }
  });
  return addUp(sums);
}

/** One after the other. */
function addUp(numbers: Iterable<number>): number {
  let sum = 0;
  for (const number of numbers) sum = Math.fround(sum + number);
  return sum;
}
