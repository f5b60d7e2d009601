"""What happens to images on their way through a net: against scikit-learn, NumPy and plain loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from playground.datasets import load
from playground.experiment import Experiment
from playground.networks import IMAGE_NETWORKS
from playground.training.image_depth import depth_views, feature_maps, pictures, states_of
from playground.training.trainer import make_net

N_TRAIN, N_VALIDATION = 120, 60


def small(name: str, scheme: str = "euler", **options: Any) -> Experiment:
    if "resnet" in name:
        options = {"size": "small", "width": 4, "blocks": 2, **options}
    return Experiment.model_validate(
        {
            "data": "digits",
            "n_train": N_TRAIN,
            "n_validation": N_VALIDATION,
            "network": {"name": name, "options": options},
            "scheme": scheme,
        }
    )


def weights_of(made: Experiment) -> dict[str, torch.Tensor]:
    """Weights whose normalisations are not at their start, as after some training."""
    net = make_net(made)
    generator = torch.Generator().manual_seed(7)
    for key, value in net.state_dict().items():
        if key.endswith("running_var"):
            value.uniform_(0.5, 2, generator=generator)
        elif key.endswith("running_mean"):
            value.normal_(0, 0.1, generator=generator)
    return net.state_dict()


def by_hand(made: Experiment) -> tuple[list[np.ndarray], list[np.ndarray], np.ndarray, np.ndarray]:
    """Features of validation and training images at every depth, one image at a time."""
    net = make_net(made)
    net.load_state_dict(weights_of(made))
    net.eval()
    split = load("digits", n_train=N_TRAIN, n_validation=N_VALIDATION, seed=1)
    sets = []
    with torch.no_grad():
        for part in (split.x_validation, split.x_train):
            alone = [net.states(net.lift(net.inputs(x[None]))) for x in torch.as_tensor(part)]
            sets.append([torch.cat(each).double().numpy() for each in zip(*alone)])
    return sets[0], sets[1], split.y_validation, split.y_train


def ridge_accuracy(train: np.ndarray, y_train: np.ndarray, own: np.ndarray, y: np.ndarray) -> float:
    """Least squares on one-hot ±1 targets with a penalty of 1, by the normal equations."""
    mean, std = train.mean(axis=0), train.std(axis=0)
    std[std == 0] = 1
    a, b = (train - mean) / std, (own - mean) / std
    targets = 2.0 * (y_train[:, None] == np.arange(10)) - 1
    offset = targets.mean(axis=0)
    beta = np.linalg.solve(a.T @ a + np.eye(a.shape[1]), a.T @ (targets - offset))
    return float(((b @ beta + offset).argmax(axis=1) == y).mean())


def test_changes_are_relative_norms_between_equal_shapes() -> None:
    made = small("preact_resnet")
    views = depth_views(made, weights_of(made))
    states, _, _, _ = by_hand(made)
    assert views.shapes == tuple(state.shape[1:] for state in states)
    assert views.names == ("start", *(f"block {i}" for i in range(1, 7)))
    for found, a, b in zip(views.changes, states, states[1:]):
        if a.shape != b.shape:
            assert np.isnan(found).all()
            continue
        axes = (1, 2, 3)
        relative = np.sqrt(((b - a) ** 2).sum(axis=axes) / (a**2).sum(axis=axes))
        np.testing.assert_allclose(found, np.percentile(relative, [25, 50, 75]), rtol=1e-4)
    assert int(np.isnan(views.changes[:, 1]).sum()) == 2


@pytest.mark.parametrize("probe", ["head", "all"])
def test_probes_are_ridge_classifiers(probe: str) -> None:
    made = small("preact_resnet")
    views = depth_views(made, weights_of(made), probe)
    own, train, y, y_train = by_hand(made)
    assert views.averaged == (probe == "head")
    assert views.probed == (N_TRAIN, N_VALIDATION)
    for depth, (a, b) in enumerate(zip(train, own)):
        a, b = (s.mean(axis=(2, 3)) if probe == "head" else s.reshape(len(s), -1) for s in (a, b))
        expected = ridge_accuracy(a, y_train, b, y)
        assert views.probes[depth, 1] == pytest.approx(expected, abs=1.01 / N_VALIDATION)
        expected = ridge_accuracy(a, y_train, a, y_train)
        assert views.probes[depth, 0] == pytest.approx(expected, abs=1.01 / N_TRAIN)


def test_directions_are_principal_components_of_all_depths_of_a_stage() -> None:
    made = small("preact_resnet")
    views = depth_views(made, weights_of(made))
    states, _, y, _ = by_hand(made)
    assert [stage.depths for stage in views.stages] == [(0, 1, 2), (3, 4), (5, 6)]
    for stage in views.stages:
        rows = np.concatenate([states[d].reshape(N_VALIDATION, -1) for d in stage.depths])
        pca = PCA(2).fit(rows)
        found = stage.points.reshape(-1, 2)
        np.testing.assert_allclose(
            np.abs(found), np.abs(pca.transform(rows)), rtol=1e-3, atol=1e-4 * np.abs(found).max()
        )
        np.testing.assert_allclose(stage.shares, pca.explained_variance_ratio_, rtol=1e-4)
    np.testing.assert_array_equal(views.labels, y)


def test_a_flow_has_one_stage_and_its_times() -> None:
    made = small("conv_ode", "rk4", channels=2, filters=4, depth=4, horizon=2.0)
    views = depth_views(made, weights_of(made))
    assert views.names == ("t = 0", "t = 0.5", "t = 1", "t = 1.5", "t = 2")
    assert [stage.depths for stage in views.stages] == [(0, 1, 2, 3, 4)]
    assert np.isfinite(views.changes).all()
    assert not views.averaged  # its head reads all values


def test_accuracy_is_the_nets_own() -> None:
    made = small("mixer", width=8, depth=1)
    views = depth_views(made, weights_of(made))
    split = load("digits", n_train=N_TRAIN, n_validation=N_VALIDATION, seed=1)
    with torch.no_grad():
        guesses = make_net(made).eval()(torch.as_tensor(split.x_validation)).argmax(dim=1)
    assert views.accuracy == pytest.approx(float((guesses.numpy() == split.y_validation).mean()))


NETS = {
    **{name: {} for name in IMAGE_NETWORKS},
    "standard_net": {"width": 64, "depth": 3},
    "rk_net": {"width": 81, "depth": 3},
    "mlp": {},
    "neural_ode": {"width": 64, "depth": 3},
}


@pytest.mark.parametrize("name", NETS)
def test_every_net_is_looked_into(name: str) -> None:
    made = small(name, **NETS[name])
    weights = weights_of(made)
    views = depth_views(made, weights)
    maps = feature_maps(made, weights, 5)
    depths = len(views.names)
    assert depths == len(views.times) == len(views.probes) == len(views.changes) + 1
    assert len(maps.maps) == depths == len(maps.names)
    split = load("digits", n_train=N_TRAIN, n_validation=N_VALIDATION, seed=1)
    np.testing.assert_allclose(maps.image.ravel(), split.x_validation[5], atol=1e-6)
    assert maps.truth == split.y_validation[5]
    assert maps.probabilities.sum() == pytest.approx(1)
    net = make_net(made)
    net.load_state_dict(weights)
    for found, state in zip(
        maps.maps, states_of(net.eval(), torch.as_tensor(split.x_validation[5:6]))
    ):
        assert found.ndim == 3
        assert sorted(found.ravel()) == pytest.approx(sorted(state.ravel().tolist()), abs=1e-5)


def test_pictures_keep_their_places() -> None:
    positions = torch.arange(12.0).reshape(4, 3)  # four patches of three components
    np.testing.assert_array_equal(pictures(positions)[1], [[1, 4], [7, 10]])
    assert pictures(torch.zeros(5, 3)).shape == (1, 5, 3)
    assert pictures(torch.zeros(9)).shape == (1, 3, 3)
    assert pictures(torch.zeros(10)).shape == (1, 1, 10)


def test_an_image_beyond_the_set_is_refused() -> None:
    made = small("mlp")
    with pytest.raises(ValueError, match=r"index: 60 is not legal.*0 to 59"):
        feature_maps(made, weights_of(made), 60)


def test_a_deep_net_is_probed_at_some_depths_from_end_to_end() -> None:
    made = small("rk_net", width=64, depth=60)
    views = depth_views(made, weights_of(made))
    known = np.flatnonzero(np.isfinite(views.probes[:, 1]))
    assert len(known) == 26
    assert (known[0], known[-1]) == (0, 60)
    assert np.diff(known).max() <= 3
