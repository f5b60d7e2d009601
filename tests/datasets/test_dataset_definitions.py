"""The sets against their written definitions, and against exact Bayes classifiers."""

import numpy as np
import pytest
from scipy.stats import kstest

from playground.datasets import DATASETS, make
from tests.datasets.bayes_rules import boxes, shells, stripe

N = 200_000
QUADRANTS = np.array([[0, 1], [2, 3]])
CHECKER = np.array([[0, 1], [1, 0]])
OCTANT_PAIRS = np.array([[[0, 1], [3, 2]], [[2, 3], [1, 0]]])


def radii(k):
    return [4 * i / k for i in range(k)]


BAYES = {
    "donut_1d": ("donut_1d", {}, stripe),
    "donut_2d": ("donut_2d", {}, lambda: shells([0, 1.2], 2, 1.2)),
    "squares": ("squares", {}, lambda: boxes(CHECKER)),
    "squares 2D4C": ("squares_multiclass", {}, lambda: boxes(QUADRANTS)),
    "squares 3D4C": ("squares_multiclass", {"dim": 3}, lambda: boxes(OCTANT_PAIRS)),
    **{
        f"donut {d}D{k}C": (
            "donut_multiclass",
            {"dim": d, "classes": k},
            lambda d=d, k=k: shells(radii(k), d, 1.5),
        )
        for d, k in [(2, 6), (3, 2), (3, 3), (3, 6)]
    },
}


@pytest.mark.parametrize("case", BAYES)
def test_bayes_ceiling_by_simulation(case):
    """The exact classifier scores the published ceiling on generated points, and in theory."""
    name, options, classifier = BAYES[case]
    entry = DATASETS[name]
    published = entry.ceiling(entry.options(**options))
    rule, theory = classifier()
    x, y = make(name, N, random_state=11, **options)
    simulated = np.mean(rule(x.astype(float)) == y)
    assert theory == pytest.approx(published, abs=0.001)
    assert simulated == pytest.approx(published, abs=0.005)
    assert simulated == pytest.approx(theory, abs=5 * np.sqrt(0.25 / N))


def test_ceilings_hold_for_the_published_noise_only():
    for name, options, _ in BAYES.values():
        entry = DATASETS[name]
        assert entry.ceiling(entry.options(**options)) is not None
        assert entry.ceiling(entry.options(**options, noise=0.1)) is None


def test_every_known_ceiling_is_simulated():
    covered = {name for name, _, _ in BAYES.values()}
    assert covered == {n for n in DATASETS if DATASETS[n].bayes}


SHARES = [
    ("donut_1d", {}, [0.25, 0.75]),
    ("donut_2d", {}, [0.395, 0.605]),
    ("squares", {}, [0.5, 0.5]),
    ("spiral", {}, [0.5, 0.5]),
    ("spiral", {"arms": 5}, [0.2] * 5),
    ("spiral_3d", {}, [0.5, 0.5]),
    ("squares_multiclass", {}, [0.25] * 4),
    ("squares_multiclass", {"dim": 3}, [0.25] * 4),
    ("squares_multiclass", {"classes": 3}, [1 / 3] * 3),
    ("squares_multiclass", {"dim": 3, "classes": 7}, [1 / 7] * 7),
    ("concentric_spheres", {"outer_share": 0.7}, [0.3, 0.7]),
    ("squares_highd", {"dim": 5}, [0.5, 0.5]),
    ("donut_highd", {"dim": 6}, [0.0144, 0.9856]),
    ("nested_intervals", {}, [0.5, 0.5]),
    ("moons", {}, [0.5, 0.5]),
]


@pytest.mark.parametrize(("name", "options", "shares"), SHARES)
def test_class_shares(name, options, shares):
    _, y = make(name, 60_000, random_state=4, **options)
    np.testing.assert_allclose(np.bincount(y) / len(y), shares, atol=0.008)


@pytest.mark.parametrize("arms", [2, 5])
def test_clean_spiral_lies_on_its_arms(arms):
    x, y = make("spiral", 4000, noise=0, random_state=2, arms=arms)
    radius = 5 * np.linalg.norm(x.astype(float), axis=1)
    phi = (radius - np.pi) / 2
    angle = phi + 2 * np.pi * y / arms
    np.testing.assert_allclose(x[:, 0], radius * np.cos(angle) / 5, atol=1e-5)
    np.testing.assert_allclose(x[:, 1], radius * np.sin(angle) / 5, atol=1e-5)
    assert kstest((phi / (2 * np.pi)) ** 2, "uniform").pvalue > 1e-3


def test_spiral_noise_is_divided_by_five():
    clean, _ = make("spiral", 20_000, noise=0, random_state=2)
    blurred, _ = make("spiral", 20_000, random_state=2)
    assert (blurred - clean).std() == pytest.approx(0.2, rel=0.02)


def test_clean_helices():
    x, y = make("spiral_3d", 4000, noise=0, random_state=2)
    phi = x[:, 2] + np.pi
    np.testing.assert_allclose(x[:, 0], 2.5 * np.cos(2 * phi + np.pi * y), atol=1e-4)
    np.testing.assert_allclose(x[:, 1], 2.5 * np.sin(2 * phi + np.pi * y), atol=1e-4)
    assert kstest((phi / (2 * np.pi)) ** 2, "uniform").pvalue > 1e-3


@pytest.mark.parametrize(
    ("name", "options", "rule"),
    [
        ("donut_1d", {}, lambda x: np.abs(x[:, 0]) >= 1),
        ("donut_2d", {}, lambda x: np.hypot(*x.T) >= 1.2),
        ("donut_highd", {"dim": 4}, lambda x: (x**2).sum(1) >= 1.44),
        ("squares", {}, lambda x: x[:, 0] * x[:, 1] <= 0),
        ("squares_highd", {"dim": 3}, lambda x: x.prod(1) <= 0),
        ("xor", {}, lambda x: x[:, 0] * x[:, 1] <= 0),
        ("circle", {}, lambda x: np.hypot(*x.T) > 3),
        ("gauss", {}, lambda x: x.sum(1) < 0),
        ("concentric_spheres", {"dim": 3}, lambda x: (x**2).sum(1) > 0.5),
        ("nested_intervals", {}, lambda x: np.abs(x[:, 0]) > 1.5),
        ("shifted_sines", {}, lambda x: x[:, 1] > np.sin(np.pi * x[:, 0])),
        (
            "donut_multiclass",
            {"classes": 5},
            lambda x: np.minimum(np.hypot(*x.T) // 0.8, 4),
        ),
        ("squares_multiclass", {}, lambda x: 2 * (x[:, 0] <= 0) + (x[:, 1] <= 0)),
        ("squares_multiclass", {"classes": 2}, lambda x: x[:, 0] * x[:, 1] <= 0),
        (
            "squares_multiclass",
            {"dim": 3},
            lambda x: OCTANT_PAIRS[tuple((x <= 0).astype(int).T)],
        ),
        ("squares_multiclass", {"dim": 3, "classes": 8}, None),
    ],
)
def test_clean_points_follow_the_rule(name, options, rule):
    """Without noise the label is a function of the point, up to float32 rounding at a border."""
    x, y = make(name, 5000, noise=0, random_state=6, **options)
    if rule is None:
        cells = np.floor(x.astype(float) + 4).sum(axis=1) % 8
        assert np.mean(cells == y) > 0.999
        return
    assert np.mean(rule(x.astype(float)) == y) > 0.999


@pytest.mark.parametrize("sampler", ["dupont", "volume"])
@pytest.mark.parametrize("dim", [1, 2, 3])
def test_radii_of_concentric_spheres(sampler, dim):
    x, y = make("concentric_spheres", 8000, random_state=1, dim=dim, sampler=sampler)
    radius = np.linalg.norm(x.astype(float), axis=1)
    inner, outer = radius[y == 0], radius[y == 1]
    assert kstest((2 * inner) ** dim, "uniform").pvalue > 1e-3
    volume = (outer**dim - 1) / (1.5**dim - 1)
    drawn = (2 * (outer - 1)) ** dim
    assert kstest(volume if sampler == "volume" else drawn, "uniform").pvalue > 1e-3
    if dim > 1:
        assert kstest(drawn if sampler == "volume" else volume, "uniform").pvalue < 1e-6


def test_nested_intervals_are_filled():
    x, y = make("nested_intervals", 6000, random_state=1)
    inner, outer = x[y == 0, 0].astype(float), x[y == 1, 0].astype(float)
    assert kstest((inner + 1) / 2, "uniform").pvalue > 1e-3
    assert kstest(np.abs(outer) - 2, "uniform").pvalue > 1e-3
    assert np.mean(outer > 0) == pytest.approx(0.5, abs=0.05)


def test_shifted_sines_in_one_dimension_are_the_heights():
    both, labels = make("shifted_sines", 100, random_state=3)
    height, same = make("shifted_sines", 100, random_state=3, dim=1)
    np.testing.assert_array_equal(height[:, 0], both[:, 1])
    np.testing.assert_array_equal(labels, same)


@pytest.mark.parametrize(("name", "slope"), [("reflection_1d", -1), ("identity_1d", 1)])
def test_maps_of_the_line(name, slope):
    x, y = make(name, 100, random_state=0)
    assert set(x[:, 0]) == {-1.0, 1.0}
    np.testing.assert_array_equal(y, slope * x)
    x, y = make(name, 100, random_state=0, support="interval")
    assert len(np.unique(x)) == 100
    np.testing.assert_allclose(y, slope * x)


def test_surfaces():
    x, y = make("plane", 1000, random_state=0)
    np.testing.assert_allclose(y[:, 0], x.sum(axis=1) / 10, atol=1e-6)
    x, y = make("multi_gauss", 20_000, random_state=0)
    for centre, sign in [((-4, 2.5), 1), ((0, 2.5), -1), ((0, -2.5), 1), ((4, -2.5), -1)]:
        near = np.hypot(*(x - centre).T) < 0.2
        assert near.any()
        np.testing.assert_allclose(y[near, 0], sign, atol=0.05)


def test_moons_are_two_half_circles():
    x, y = make("moons", 500, noise=0, random_state=0)
    upper, lower = x[y == 0], x[y == 1]
    np.testing.assert_allclose(np.hypot(*upper.T), 1, atol=1e-5)
    assert (upper[:, 1] > -1e-6).all()
    np.testing.assert_allclose(np.hypot(lower[:, 0] - 1, lower[:, 1] - 0.5), 1, atol=1e-5)
