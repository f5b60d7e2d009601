"""Small models and points on which attacks are tried."""

import functools

import torch
from sklearn.datasets import load_digits
from torch import nn

from playground.datasets import make


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def images(n=24, dtype=torch.float32, size=5):
    """Return random images in [0, 1], some values on the border, and random classes."""
    x = torch.rand(n, 1, size, size, generator=seeded(1), dtype=torch.float64)
    x[: n // 3] = x[: n // 3].round()
    return x.to(dtype), torch.randint(0, 4, (n,), generator=seeded(2))


def convolutions(dtype=torch.float32, seed=0):
    """Return a small net with batch normalisation and dropout, four classes."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = nn.Sequential(
            nn.Conv2d(1, 6, 3),
            nn.BatchNorm2d(6),
            nn.Tanh(),
            nn.Dropout(0.5),
            nn.Flatten(),
            nn.Linear(54, 4),
        )
        net[1].running_mean.normal_()
        net[1].running_var.uniform_(0.5, 2)
    return net.to(dtype)


def _trained(x, y, n_classes, seed, steps):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = nn.Sequential(nn.Linear(x.shape[1], 32), nn.Tanh(), nn.Linear(32, n_classes))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()
    return net.eval()


@functools.cache
def moons():
    """Return the test points of two moons, and two nets trained on others."""
    x, y = make("moons", 700, noise=0.1, random_state=0)
    x, y = torch.as_tensor(x), torch.as_tensor(y)
    nets = [_trained(x[:400], y[:400], 2, seed, 200) for seed in (0, 1)]
    return x[400:], y[400:], *nets


@functools.cache
def digits():
    """Return the test digits ``(n, 64)`` in [0, 1], and two nets trained on others."""
    data = load_digits()
    x = torch.tensor(data.data / 16, dtype=torch.float32)
    y = torch.tensor(data.target)
    nets = [_trained(x[:1200], y[:1200], 10, seed, 150) for seed in (0, 1)]
    return x[1200:1500], y[1200:1500], *nets
