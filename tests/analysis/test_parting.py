"""How far clean and attacked features are apart: against loops by hand, on points and on images."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from playground.analysis.parting import parting, way
from playground.networks import build


def net_of(name, n_features=2, **options):
    net = build(name, n_features=n_features, n_classes=3, seed=1, **options)
    return net.double().eval().requires_grad_(False)


def pairs_of(n=7, shape=(2,), gap=0.1):
    generator = torch.Generator().manual_seed(n)
    x = torch.rand(n, *shape, generator=generator, dtype=torch.float64)
    return x, x + gap * torch.randn(n, *shape, generator=generator, dtype=torch.float64)


def by_hand(net, x, steps):
    """Euler's steps of a shared field and its lengths, one point at a time."""
    states, speeds = [], []
    for point in x:
        y = torch.zeros(net.lift(x[:1]).shape[1], dtype=x.dtype)
        y[: len(point)] = point
        row, speed = [y], [float(net.field(0.0, y[None])[0].norm())]
        for _ in range(steps):
            y = y + net.step * net.field(0.0, y[None])[0]
            row.append(y)
            speed.append(float(net.field(0.0, y[None])[0].norm()))
        states.append(torch.stack(row))
        speeds.append(speed)
    return torch.stack(states, 1).numpy(), np.array(speeds).T


def test_a_shared_field_against_steps_by_hand_up_to_twice_the_horizon():
    net = net_of("neural_ode", scheme="euler", width=3, depth=6, horizon=2)
    clean, attacked = pairs_of()
    found = parting(net, clean, attacked, at_once=3)
    ours, speed = by_hand(net, clean, 12)
    theirs, speed_attacked = by_hand(net, attacked, 12)
    gaps = np.sqrt(((ours - theirs) ** 2).sum(axis=2))
    np.testing.assert_allclose(found.distances, gaps, rtol=1e-12)
    np.testing.assert_allclose(found.sizes, np.sqrt((ours**2).sum(axis=2)), rtol=1e-12)
    np.testing.assert_allclose(found.speeds, [speed, speed_attacked], rtol=1e-12)
    np.testing.assert_allclose(found.depths, np.linspace(0, 4, 13))
    assert found.own == 7
    assert found.flows
    np.testing.assert_allclose(found.growth, gaps[6] / gaps[0])
    np.testing.assert_allclose(found.later, gaps[12] / gaps[6])
    np.testing.assert_allclose(found.relative, found.distances / found.sizes)


@pytest.mark.parametrize("scheme", ["rk4", "ab2", "dopri5"])
def test_the_way_beyond_the_horizon_is_that_of_a_net_with_twice_the_horizon(scheme):
    options = {"scheme": scheme, "width": 3, "time_dependent": True}
    short = net_of("neural_ode", depth=8, horizon=1.5, **options)
    long = net_of("neural_ode", depth=16, horizon=3, **options)
    long.load_state_dict(short.state_dict())
    x, _ = pairs_of()
    wanted = long.states(long.lift(x))
    ours = way(short, x)
    assert len(ours) == len(wanted) == 17
    tolerance = 1e-3 if scheme == "dopri5" else 1e-12  # it restarts at the horizon
    torch.testing.assert_close(torch.stack(ours), torch.stack(wanted), atol=tolerance, rtol=0)


def test_without_the_way_beyond_it_is_the_net_itself():
    net = net_of("neural_ode", scheme="rk4", width=3, depth=5)
    found = parting(net, *pairs_of(), beyond=False)
    assert len(found.depths) == found.own == 6
    assert found.later is None


def test_a_layered_net_has_no_way_beyond():
    net = net_of("rk_net", scheme="rk4", width=4, depth=5, horizon=2)
    clean, attacked = pairs_of()
    found = parting(net, clean, attacked)
    gaps = net.trajectory(attacked) - net.trajectory(clean)
    np.testing.assert_allclose(found.distances, gaps.norm(dim=2).numpy(), rtol=1e-12)
    assert (found.speeds, found.later, found.own, found.flows) == (None, None, 6, True)
    np.testing.assert_allclose(found.depths, np.linspace(0, 2, 6))


def test_an_mlp_whose_features_change_their_width():
    net = net_of("mlp", width=5, depth=3)
    clean, attacked = pairs_of()
    found = parting(net, clean, attacked, pairs=[0, 4])
    last = torch.tanh(net.layers[2](torch.tanh(net.layers[1](torch.tanh(net.layers[0](clean))))))
    np.testing.assert_allclose(found.sizes[-1], last.norm(dim=1).numpy(), rtol=1e-12)
    assert not found.uniform
    np.testing.assert_allclose(found.growth, found.relative[-1] / found.relative[0])
    assert found.places == (1, 2, 3)
    assert found.paths.shape == (2, 3, 2, 2)


@pytest.mark.parametrize("name", ["conv_ode", "preact_resnet"])
def test_images(name):
    options = {"depth": 3} if name == "conv_ode" else {}
    net = net_of(name, n_features=(1, 8, 8), scheme="euler", **options)
    clean, attacked = pairs_of(5, (64,), 0.02)
    found = parting(net, clean, attacked, pairs=[1, 2, 3], at_once=2)
    gap = (
        net.states(net.lift(net.inputs(attacked)))[-1] - net.states(net.lift(net.inputs(clean)))[-1]
    )
    wanted = (gap**2).flatten(1).sum(1).sqrt().numpy()
    np.testing.assert_allclose(found.distances[found.own - 1], wanted, rtol=1e-10)
    assert (found.speeds is None) == (name == "preact_resnet")
    assert found.paths.shape == (2, len(found.places), 3, 2)
    assert np.isfinite(found.paths).all()


def test_paths_lie_in_the_main_directions_of_what_the_net_does():
    net = net_of("neural_ode", scheme="rk4", width=5, depth=6, horizon=3)
    clean, attacked = pairs_of()
    found = parting(net, clean, attacked, pairs=[5, 2])
    own = torch.cat([net.trajectory(clean[[5, 2]]), net.trajectory(attacked[[5, 2]])], 1)
    pca = PCA(2).fit(own.flatten(0, 1).numpy())
    np.testing.assert_allclose(found.shares, pca.explained_variance_ratio_, rtol=1e-8)
    wanted = pca.transform(own.flatten(0, 1).numpy()).reshape(7, 2, 2, 2).transpose(1, 0, 2, 3)
    np.testing.assert_allclose(np.abs(found.paths[:, :7]), np.abs(wanted), atol=1e-9)
    assert found.places == tuple(range(13))


def test_two_features_are_drawn_as_they_are():
    net = net_of("neural_ode", scheme="euler", width=2, depth=4)
    clean, attacked = pairs_of()
    found = parting(net, clean, attacked, pairs=[3])
    assert found.shares is None
    np.testing.assert_allclose(found.paths[1, :5, 0], net.trajectory(attacked)[:, 3].numpy())


def test_looking_is_not_counted_and_equal_inputs_have_no_growth():
    net = net_of("neural_ode", scheme="euler", width=3, depth=4)
    net.nfe = 17
    clean, _ = pairs_of()
    found = parting(net, clean, clean.clone())
    assert net.nfe == 17
    assert not found.distances.any()
    assert np.isnan(found.growth).all()
    assert np.isnan(found.later).all()


def test_a_way_that_flies_off_beyond_the_horizon():
    net = net_of("neural_ode", scheme="euler", width=3, depth=40, horizon=40, activation="relu")
    for layer in net.field.layers:
        layer.weight.copy_(3e4 * torch.ones_like(layer.weight))
    found = parting(net, *pairs_of(), pairs=[0])
    assert not np.isfinite(found.distances[-1]).any()
    assert np.isfinite(found.paths[:, 0]).all()


@pytest.mark.parametrize(
    ("clean", "attacked", "pairs", "message"),
    [
        (torch.zeros(3, 2), torch.zeros(2, 2), (), r"attacked: shape \(2, 2\) is not legal"),
        (torch.zeros(0, 2), torch.zeros(0, 2), (), "one pair at least"),
        (torch.zeros(3, 2), torch.zeros(3, 2), (3,), r"pairs: \(3,\) is not legal.* 0 to 2"),
    ],
)
def test_what_makes_no_pairs(clean, attacked, pairs, message):
    with pytest.raises(ValueError, match=message):
        parting(net_of("mlp"), clean.double(), attacked.double(), pairs=pairs)
