"""What is shown of a net on images: against scikit-learn's metrics and its principal components."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support

from playground.analysis.views import predict
from playground.datasets import load
from playground.experiment import Experiment
from playground.networks import IMAGE_NETWORKS
from playground.training import events as e
from playground.training import train
from playground.training.checkpoints import unpack_weights
from playground.training.image_views import image_views, parameters_of
from playground.training.trainer import make_net


def small(name: str = "preact_resnet", **changes: object) -> Experiment:
    tree = {
        "data": "digits",
        "n_train": 300,
        "n_validation": 150,
        "epochs": 4,
        "batch_size": 32,
        "network": name,
        "scheme": "euler",
        "optimizer": {"name": "adam", "options": {"learning_rate": 0.003}},
    }
    if "resnet" in name:
        tree["network"] = {"name": name, "options": {"size": "small", "width": 8, "blocks": 2}}
    return Experiment.model_validate({**tree, **changes})


def trained(made: Experiment) -> dict[str, torch.Tensor]:
    kept = [event for event in train(made) if isinstance(event, e.Snapshot)]
    return unpack_weights(kept[-1].weights)


def test_figures_are_those_of_scikit_learn() -> None:
    made = small()
    weights = trained(made)
    views = image_views(made, weights)
    split = load("digits", n_train=300, n_validation=150, seed=1)
    net = make_net(made).eval()
    net.load_state_dict(weights)
    outputs = predict(net, torch.as_tensor(split.x_validation))
    y, guesses = split.y_validation, outputs.argmax(dim=1).numpy()
    np.testing.assert_array_equal(views.confusion, confusion_matrix(y, guesses, labels=range(10)))
    theirs = precision_recall_fscore_support(y, guesses, labels=range(10), zero_division=0)
    np.testing.assert_allclose(views.scores, np.stack(theirs[:3], axis=1), atol=1e-12)
    probabilities = outputs.double().softmax(dim=1).numpy()
    assert views.loss == pytest.approx(log_loss(y, probabilities, labels=range(10)), rel=1e-5)
    assert views.accuracy == pytest.approx(float((guesses == y).mean()))


def test_features_are_drawn_in_their_principal_components() -> None:
    made = small()
    weights = trained(made)
    views = image_views(made, weights)
    net = make_net(made).eval()
    net.load_state_dict(weights)
    split = load("digits", n_train=300, n_validation=150, seed=1)
    with torch.no_grad():
        x = torch.as_tensor(split.x_validation)
        last = net.final(net.lift(net.inputs(x))).flatten(1).double().numpy()
    pca = PCA(2).fit(last)
    found = pca.transform(last)
    np.testing.assert_allclose(np.abs(views.points), np.abs(found), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(views.shares, pca.explained_variance_ratio_, rtol=1e-6)


def test_wrong_ones_come_first_the_surest_in_front() -> None:
    views = image_views(small(), trained(small()))
    wrong = views.truths != views.guesses
    count = int(wrong.sum())
    assert 0 < count < len(wrong)
    assert wrong[:count].all()
    assert (np.diff(views.sureness[:count]) <= 0).all()
    assert views.images.shape == (40, 8, 8)
    assert 0 <= views.images.min() <= views.images.max() <= 1


@pytest.mark.parametrize("name", IMAGE_NETWORKS)
def test_every_net_on_images_has_views_and_a_count(name: str) -> None:
    made = small(name, epochs=1, n_train=40, n_validation=30)
    views = image_views(made, trained(made))
    assert views.confusion.sum() == 30
    net = make_net(made)
    assert parameters_of(made) == sum(p.numel() for p in net.parameters() if p.requires_grad)


def test_weights_of_another_net_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        image_views(small(), {"x": torch.zeros(1)})
