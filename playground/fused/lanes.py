"""Vectors as values in compiled code: a few neighbouring numbers that one instruction handles.

Numba compiles plain loops and leaves it to LLVM whether they become vector instructions, which
depends on loop lengths that only a compilation for each width would fix. Here the vector is a value
instead: ``Lanes`` holds 8 or 16 numbers, lives in registers, and is added, multiplied and compared as
one. LLVM splits it into what the processor has (two AVX2 registers for 16 floats, one of AVX-512),
so that kernels written with it are compiled once for all widths, depths and batches.

Memory is reached through pointers, which numba passes around without counting references.

A tag chooses the number of lanes: the tuple ``(None,) * 8`` or ``(None,) * 16``, whose length is a
constant of the compilation.
"""

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

# Products and sums may be fused. Nothing assumes that a number is finite: NaN stays NaN.
FUSED = ("contract",)
SUMMED = ("contract", "reassoc", "nsz")
I32 = ir.IntType(32)


class Lanes(types.Type):
    """A vector of ``count`` numbers of the numba type ``dtype``."""

    def __init__(self, dtype: types.Float, count: int) -> None:
        self.dtype = dtype
        self.count = count
        super().__init__(name=f"Lanes({dtype}, {count})")


@register_model(Lanes)
class LanesModel(models.PrimitiveModel):
    """The LLVM vector type behind ``Lanes``."""

    def __init__(self, dmm: Any, fe_type: Lanes) -> None:
        element = dmm.lookup(fe_type.dtype).get_value_type()
        super().__init__(dmm, fe_type, ir.VectorType(element, fe_type.count))


def _broadcast(builder: ir.IRBuilder, scalar: ir.Value, count: int) -> ir.Value:
    vector = ir.VectorType(scalar.type, count)
    if isinstance(scalar, ir.Constant):
        return ir.Constant(vector, [scalar.constant] * count)
    first = builder.insert_element(ir.Constant(vector, ir.Undefined), scalar, I32(0))
    mask = ir.Constant(ir.VectorType(I32, count), [0] * count)
    return builder.shuffle_vector(first, ir.Constant(vector, ir.Undefined), mask)


def _operand(context: Any, builder: ir.IRBuilder, value: ir.Value, kind: Any, to: Lanes) -> Any:
    """Return an operand as lanes; a scalar is rounded to their type and repeated."""
    if isinstance(kind, Lanes):
        return value
    return _broadcast(builder, context.cast(builder, value, kind, to.dtype), to.count)


class _Arithmetic(AbstractTemplate):
    """Lanes with lanes or with a number, which is then rounded to the type of the lanes."""

    def generic(self, args: Any, kws: Any) -> Any:
        if len(args) != 2 or not any(isinstance(a, Lanes) for a in args):
            return None
        kind = next(a for a in args if isinstance(a, Lanes))
        if all(a == kind or isinstance(a, types.Number) for a in args):
            return signature(kind, *args)
        return None


def _add_operator(symbol: Any, method: str) -> None:
    infer_global(symbol)(type(f"_{method}", (_Arithmetic,), {}))

    def lower(context: Any, builder: ir.IRBuilder, sig: Any, args: Any) -> ir.Value:
        a, b = (_operand(context, builder, v, k, sig.return_type) for v, k in zip(args, sig.args))
        return getattr(builder, method)(a, b, flags=FUSED)

    for kinds in ((Lanes, Lanes), (Lanes, types.Number), (types.Number, Lanes)):
        lower_builtin(symbol, *kinds)(lower)


for _symbol, _method in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _add_operator(_symbol, _method)


def _vector(context: Any, kind: Lanes) -> ir.VectorType:
    return context.get_value_type(kind)


def _call(builder: ir.IRBuilder, name: str, kind: ir.Type, args: list[ir.Value]) -> ir.Value:
    """Call an LLVM intrinsic whose arguments and result are of one vector type."""
    element = "f32" if isinstance(kind.element, ir.FloatType) else "f64"
    function = cgutils.get_or_insert_function(
        builder.module,
        ir.FunctionType(kind, [kind] * len(args)),
        f"llvm.{name}.v{kind.count}{element}",
    )
    return builder.call(function, args)


def _element_pointer(builder: ir.IRBuilder, pointer: ir.Value, vector: ir.Type) -> ir.Value:
    return builder.bitcast(pointer, vector.as_pointer())


def _align(vector: ir.VectorType) -> int:
    return 4 if isinstance(vector.element, ir.FloatType) else 8


@intrinsic
def pointer(typingctx: Any, array: Any) -> Any:
    """Return the pointer to the first number of an array."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return context.make_array(sig.args[0])(context, builder, args[0]).data

    return types.CPointer(array.dtype)(array), generate


@intrinsic
def pointer_at(typingctx: Any, address: Any, like: Any) -> Any:
    """Return the pointer to an address, of the type of the pointer ``like``."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], context.get_value_type(sig.return_type))

    return like(types.int64, like), generate


@intrinsic
def shift(typingctx: Any, start: Any, count: Any) -> Any:
    """Return the pointer ``count`` numbers further."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.gep(args[0], [args[1]])

    return start(start, types.int64), generate


@intrinsic
def splat(typingctx: Any, lanes: Any, start: Any, index: Any) -> Any:
    """Return lanes that all hold the number at ``start[index]``."""
    kind = Lanes(start.dtype, len(lanes))

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        scalar = builder.load(builder.gep(args[1], [args[2]]))
        return _broadcast(builder, scalar, kind.count)

    return kind(lanes, start, types.int64), generate


@intrinsic
def constant(typingctx: Any, lanes: Any, start: Any, value: Any) -> Any:
    """Return lanes that all hold ``value``, of the type that ``start`` points to."""
    kind = Lanes(start.dtype, len(lanes))

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _operand(context, builder, args[2], sig.args[2], kind)

    return kind(lanes, start, value), generate


@intrinsic
def load(typingctx: Any, lanes: Any, start: Any, index: Any) -> Any:
    """Return the numbers from ``start[index]`` on."""
    kind = Lanes(start.dtype, len(lanes))

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        vector = _vector(context, kind)
        place = _element_pointer(builder, builder.gep(args[1], [args[2]]), vector)
        return builder.load(place, align=_align(vector))

    return kind(lanes, start, types.int64), generate


@intrinsic
def store(typingctx: Any, start: Any, index: Any, value: Any) -> Any:
    """Write lanes to ``start[index]`` and on."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        vector = args[2].type
        place = _element_pointer(builder, builder.gep(args[0], [args[1]]), vector)
        builder.store(args[2], place, align=_align(vector))
        return context.get_dummy_value()

    return types.none(start, types.int64, value), generate


def _mask(builder: ir.IRBuilder, limit: ir.Value, count: int) -> ir.Value:
    """Return which lanes come before ``limit``."""
    positions = ir.Constant(ir.VectorType(limit.type, count), list(range(count)))
    return builder.icmp_signed("<", positions, _broadcast(builder, limit, count))


def _masked(builder: ir.IRBuilder, verb: str, vector: ir.VectorType, answer: ir.Type) -> Any:
    element = "f32" if isinstance(vector.element, ir.FloatType) else "f64"
    mask = ir.VectorType(ir.IntType(1), vector.count)
    place = vector.as_pointer()
    operands = [place, I32, mask, vector] if verb == "load" else [vector, place, I32, mask]
    return cgutils.get_or_insert_function(
        builder.module,
        ir.FunctionType(answer, operands),
        f"llvm.masked.{verb}.v{vector.count}{element}.p0",
    )


@intrinsic
def load_part(typingctx: Any, lanes: Any, start: Any, index: Any, limit: Any) -> Any:
    """Return the first ``limit`` numbers from ``start[index]`` on, zeros in the other lanes."""
    kind = Lanes(start.dtype, len(lanes))

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        vector = _vector(context, kind)
        place = _element_pointer(builder, builder.gep(args[1], [args[2]]), vector)
        zero = ir.Constant(vector, [0.0] * kind.count)
        mask = _mask(builder, args[3], kind.count)
        function = _masked(builder, "load", vector, vector)
        return builder.call(function, [place, I32(_align(vector)), mask, zero])

    return kind(lanes, start, types.int64, types.int64), generate


@intrinsic
def store_part(typingctx: Any, start: Any, index: Any, value: Any, limit: Any) -> Any:
    """Write the first ``limit`` lanes to ``start[index]`` and on."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        vector = args[2].type
        place = _element_pointer(builder, builder.gep(args[0], [args[1]]), vector)
        mask = _mask(builder, args[3], vector.count)
        function = _masked(builder, "store", vector, ir.VoidType())
        builder.call(function, [args[2], place, I32(_align(vector)), mask])
        return context.get_dummy_value()

    return types.none(start, types.int64, value, types.int64), generate


@intrinsic
def root(typingctx: Any, x: Any) -> Any:
    """Return the square roots."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _call(builder, "sqrt", args[0].type, [args[0]])

    return x(x), generate


@intrinsic
def floor(typingctx: Any, x: Any) -> Any:
    """Return the greatest whole numbers that are not above."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _call(builder, "floor", args[0].type, [args[0]])

    return x(x), generate


def _choice(comparison: str) -> Any:
    """Make the code of a choice between two values by a comparison that is false for NaN."""

    def typer(typingctx: Any, x: Any, bound: Any, yes: Any, no: Any) -> Any:
        def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            xs, bounds, a, b = (_operand(context, builder, v, k, x) for v, k in zip(args, sig.args))
            return builder.select(builder.fcmp_ordered(comparison, xs, bounds), a, b)

        return x(x, bound, yes, no), generate

    return typer


@intrinsic
def where_above(typingctx: Any, x: Any, bound: Any, yes: Any, no: Any) -> Any:
    """Return ``yes`` where ``x > bound`` and ``no`` elsewhere, also where either is NaN."""
    return _choice(">")(typingctx, x, bound, yes, no)


@intrinsic
def where_below(typingctx: Any, x: Any, bound: Any, yes: Any, no: Any) -> Any:
    """Return ``yes`` where ``x < bound`` and ``no`` elsewhere, also where either is NaN."""
    return _choice("<")(typingctx, x, bound, yes, no)


@intrinsic
def total(typingctx: Any, x: Any) -> Any:
    """Return the sum over the lanes."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        vector = args[0].type
        element = "f32" if isinstance(vector.element, ir.FloatType) else "f64"
        function = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(vector.element, [vector.element, vector]),
            f"llvm.vector.reduce.fadd.v{vector.count}{element}",
        )
        zero = ir.Constant(vector.element, -0.0)
        return builder.call(function, [zero, args[0]], fastmath=SUMMED)

    return x.dtype(x), generate


@intrinsic
def power_of_two(typingctx: Any, n: Any) -> Any:
    """Return 2^n for float32 lanes that hold whole numbers from -126 to 127."""

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        vector = args[0].type
        count = vector.count
        integers = ir.VectorType(I32, count)
        exponent = builder.fptosi(args[0], integers)
        biased = builder.add(exponent, ir.Constant(integers, [127] * count))
        return builder.bitcast(builder.shl(biased, ir.Constant(integers, [23] * count)), vector)

    return n(n), generate
