"""Runs whose exported scripts are held against the training: every choice in every registry."""

from playground.integrators import INTEGRATORS
from playground.losses import LOSSES
from playground.networks import ACTIVATIONS
from playground.optimizers import OPTIMIZERS
from playground.schedules import SCHEDULES
from playground.training.events import Amendment

BASE = {"n_train": 40, "n_validation": 30, "epochs": 2, "batch_size": 16, "path": "torch"}
KUTTA = {"a": [[], ["1/3"], [0, "2/3"]], "b": ["1/4", 0, "3/4"], "order": 3}


def net(name, **options):
    size = {"mlp": {"width": 4}, "standard_net": {"width": 4, "depth": 3}}
    size |= {"multi_stage": {"width": 4, "depth": 2}}
    size |= {"rk_net": {"width": 3, "depth": 3}, "neural_ode": {"depth": 3, "hidden": 5}}
    return {"name": name, "options": {**size[name], **options}}


def named(name, **options):
    return {"name": name, "options": options}


def staged(network, **changes):
    plan = named("adam_lbfgs", adam_steps=6, iterations=3, restart=10)
    usual = {"data": "function", "loss": "mean_square", "precision": "float64", "epochs": 10}
    return {**usual, "optimizer": plan, "network": network, **changes}


def table(key, **options):
    return named("table", hash=key, **options)


CASES: dict[str, dict] = {
    "mlp": {"network": net("mlp")},
    "mlp without a hidden layer": {"network": net("mlp", depth=0)},
    "mlp with terms": {
        "network": net("mlp", inputs=["x1", "x2^2", "x1*x2", "sin(x2)"], activation="relu")
    },
    "standard_net": {"network": net("standard_net")},
    "standard_net at width of the data": {"network": net("standard_net", width=2)},
    "standard_net with a random lift": {
        "network": net("standard_net", lift="random", inputs=["x2", "sin(x1)"])
    },
    "rk_net with a random lift": {"network": net("rk_net", lift="random", width=1)},
    "rk_net by step": {"network": net("rk_net", step_by="step", step=0.3)},
    "rk_net with many points": {"network": net("rk_net", depth=2), "n_validation": 1500},
    "own tableau": {"network": net("rk_net"), "scheme": named("custom", **KUTTA)},
    "own tableau, learned steps": {
        "network": net("rk_net", learned_steps="free"),
        "scheme": named("custom", **KUTTA),
    },
    "no fractions": {
        "network": net("neural_ode", time_dependent=True, head="none"),
        "scheme": named("custom", a=[[], [0.123456789]], b=[-0.3, 1.3], order=1),
    },
    "stages": staged(net("multi_stage", stages=3), n_train=41, epochs=12),
    "stages of one": staged(net("multi_stage", stages=1, width=5)),
    "stages by sign changes": staged(net("multi_stage", kappa="sign_changes", first="tanh")),
    "stages by hand": staged(
        net("multi_stage", kappa="by_hand", kappa_value=4.5, normalise="max"), precision="float32"
    ),
    "stages of mini-batches, Lookahead": staged(
        net("multi_stage", normalise="none", inputs=["x1", "sin(x1)"]),
        optimizer="lookahead",
        schedule="cosine",
    ),
    "stages on classes": staged(net("multi_stage"), data="moons", optimizer="adam", batch_size=500),
    "stages over the plane, penalties": staged(
        net("multi_stage"), data=named("function", function="hills"), l2=0.01, clip_norm=1.0
    ),
    "double precision": {"precision": "float64", "network": net("rk_net", depth=7)},
    "double precision, regression": {
        "precision": "float64",
        "network": net("mlp"),
        "data": "plane",
        "loss": "mean_square",
    },
    "penalties and clipping": {"l1": 0.01, "l2": 0.1, "clip_norm": 0.1},
    "penalties, clipping, L-BFGS": {"l1": 0.01, "l2": 0.1, "clip_norm": 3, "optimizer": "lbfgs"},
    "clipping, learned steps": {
        "clip_norm": 0.1,
        "network": net("rk_net", learned_steps="simplex", lift="random"),
    },
    "one batch": {"batch_size": 500},
    "target reached before the start": {"target_accuracy": 0.0},
    "target reached on the way": {
        "network": net("mlp"),
        "data": "gauss",
        "target_accuracy": 0.9,
        "epochs": 30,
    },
    "early stop": {
        "network": net("mlp"),
        "optimizer": named("sgd", learning_rate=3),
        "epochs": 40,
        "early_stop": True,
        "patience": 0.01,
    },
    "diverges": {
        "network": net("mlp", activation="linear"),
        "data": "plane",
        "loss": "mean_square",
        "optimizer": named("sgd", learning_rate=5),
        "epochs": 30,
    },
    "solver gives up": {
        "network": net("rk_net", activation="relu", horizon=20),
        "scheme": named("bosh3", max_steps=20),
        "optimizer": named("sgd", learning_rate=10),
        "epochs": 20,
    },
    "solver gives up at the start": {
        "network": net("neural_ode"),
        "scheme": named("dopri5", max_steps=1, rtol=1e-6),
        "optimizer": "lookahead",
    },
    "three classes": {"network": net("mlp"), "data": "donut_multiclass"},
    "one input": {"network": net("rk_net"), "data": "nested_intervals"},
    "several targets": {"network": net("rk_net"), "data": "identity_1d", "loss": "mean_square"},
    "weight decay": {"optimizer": named("adamw", decay=0.5, beta1=0.5)},
    "Nesterov without momentum": {"optimizer": named("nesterov", momentum=0)},
    "Muon on matrices only": {"network": net("mlp"), "optimizer": "muon"},
    "images mirrored and shifted": {
        "network": net("mlp", width=8),
        "data": named("digits", flip=True, crop=2),
        "schedule": "cosine",
    },
    "mixed precision": {"precision": "mixed", "network": net("rk_net", depth=2)},
    "mixed precision, L-BFGS": {
        "precision": "mixed",
        "network": net("mlp"),
        "optimizer": "lbfgs",
        "l2": 0.1,
    },
    "images shifted": {"network": net("mlp", width=8), "data": named("digits", crop=1)},
    "images mirrored, L-BFGS": {
        "network": net("mlp", width=8),
        "data": named("digits", flip=True),
        "optimizer": "lbfgs",
    },
    "cosine with a floor": {"schedule": named("cosine", floor=0.1)},
}
for name, scheme in INTEGRATORS.items():
    chosen, few = {"scheme": name}, {}
    if scheme.kind == "adaptive":
        chosen = {"scheme": named(name, rtol=0.01, atol=0.01)}
        few = {"n_train": 20, "n_validation": 10, "batch_size": 10, "epochs": 1}
    if scheme.differentiable:
        CASES[f"rk_net {name}"] = {"network": net("rk_net", depth=2), **chosen, **few}
        CASES[f"neural_ode {name}"] = {"network": net("neural_ode"), **chosen, **few}
    if scheme.kind == "runge_kutta":
        CASES[f"learned steps {name}"] = {
            "network": net("rk_net", learned_steps="simplex"),
            "scheme": name,
        }
    if scheme.kind != "runge_kutta" or name in ("euler", "rk4"):
        seeing = net("neural_ode", gradient="adjoint", time_dependent=True, depth=2, hidden=3)
        CASES[f"adjoint {name}"] = {"network": seeing, **chosen, **few}
for name in ("rk4", "ab2", "taylor_multistep", "bosh3"):
    scheme = named(name, rtol=0.01, atol=0.01) if name == "bosh3" else name
    seeing = net("neural_ode", time_dependent=True, hidden_layers=2)
    CASES[f"field that sees t, {name}"] = {"network": seeing, "scheme": scheme, "epochs": 1}
    blind = net("neural_ode", gradient="adjoint", lift="random", hidden_layers=0)
    CASES[f"adjoint without t, {name}"] = {"network": blind, "scheme": scheme, "epochs": 1}
for name in ACTIVATIONS:
    CASES[f"activation {name}"] = {
        "network": net("neural_ode", activation=name),
        "scheme": "euler",
    }
for name in OPTIMIZERS:
    CASES[f"optimizer {name}"] = {"network": net("rk_net"), "scheme": "euler", "optimizer": name}
    if name != "lookahead" and not OPTIMIZERS[name].full_batch:
        CASES[f"lookahead around {name}"] = {
            "network": net("rk_net"),
            "scheme": "euler",
            "optimizer": named("lookahead", inner=name, k=2, alpha=0.3),
        }
for name in SCHEDULES:
    CASES[f"schedule {name}"] = {"network": net("mlp"), "schedule": name, "epochs": 5}
    CASES[f"schedule {name}, changed by hand"] = {
        "network": net("mlp"),
        "schedule": name,
        "epochs": 5,
    }
for name in LOSSES:
    for task in LOSSES[name].tasks:
        data = "reflection_1d" if task == "regression" else "squares"
        CASES[f"{task} by {name}"] = {"network": net("rk_net"), "data": data, "loss": name}

FEW = {"n_train": 33, "n_validation": 20, "epochs": 1, "data": "digits"}
NARROW = {"size": "small", "width": 4, "blocks": 2}
MIXING = {"patch": 3, "width": 6, "depth": 1}


def images(network, _options=None, **changes):
    """A net on few images; the last batch of an epoch holds one image alone."""
    return {**FEW, "network": named(network, **(_options or {})), **changes}


for name in ("preact_resnet", "tm_resnet", "ho_resnet", "lm_resnet"):
    CASES[f"images, {name}"] = images(name, NARROW, epochs=2)
CASES |= {
    "images, deep history": images("tm_resnet", {**NARROW, "blocks": 3}, n_train=16),
    "images, ho_resnet custom": images(
        "ho_resnet", {**NARROW, "step": 0.4}, scheme=named("custom", **KUTTA)
    ),
    "images, four numbers": images(
        "preact_resnet", NARROW, data=named("donut_highd", dim=4), epochs=2
    ),
    "images, four targets": images(
        "lm_resnet", NARROW, data=named("donut_highd", dim=4), loss="mean_square"
    ),
    "images of an even choice with noise": images(
        "lm_resnet", NARROW, data=named("digits", balance="even", noise=0.1), data_seed=3
    ),
    "images, penalties, clipping, double": images(
        "lm_resnet", NARROW, l1=0.01, l2=0.1, clip_norm=0.5, precision="float64"
    ),
    "images, L-BFGS with dropout": images(
        "classic_attention", {"width": 8, "dropout": 0.5}, optimizer="lbfgs", epochs=2
    ),
    "images, Lookahead and a schedule with dropout": images(
        "classic_attention", {"width": 8}, optimizer="lookahead", schedule="cosine", epochs=3
    ),
    "images, Muon on convolutions": images("tm_resnet", NARROW, optimizer="muon", n_train=10),
    "images, blocks computed anew": images("ho_resnet", {**NARROW, "checkpointing": True}),
    "images mirrored in a residual net": images(
        "tm_resnet", NARROW, data=named("digits", flip=True)
    ),
    "images in colour, shifted, with dropout": images(
        "classic_attention", {"width": 8}, data=named("cifar10", crop=3), n_train=20
    ),
    "images in a perceptron": images("mlp", {"width": 4}),
    "images in stages": staged(net("multi_stage"), data="fashion_mnist", n_train=20),
    "images in colour": images("preact_resnet", NARROW, data="cifar10", n_train=12),
    "images of many classes, grey": images(
        "mixer", MIXING, data=named("cifar100", colour="grey"), n_train=100, n_validation=9
    ),
    "images, patches that do not fill": images(
        "ode_attention", {"width": 8, "encoding": "patches", "patch": 3, "form": "qkv"}, epochs=2
    ),
    "images, conv_ode by the adjoint": images(
        "conv_ode", {"filters": 4, "depth": 2, "gradient": "adjoint", "time_dependent": True}
    ),
    "images, conv_ode with a border": images(
        "conv_ode", {"augment": "border", "border": 1, "filters": 4, "depth": 2, "head": "pool"}
    ),
    "images, plain conv_ode that sees t": images(
        "conv_ode", {"channels": 0, "filters": 4, "depth": 2, "time_dependent": True}
    ),
    "images, conv_ode by step": images(
        "conv_ode",
        {"channels": 1, "filters": 4, "depth": 2, "step_by": "step", "step": 0.2, "head": "pool"},
    ),
}
LITTLE = {"channels": 4, "stem": "small"}
STEPPED = {**LITTLE, "depth": 2}
CASES |= {
    "images, cnn": images("cnn", LITTLE, epochs=2),
    "images, cnn, published extractor, randomised": images(
        "cnn", {"channels": 6, "randomise": True, "room": 2}, epochs=2
    ),
    "images, cnn, mean filter, L-BFGS, randomised": images(
        "cnn", {**LITTLE, "denoise": "mean", "randomise": True}, optimizer="lbfgs", epochs=2
    ),
    "images, cnn of four numbers": images("cnn", LITTLE, data=named("donut_highd", dim=4)),
    "images, ode_net": images("ode_net", STEPPED, scheme="euler"),
    "images, ode_net by the adjoint, likeness, crops": images(
        "ode_net",
        {**STEPPED, "gradient": "adjoint", "denoise": "non_local", "randomise": True},
        data=named("digits", crop=1),
        scheme="rk4",
    ),
    "images, ode_net by a solver": images(
        "ode_net",
        {**STEPPED, "denoise": "mean"},
        scheme=named("bosh3", rtol=0.01, atol=0.01),
        n_train=12,
        n_validation=10,
    ),
    "images, tis_ode": images("tis_ode", {"channels": 64, "depth": 2}, scheme="euler"),
    "images, tis_ode by step, dot products": images(
        "tis_ode",
        {**STEPPED, "step_by": "step", "step": 0.3, "denoise": "non_local", "affinity": "dot"},
        scheme="ab2",
    ),
    "images, tis_ode by the adjoint of a solver": images(
        "tis_ode",
        {**STEPPED, "gradient": "adjoint", "randomise": True},
        scheme=named("dopri5", rtol=0.01, atol=0.01),
        n_train=12,
        n_validation=10,
    ),
}
for form in ("score", "qkv"):
    for encoding in ("rows", "patches", "flat"):
        seen = {"form": form, "encoding": encoding, "width": 8}
        CASES[f"images, classic_attention {form} {encoding}"] = images("classic_attention", seen)
    CASES[f"images, ode_attention {form}"] = images(
        "ode_attention", {"form": form, "width": 8, "n_times": 3, "substeps": 2, "dropout": 0.0}
    )
for method in ("euler", "dopri5"):
    CASES[f"images, ode_attention {method}"] = images(
        "ode_attention", {"method": method, "width": 8, "encoding": "flat"}, n_train=10
    )
for name, scheme in INTEGRATORS.items():
    chosen = {"scheme": name, "n_train": 12, "n_validation": 10}
    if scheme.kind == "adaptive":
        chosen["scheme"] = named(name, rtol=0.01, atol=0.01)
    if scheme.kind == "runge_kutta":
        CASES[f"images, ho_resnet {name}"] = images("ho_resnet", NARROW, **chosen)
    if scheme.kind != "runge_kutta" or name in ("euler", "rk4"):
        field = {"channels": 1, "filters": 4, "depth": 2, "head": "pool", "activation": "tanh"}
        if scheme.differentiable:
            CASES[f"images, mixer {name}"] = images("mixer", MIXING, **chosen)
        else:  # a stiff solver's Jacobian is dense: an image of two by two
            field |= {"gradient": "adjoint", "filters": 2, "depth": 1}
            chosen |= {"data": named("donut_highd", dim=4)}
        CASES[f"images, conv_ode {name}"] = images("conv_ode", field, **chosen)

CHANGED = [
    Amendment(0, {"learning_rate": 0.5}),
    Amendment(4, {"learning_rate": 0.3}),
    Amendment(4, {"learning_rate": 0.02}),
    Amendment(999, {"learning_rate": 9.0}),
]


def amendments(name):
    return CHANGED if "changed by hand" in name else []
