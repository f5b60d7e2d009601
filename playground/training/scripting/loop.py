"""The training loop of an exported script, with only the rules that the experiment asks for."""

from __future__ import annotations

from playground.analysis.views import CHUNK
from playground.experiment import Experiment
from playground.training.augmenting import augments
from playground.training.precision import kept_whole
from playground.training.scripting.augmenting import write_augmentation
from playground.training.scripting.data import loading
from playground.training.scripting.draft import Draft, block, body
from playground.training.scripting.optimizing import penalties
from playground.training.scripting.staged import write_staged_loop
from playground.training.steppers import EXPLOSION


def write_loop(draft: Draft, experiment: Experiment, scheduled: bool) -> None:
    """Add the functions ``judge``, ``run_epoch``, ``train`` and ``main``.

    Args:
        draft: The script.
        experiment: What it trains.
        scheduled: Whether there is a function ``learning_rate``.
    """
    draft.need("import argparse", "import math", "import numpy as np", "import torch")
    _judge(draft, experiment)
    if augments(experiment):
        write_augmentation(draft, experiment)
    _epoch(draft, experiment, scheduled)
    if experiment.network.entry.staged:
        write_staged_loop(draft, experiment)
    else:
        _train(draft, experiment)
        _main(draft, experiment)


def _counts(experiment: Experiment) -> bool:
    """Return whether something is drawn at random by the number of the step."""
    return _draws(experiment) != "" or augments(experiment)


def _classifies(experiment: Experiment) -> bool:
    return experiment.task == "classification"


def _judge(draft: Draft, experiment: Experiment) -> None:
    if _classifies(experiment):
        summary = "the loss and the accuracy on many points"
        result = "loss.item(), (outputs.argmax(dim=-1) == y).double().mean().item()"
    else:
        summary, result = "the loss on many points", "loss.item()"
    images = experiment.network.entry.takes_images
    template = block("""
        @torch.no_grad()
        def judge(net, x, y):
            \"""Return {summary}.\"""
            {before}# In parts, to save memory.
            outputs = torch.cat([net(part) for part in x.split({chunk})])
            {after}loss = loss_function(outputs, y)
            return {result}
    """)
    draft.block(
        template.format(
            summary=summary,
            chunk=CHUNK,
            result=result,
            before=f"net.eval(){_EVALUATING}\n    " if images else "",
            after="net.train()\n    " if images else "",
        )
    )


_EVALUATING = "  # a norm takes its running statistics, and nothing is dropped"


def _draws(experiment: Experiment) -> str:
    """Return what the net does at random while it trains, in words; empty if nothing."""
    drops = getattr(experiment.network.options, "dropout", 0.0) > 0
    moves = getattr(experiment.network.options, "randomise", False)
    return "what is dropped" if drops else "where the images lie" if moves else ""


def _objective(experiment: Experiment) -> list[str]:
    """Return the lines from the batch to the gradient."""
    lines = ["optimizer.zero_grad()"]
    if drawn := _draws(experiment):
        lines.append(f"torch.manual_seed(WEIGHT_SEED * 1_000_003 + step)  # decides {drawn}")
    inputs = "augmented(x[rows], step)" if augments(experiment) else "x[rows]"
    if experiment.precision == "mixed" and not kept_whole(experiment):
        lines += [
            "# Half precision where it pays; a GPU without bfloat16 needs float16 and a scaled loss.",
            'with torch.autocast("cuda", torch.bfloat16, enabled=DEVICE == "cuda"):',
            f"    outputs = net({inputs})",
            "loss = loss_function(outputs.to(DTYPE), y[rows])",
        ]
    else:
        lines.append(f"loss = loss_function(net({inputs}), y[rows])")
    total = "loss"
    for penalty in penalties(experiment):
        lines.append(f"objective = {total} + {penalty}")
        total = "objective"
    lines.append(f"{total}.backward()")
    if experiment.clip_norm:
        lines.append("nn.utils.clip_grad_norm_(weights, CLIP_NORM)")
    return lines


def _update(experiment: Experiment) -> list[str]:
    """Return the lines of one optimiser step; they leave the batch's loss in ``value``."""
    if not experiment.optimizer.entry.full_batch:
        return [*_objective(experiment), "optimizer.step()", "value = loss.item()"]
    objective = "objective" if penalties(experiment) else "loss"
    step = "step=step, " if _counts(experiment) else ""
    inner = [*_objective(experiment), "values.append(loss.item())", f"return {objective}"]
    return [
        "values = []",
        "",
        f"def closure(rows=rows, {step}values=values):  # called several times in one step",
        *(f"    {line}" for line in inner),
        "",
        "optimizer.step(closure)",
        "value = values[0]",
    ]


def _epoch(draft: Draft, experiment: Experiment, scheduled: bool) -> None:
    template = block("""
        def run_epoch(net, optimizer, x, y, epoch, limit):
            \"""Pass over the training points once.

            Returns the loss that counts as divergence, known from the first batch on, and whether the
            last loss was beyond it.
            \"""
            {weights}# The order of the points depends on the seed and the epoch alone.
            generator = torch.Generator().manual_seed(WEIGHT_SEED * 1_000_003 + epoch)
            order = torch.randperm(len(x), generator=generator).to(DEVICE)
            for {index}rows in {batches}:
                {lines}
                if limit is None:
                    limit = DIVERGENCE * max(1.0, value)
                if not math.isfinite(value) or value > limit:
                    return limit, True
            return limit, False
    """)
    uses_weights = penalties(experiment) or experiment.clip_norm
    weights = "weights = [w for w in net.parameters() if w.requires_grad]\n    "
    lines, index, batches = _update(experiment), "", "order.split(BATCH_SIZE)"
    whole = experiment.network.entry.staged and _takes_all(experiment)
    if whole:
        batches = "[slice(None)]"
    counted = scheduled or _counts(experiment)
    if counted:
        index, batches = "step, ", f"enumerate({batches}, start=first)"
    if scheduled:
        lines = [
            "for group in optimizer.param_groups:",
            '    group["lr"] = learning_rate(step)',
            *lines,
        ]
    code = template.format(
        weights=weights if uses_weights else "",
        index=index,
        batches=batches,
        lines=body(lines, 2),
    )
    if counted:
        first = "    first = epoch * math.ceil(len(x) / BATCH_SIZE)\n    for step,"
        code = code.replace("    for step,", first)
    if whole:  # all points at once need no order
        start, end = (
            code.index("    # The order of"),
            code.index("    first =" if counted else "    for "),
        )
        code = code[:start] + code[end:]
    draft.constant("DIVERGENCE", EXPLOSION, "growth of the loss that ends the training")
    draft.block(code)


def _takes_all(experiment: Experiment) -> bool:
    """Return whether each step takes all training points."""
    full = experiment.optimizer.entry.full_batch
    return full or experiment.batch_size >= experiment.split_sizes[0]


def _train(draft: Draft, experiment: Experiment) -> None:
    template = block("""
        def train(net, optimizer, points, validation_points):
            \"""Train, print one line an epoch, and return why the training ended.\"""
            limit{history} = {start}
            for epoch in range(EPOCHS + 1):
                {judged}
                {stops}
                if epoch == EPOCHS:
                    break
                limit, diverged = run_epoch(net, optimizer, *points, epoch, limit)
                if diverged:
                    return f"diverged in epoch {{epoch + 1}}"
            return "all epochs are done"
    """)
    stops = _stops(experiment)
    code = template.format(
        history=", history" if experiment.early_stop else "",
        start="None, []" if experiment.early_stop else "None",
        judged=body(_judged(experiment), 2),
        stops=body(stops, 2),
    )
    draft.block(code if stops else code.replace("        \n", ""))


def _judged(experiment: Experiment) -> list[str]:
    """Return the lines that judge and print; Lookahead's slow weights are the ones that count."""
    accuracy = ", accuracy" if _classifies(experiment) else ""
    train_accuracy = ", train_accuracy" if _classifies(experiment) else ""
    lines = [
        f"train_loss{train_accuracy} = judge(net, *points)",
        f"loss{accuracy} = judge(net, *validation_points)",
    ]
    if experiment.optimizer.name == "lookahead":
        lines = [
            "optimizer.backup_and_load_cache()  # the slow weights are judged",
            *lines,
            "optimizer.clear_and_load_backup()",
        ]
    text = 'f"epoch {epoch:4d}  loss {train_loss:.4g}, in validation {loss:.4g}"'
    if not _classifies(experiment):
        return [*lines, f"print({text})"]
    return [
        *lines,
        "print(",
        f"    {text}",
        '    f"  accuracy {train_accuracy:.2%}, in validation {accuracy:.2%}"',
        ")",
    ]


def _stops(experiment: Experiment) -> list[str]:
    lines: list[str] = []
    if experiment.target_accuracy is not None and _classifies(experiment):
        lines += [
            "if accuracy >= TARGET_ACCURACY:",
            '    return "the target accuracy is reached"',
        ]
    if experiment.early_stop:
        lines += [
            "if epoch > 0:",
            "    history.append(loss)",
            "if len(history) > 10:",
            "    rise = sum(history[-5:]) / 5 - sum(history[-10:-5]) / 5",
            "    if rise > PATIENCE:",
            '        return "early stop: the validation loss rises"',
        ]
    return lines


def _main(draft: Draft, experiment: Experiment) -> None:
    slow = experiment.optimizer.name == "lookahead"
    option, load = loading(experiment)
    template = block("""
        def main():
            \"""Train and print the final figures.\"""
            parser = argparse.ArgumentParser(description="Train the net.")
            parser.add_argument("--weights", metavar="FILE", help="keep the weights as NumPy .npz")
            {option}arguments = parser.parse_args()
            torch.set_flush_denormal(True)  # numbers next to zero would slow a vanishing net down
            points, validation_points = {load}
            torch.manual_seed(WEIGHT_SEED)
            net = Net().to(DEVICE, DTYPE)
            weights = [w for w in net.parameters() if w.requires_grad]
            print(f"{{sum(w.numel() for w in weights)}} weights on {{DEVICE}}")
            optimizer = make_optimizer(weights)
            {train}
            {slow}if arguments.weights:
                values = {{name: value.cpu().numpy() for name, value in net.state_dict().items()}}
                with open(arguments.weights, "wb") as file:
                    np.savez(file, **values)
            {ended}{figures} = judge(net, *validation_points)
            {accuracy}print(f"validation_loss {{loss}}")
    """)
    adaptive = experiment.network.entry.uses_scheme and experiment.scheme.entry.kind == "adaptive"
    train, ended = ["print(train(net, optimizer, points, validation_points))"], ""
    if adaptive:
        draft.need("import sys")
        train = [
            "gave_up = None",
            "try:",
            f"    {train[0]}",
            "except (AssertionError, FloatingPointError) as failure:  # from the solver",
            '    gave_up = f"the solver gave up: {failure}"',
        ]
        ended = "if gave_up:\n        sys.exit(gave_up)\n    "
    note = "optimizer.backup_and_load_cache()  # the slow weights are the result\n    "
    classifies = _classifies(experiment)
    draft.block(
        template.format(
            option=option,
            load=load,
            train=body(train, 1),
            ended=ended,
            slow=note if slow else "",
            figures="loss, accuracy" if classifies else "loss",
            accuracy='print(f"validation_accuracy {accuracy}")\n    ' if classifies else "",
        )
    )
