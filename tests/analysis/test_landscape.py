"""Planes through weights and the loss over them, against the net itself and closed forms."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from playground.analysis.landscape import (
    CHUNK,
    flat_weights,
    loss_over,
    losses_at,
    plane_through,
)
from playground.networks import build


def made():
    torch.manual_seed(3)
    net = build(
        "rk_net", n_features=2, n_classes=2, scheme="heun2", width=4, depth=3, seed=5
    ).double()
    return net, torch.randn(60, 2, dtype=torch.float64), torch.randint(0, 2, (60,))


def put(net, row):
    """Write a row of weights into the net, one parameter after the other, by hand."""
    row, at = torch.as_tensor(row), 0
    with torch.no_grad():
        for p in net.parameters():
            if p.requires_grad:
                p.copy_(row[at : at + p.numel()].reshape(p.shape))
                at += p.numel()
    assert at == len(row)


def test_the_grid_holds_the_loss_of_the_net_with_those_weights():
    net, x, y = made()
    before = flat_weights(net)
    random = np.random.default_rng(1)
    plane = plane_through(before + 0.3 * random.normal(size=(20, len(before))))
    across, up = np.linspace(-1, 1, 19), np.linspace(-2, 1, 17)  # more points than one chunk takes
    assert len(across) * len(up) > CHUNK
    grid = loss_over(net, cross_entropy, x, y, plane, across, up)
    np.testing.assert_array_equal(flat_weights(net), before)
    for i, j in [(0, 0), (16, 18), (3, 7), (14, 2), (9, 9)]:
        put(net, plane.origin + across[j] * plane.axes[0] + up[i] * plane.axes[1])
        assert grid[i, j] == pytest.approx(cross_entropy(net(x), y).item(), rel=1e-12)


def test_losses_at_recorded_weights_are_those_of_the_net():
    net, x, y = made()
    rows = flat_weights(net) + 0.5 * np.random.default_rng(2).normal(
        size=(5, len(flat_weights(net)))
    )
    found = losses_at(net, cross_entropy, x, y, rows)
    for row, loss in zip(rows, found):
        put(net, row)
        assert loss == pytest.approx(cross_entropy(net(x), y).item(), rel=1e-12)


def test_a_path_in_a_plane_is_kept_whole():
    """An ellipse with half axes 3 and 1: nine tenths of the variance lie along the longer one."""
    t = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    basis = np.linalg.qr(np.random.default_rng(4).normal(size=(30, 2)))[0].T
    weights = 7.0 + 3 * np.cos(t)[:, None] * basis[0] + np.sin(t)[:, None] * basis[1]
    plane = plane_through(weights)
    np.testing.assert_allclose(plane.explained, (0.9, 0.1), rtol=1e-10)
    places = plane.coordinates(weights)
    np.testing.assert_allclose(plane.points(places), weights, atol=1e-12)
    np.testing.assert_allclose(np.abs(places[:, 0]), np.abs(3 * np.cos(t)), atol=1e-12)


def test_the_plane_is_that_of_the_covariance():
    weights = np.random.default_rng(6).normal(size=(50, 8)) * np.arange(1, 9)
    plane = plane_through(weights)
    values, vectors = np.linalg.eigh(np.cov(weights.T))
    np.testing.assert_allclose(plane.explained, values[:-3:-1] / values.sum(), rtol=1e-10)
    for axis, vector in zip(plane.axes, vectors.T[:-3:-1]):
        assert abs(axis @ vector) == pytest.approx(1)
    np.testing.assert_allclose(plane.axes @ plane.axes.T, np.eye(2), atol=1e-12)


@pytest.mark.parametrize("weights", [np.ones((5, 3)), np.full((5, 3), np.nan), np.ones((1, 3))])
def test_what_does_not_move_has_no_plane(weights):
    with pytest.raises(ValueError, match=r"do not move|not finite"):
        plane_through(weights)
