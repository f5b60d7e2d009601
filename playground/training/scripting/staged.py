"""The net and the loop of an exported script that trains in stages."""

from __future__ import annotations

import inspect
from typing import Any

from playground.analysis import spectrum
from playground.experiment import Experiment
from playground.training.scripting.data import loading
from playground.training.scripting.draft import Draft, block, body
from playground.training.staged import LEAST

_RULES = {
    "fft": "max(1.0, PER_FREQUENCY * spectrum(points, values).dominant)",
    "sign_changes": "max(1.0, PER_CHANGE * sign_changes(points, values))",
}
_SIZES = {
    "rms": "float(left.square().mean().sqrt())",
    "max": "float(left.abs().max())",
    "none": "1.0",
}


def write_staged_net(draft: Draft, options: Any, x: str) -> None:
    """Add the constants of a multi-stage net and the classes ``Stage`` and ``Net``.

    Args:
        draft: The script.
        options: Of the net.
        x: How the points enter the net.
    """
    draft.constant("STAGES", options.stages)
    draft.constant("WIDTH", options.width, "units of a hidden layer")
    draft.constant("DEPTH", options.depth, "hidden layers of a stage")
    draft.need(
        "import math", "from itertools import pairwise", "import torch", "from torch import nn"
    )
    sine = "index > 0" if options.first == "sine" else "False"
    draft.block("""
        class Stage(nn.Module):
            \"""One net of the sum; the first hidden layer takes the sine or tanh.\"""

            def __init__(self, sine):
                super().__init__()
                self.sine, self.factor = sine, 1.0
                widths = [N_INPUTS] + [WIDTH] * DEPTH + [N_OUTPUTS]
                self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
                for layer in self.layers:
                    std = math.sqrt(2 / sum(layer.weight.shape))
                    nn.init.trunc_normal_(layer.weight, std=std, a=-2 * std, b=2 * std)
                    nn.init.zeros_(layer.bias)

            def forward(self, z):
                first, *middle, last = self.layers
                y = first(self.factor * z)
                y = torch.sin(y) if self.sine else torch.tanh(y)
                for layer in middle:
                    y = torch.tanh(layer(y))
                return last(y)
    """)
    template = block("""
        class Net(nn.Module):
            \"""A sum of nets, each times the size of what it was fitted to.\"""

            def __init__(self):
                super().__init__()
                self.stages = nn.ModuleList(Stage({sine}) for index in range(STAGES))
                self.register_buffer("centre", torch.zeros(N_INPUTS))
                self.register_buffer("reach", torch.ones(N_INPUTS))
                self.register_buffer("scale", torch.zeros(STAGES))
                self.register_buffer("kappa", torch.ones(STAGES))

            def mapped(self, x):
                \"""Return the inputs mapped to [-1, 1].\"""
                return ({x} - self.centre) / self.reach

            def map_inputs(self, x):
                \"""Map the least and the greatest of each input to -1 and 1.\"""
                inputs = {x}
                low, high = inputs.amin(dim=0), inputs.amax(dim=0)
                self.centre.copy_((low + high) / 2)
                self.reach.copy_(torch.where(high > low, (high - low) / 2, torch.ones_like(high)))

            def forward(self, x):
                z = self.mapped(x)
                total = z.new_zeros(len(z), N_OUTPUTS)
                for index, scale in enumerate(self.scale.tolist()):
                    if scale != 0:  # the stage has begun
                        total = total + self.scale[index] * self.stages[index](z)
                return total
    """)
    draft.block(template.format(sine=sine, x=x))


def write_staged_loop(draft: Draft, experiment: Experiment) -> None:
    """Add the functions ``begin_stage``, ``train`` and ``main`` of a training in stages.

    The script has ``judge``, ``run_epoch`` and ``make_optimizer`` already.
    """
    _begin(draft, experiment)
    slow = experiment.optimizer.name == "lookahead"
    draft.block(_train(experiment, slow))
    draft.block(_MAIN.format(**_ends(experiment)))


def _begin(draft: Draft, experiment: Experiment) -> None:
    options = experiment.network.options
    lines = [
        "left = y - net(x)",
        f"net.scale[index] = max({_SIZES[options.normalise]}, {LEAST!r})",
    ]
    if options.stages > 1 and options.kappa == "by_hand":
        lines += ["if index:", f"    net.kappa[index] = {options.kappa_value!r}"]
    elif options.stages > 1:
        draft.need("from dataclasses import dataclass")
        code = inspect.getsource(spectrum)
        draft.block(code[code.index("SIDE = ") : code.index("def scale_factor")])
        lines += [
            "if index:",
            "    points, values = net.mapped(x).double().cpu().numpy(), left.double().cpu().numpy()",
            f"    net.kappa[index] = {_RULES[options.kappa]}",
        ]
    template = block("""
        @torch.no_grad()
        def begin_stage(net, index, x, y):
            \"""Set the size and the factor of a stage by what is left; return its targets.\"""
            {lines}
            net.stages[index].factor = net.kappa[index]
            return left / net.scale[index]
    """)
    draft.block(template.format(lines=body(lines, 1)))


def _train(experiment: Experiment, slow: bool) -> str:
    classifies = experiment.task == "classification"
    accuracy, share = ("", "")
    if classifies:
        accuracy, share = ", accuracy", ", {accuracy:.2%}"
    shown = f'f"epoch {{epoch:4d}}  stage {{index + 1}}  validation {{loss:.3g}}{share}"'
    lines = [f"loss{accuracy} = judge(net, *validation_points)", f"print({shown})"]
    if slow:
        lines = [
            "if optimizer is not None:",
            "    optimizer.backup_and_load_cache()  # the slow weights are judged",
            *lines,
            "if optimizer is not None:",
            "    optimizer.clear_and_load_backup()",
        ]
    targets = "y"
    if classifies:
        targets = "F.one_hot(y, N_OUTPUTS).to(DTYPE)"
    template = block("""
        def train(net, points, validation_points):
            \"""Train stage by stage, print one line an epoch; return why it ended and the optimiser.\"""
            x, y = points
            net.map_inputs(x)
            truth, epoch, optimizer = {targets}, 0, None
            for index in range(STAGES):
                {settle}targets = begin_stage(net, index, x, truth)
                if index == 0:
                    {judged_first}
                stage = net.stages[index]
                optimizer = make_optimizer(list(stage.parameters()))
                z, limit = net.mapped(x), None
                for epoch in range(index * EPOCHS, (index + 1) * EPOCHS):
                    limit, diverged = run_epoch(stage, optimizer, z, targets, epoch, limit)
                    if diverged:
                        return f"diverged in epoch {{epoch + 1}}", optimizer
                    {judged}
            return "all stages are done", optimizer
    """)
    settle = "if optimizer is not None:\n            optimizer.backup_and_load_cache()\n        "
    after = [line.replace("{epoch:4d}", "{epoch + 1:4d}") for line in lines]
    return template.format(
        targets=targets,
        settle=settle if slow else "",
        judged_first=body(lines, 3),
        judged=body(after, 3),
    )


def _ends(experiment: Experiment) -> dict[str, str]:
    classifies = experiment.task == "classification"
    note = "optimizer.backup_and_load_cache()  # the slow weights are the result\n    "
    option, load = loading(experiment)
    return {
        "option": option,
        "load": load,
        "slow": note if experiment.optimizer.name == "lookahead" else "",
        "figures": "loss, accuracy" if classifies else "loss",
        "accuracy": 'print(f"validation_accuracy {accuracy}")\n    ' if classifies else "",
    }


_MAIN = block("""
    def main():
        \"""Train and print the final figures.\"""
        parser = argparse.ArgumentParser(description="Train the net.")
        parser.add_argument("--weights", metavar="FILE", help="keep the weights as NumPy .npz")
        {option}arguments = parser.parse_args()
        torch.set_flush_denormal(True)  # numbers next to zero would slow a vanishing net down
        points, validation_points = {load}
        torch.manual_seed(WEIGHT_SEED)
        net = Net().to(DEVICE, DTYPE)
        print(f"{{sum(w.numel() for w in net.parameters())}} weights on {{DEVICE}}")
        why, optimizer = train(net, points, validation_points)
        print(why)
        {slow}if arguments.weights:
            values = {{name: value.cpu().numpy() for name, value in net.state_dict().items()}}
            with open(arguments.weights, "wb") as file:
                np.savez(file, **values)
        {figures} = judge(net, *validation_points)
        {accuracy}print(f"validation_loss {{loss}}")
""")
