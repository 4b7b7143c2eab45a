"""torch_mlp.py - the training step of models/bench_mlp.nn in PyTorch: 784-512-256-10, ReLU, softmax
cross-entropy, Adam, batch 128, data in memory, one thread.  Prints samples/s, the median of 7 blocks.

    torch_mlp.py eager|fused [seconds]
"""
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
import torch  # noqa: E402
import torch.nn as nn  # noqa: E402
import torch.nn.functional as F  # noqa: E402

torch.set_num_threads(1)
torch.manual_seed(1234)
variant = sys.argv[1] if len(sys.argv) > 1 else "eager"
seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 2.5
batch = 128
net = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(),
                    nn.Linear(256, 10))
opt = torch.optim.Adam(net.parameters(), lr=1e-3, **({"fused": True} if variant == "fused" else {}))
data = [(torch.rand(batch, 784), torch.randint(0, 10, (batch,))) for _ in range(16)]


def step(i):
    x, y = data[i % len(data)]
    opt.zero_grad(set_to_none=True)
    F.cross_entropy(net(x), y).backward()
    opt.step()


t = time.perf_counter()
n = 0
while n < 5 or time.perf_counter() - t < 0.7:
    step(n)
    n += 1
t = time.perf_counter()
step(0), step(1)
k = max(1, int(seconds / 7 / ((time.perf_counter() - t) / 2)))
rates = []
for _ in range(7):
    t = time.perf_counter()
    for j in range(k):
        step(j)
    rates.append(k * batch / (time.perf_counter() - t))
print(f"torch-{variant} {sorted(rates)[3]:.0f} samples/s")
