"""How PyTorch orders equal values, for the test of src/examples/torch-argsort.ts.

    pip install torch==2.13.0
    python test/examples/torch-argsort.py > test/examples/torch-argsort.json

Each row is of 30 lists, of seeds 0 to 29: their length, how many different numbers are drawn from, and the SHA-256 of their
orders, one after the other, as little-endian words of 32 bits. Of `worst` each is of one list.
"""
import hashlib
import itertools
import json

import torch


def order(values):
    """The same whatever the type of the numbers and the number of threads."""
    orders = []
    for dtype, threads in itertools.product((torch.float16, torch.float32, torch.float64), (1, 2)):
        torch.set_num_threads(threads)
        orders.append(torch.argsort(values.to(dtype), descending=True))
    assert all(torch.equal(orders[0], other) for other in orders)
    assert torch.equal(orders[0], torch.sort(values.half(), descending=True).indices)
    return orders[0].int().numpy().tobytes()


def random(seed, length, distinct):
    torch.manual_seed(seed)
    return torch.randint(0, distinct, (length,))


def worst(length, tie):
    """Musser's sequence on which a median of three is always the second smallest, so that heapsort takes over; with ties."""
    half = length // 2
    numbers = torch.zeros(length, dtype=torch.int64)
    for i in range(1, half + 1):
        if i % 2:
            numbers[i - 1], numbers[i] = i, half + i
        numbers[half + i - 1] = 2 * i
    return -(numbers // tie)


lengths = (1, 2, 15, 16, 17, 18, 31, 32, 33, 48, 64, 100, 200, 333, 500, 700, 1536)
rows = []
for length, distinct in itertools.product(lengths, (2, 10, 100, 1000)):
    orders = b"".join(order(random(seed, length, distinct)) for seed in range(30))
    rows.append([length, distinct, hashlib.sha256(orders).hexdigest()])
killers = [[length, tie, hashlib.sha256(order(worst(length, tie))).hexdigest()]
           for length, tie in itertools.product((64, 200, 1000, 2000), (1, 4, 16))]
print(json.dumps({"torch": torch.__version__, "random": rows, "worst": killers}))
