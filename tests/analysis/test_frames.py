"""Frames: the bytes, the recording, and what the views compute."""

import json
import struct

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from playground.analysis.frames import FULL, Frames, stack
from playground.analysis.views import Scene, draw, principal_axes, shown_layers
from playground.datasets import DATASETS, load
from playground.networks import build


def scene_of(name, n=80, features=None):
    entry = DATASETS[name]
    options = entry.options()
    outputs = entry.n_outputs(options)
    split = load(name, n_train=max(n, outputs), n_validation=40, seed=0, options=options)
    return Scene(split, features), split, outputs


def frame_of(name, **options):
    scene, split, outputs = scene_of(name)
    settings_ = {"width": 6, "depth": 5, **options}
    net = build("rk_net", n_features=split.x_train.shape[1], n_classes=outputs, seed=1, **settings_)
    return draw(net, scene, {"step": 3, "epoch": 0.5}), net, scene, split


def test_layout_is_what_the_canvas_reads():
    payload = Frames(
        {"a": 1}, {"x": np.arange(3, dtype=np.uint8), "y": np.ones((2, 2), "<f4")}
    ).pack()
    assert payload[:4] == b"ODEF"
    (length,) = struct.unpack("<I", payload[4:8])
    header = json.loads(payload[8 : 8 + length])
    start = (8 + length + 7) // 8 * 8
    spec = header["arrays"]["y"]
    assert spec == {"dtype": "f4", "shape": [2, 2], "offset": 8}
    assert np.frombuffer(payload, "<f4", 4, start + 8).tolist() == [1.0] * 4


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=5),
        st.tuples(st.sampled_from(["u1", "<i2", "<f4"]), st.lists(st.integers(0, 4), max_size=3)),
        max_size=4,
    )
)
def test_pack_and_unpack(shapes):
    arrays = {name: np.zeros(shape, dtype) for name, (dtype, shape) in shapes.items()}
    again = Frames.unpack(Frames({"m": [1, None]}, arrays).pack())
    assert again.meta == {"m": [1, None]}
    assert again.arrays.keys() == arrays.keys()
    for name, array in arrays.items():
        assert again.arrays[name].dtype == array.dtype
        assert np.array_equal(again.arrays[name], array)


@settings(max_examples=200)
@given(st.binary(max_size=60).map(lambda junk: b"ODEF" + junk))
def test_junk_is_a_value_error(junk):
    try:
        Frames.unpack(junk)
    except ValueError:
        return
    raise AssertionError("junk was taken for frames")


def test_unknown_type_is_named():
    with pytest.raises(ValueError, match="wide"):
        Frames({}, {"wide": np.zeros(2)}).pack()


@pytest.mark.parametrize("name", DATASETS)
def test_every_data_set_is_drawn(name):
    frame, _, scene, split = frame_of(name, lift="random")
    payload = frame.pack()  # strict JSON: a NaN in the meta would raise
    again = Frames.unpack(payload)
    rows = 100 if split.x_train.shape[1] > 1 else 1
    assert again.arrays["grid"].shape == (1, rows, 100)
    assert again.arrays["paths"].shape == (1, 6, len(split.x_train), 3)
    assert again.arrays["warp"].shape[1] == 6
    assert len(again.meta["times"]) == len(again.meta["layers"]) == 6
    assert ("confidence" in again.arrays) == (split.task == "classification")
    x0, x1, *_ = scene.extent
    assert (again.arrays["points"][:, 0] >= x0).all()
    assert (again.arrays["points"][:, 0] <= x1).all()


def test_boundary_is_the_nets_own_prediction():
    frame, net, scene, _ = frame_of("spiral")
    x0, x1, y0, y1 = scene.extent
    for row, column in ((0, 0), (0, 99), (99, 0), (40, 70)):
        x = x0 + (x1 - x0) * column / 99
        y = y1 - (y1 - y0) * row / 99  # the top row is the largest y
        probability = torch.softmax(net(torch.tensor([[x, y]], dtype=torch.float32)), 1)[0]
        assert frame.arrays["grid"][0, row, column] == int(probability.argmax())
        assert frame.arrays["confidence"][0, row, column] == pytest.approx(
            255 * float(probability.max()), abs=0.6
        )


def test_paths_are_the_features_in_one_principal_basis():
    frame, net, _, split = frame_of("spiral")
    states = net.trajectory(torch.as_tensor(split.x_train)).detach().numpy()
    flat = states.reshape(-1, states.shape[-1])
    reference = PCA(3).fit(flat)
    scale, centre = frame.arrays["path_scale"][0], frame.arrays["path_centre"][0]
    seen = frame.arrays["paths"][0] / FULL * scale + centre
    expected = reference.transform(flat).reshape(*states.shape[:2], 3)
    for axis in range(3):
        difference = min(
            np.abs(seen[..., axis] - sign * expected[..., axis]).max() for sign in (1, -1)
        )
        assert difference < 2e-3 * scale
    assert frame.meta["explained"] == pytest.approx(reference.explained_variance_ratio_, abs=1e-3)


def test_signs_follow_the_frame_before():
    rng = np.random.default_rng(0)
    states = rng.normal(size=(3, 50, 5)) * [5, 4, 3, 2, 1]
    _, basis, _ = principal_axes(states, None)
    _, again, _ = principal_axes(states + rng.normal(size=states.shape) * 1e-3, -basis)
    assert ((again * -basis).sum(axis=0) > 0.99).all()


def test_narrow_features_are_shown_as_they_are():
    frame, net, _, split = frame_of("spiral", width=2)
    assert frame.meta["components"] == ["y1", "y2", ""]
    start = frame.arrays["paths"][0, 0] / FULL * frame.arrays["path_scale"][0]
    start = start + frame.arrays["path_centre"][0]
    assert np.allclose(start[:, :2], split.x_train, atol=2e-3)
    assert net.nfe == 0  # looking is not counted


def test_other_inputs_can_be_shown_and_the_rest_is_held():
    scene, split, _ = scene_of("spiral_3d", features=(2, 0))
    held = split.x_train[:, 1].mean()
    assert np.allclose(scene.cells[:, 1], held, atol=1e-5)
    assert scene.cells[0, 2] == pytest.approx(scene.extent[0], abs=1e-5)
    assert "x2" in scene.note()


@pytest.mark.parametrize("features", [(0, 5), (1, 1), (-1, 0)])
def test_wrong_inputs_are_named(features):
    with pytest.raises(ValueError, match="features"):
        scene_of("spiral_3d", features=features)


def test_recording_joins_what_moves():
    one, *_ = frame_of("spiral")
    two, *_ = frame_of("spiral")
    both = stack([one, two])
    assert both.arrays["grid"].shape[0] == 2
    assert both.arrays["points"].shape == one.arrays["points"].shape
    assert len(both.meta["frames"]) == 2
    with pytest.raises(ValueError, match="at least one"):
        stack([])


def test_deep_nets_show_layers_with_both_ends():
    layers = shown_layers(101)
    assert layers[0] == 0
    assert layers[-1] == 100
    assert len(layers) <= 41
    assert shown_layers(5) == [0, 1, 2, 3, 4]


def test_exploded_features_still_give_a_frame():
    scene, *_ = scene_of("spiral")
    net = build("rk_net", n_features=2, n_classes=2, width=4, depth=3)
    with torch.no_grad():
        net.weight.fill_(float("nan"))
    Frames.unpack(draw(net, scene, {"step": 0, "epoch": 0.0}).pack())
