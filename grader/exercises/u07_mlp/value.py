"""The class `Value`: reverse mode on any graph of sums, products and ReLUs. A bonus."""

from typing import Any

import numpy as np

from course_lib.judging.drivers.graphs import NAMES, run_program
from grader.changes import change
from grader.exercises.u07_mlp.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception

DOUBLINGS = 60
"""Through so many, 2 to this power ways lead: more than a computer walks in a lifetime."""


def value_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, program: str, signs: str, asks: str = "grads") -> Case:
        sizes = [float(f"{rng.uniform(0.6, 2.4):.3f}") for _ in signs]
        leaves = np.array([{"+": x, "-": -x, "0": 0.0}[sign] for x, sign in zip(sizes, signs, strict=True)])
        return Case(label, group, {"leaves": leaves, "program": program, "asks": asks})

    def number() -> str:
        return f"{rng.uniform(1.5, 4):.2f}"

    names = ["a", *(f"p{k}" for k in range(1, DOUBLINGS + 1))]
    doublings = "; ".join(f"{new} = {old} + {old}" for old, new in zip(names, names[1:], strict=False))
    chain = case("60 doublings", "order", f"{doublings}; J = {names[-1]} * b", "+-")
    chain.inputs["leaves"][0] *= 2.0**-DOUBLINGS
    open_ones = [
        case(f"J = relu(a b) c, a b positive and {size}", "slopes", "p = a * b; q = p.relu(); J = q * c", "--+")
        for size in ("below 1", "above 1")
    ]
    for each, factor in zip(open_ones, (0.2, 2.0), strict=True):
        each.inputs["leaves"][:2] *= factor
    return [
        case("J = a b + c", "forward", "p = a * b; J = p + c", "+-+", "value"),
        case("J = (a + b) c, a and c negative", "forward", "p = a + b; J = p * c", "-+-", "value"),
        case("J = relu(a b) + c, a b positive", "forward", "p = a * b; q = p.relu(); J = q + c", "--+", "value"),
        case("J = relu(a b) + c, a b negative", "forward", "p = a * b; q = p.relu(); J = q + c", "+-+", "value"),
        case("J = a b", "slopes", "J = a * b", "+-"),
        case("J = (a + b) c", "slopes", "p = a + b; J = p * c", "-+-"),
        case("J = a b c d", "slopes", "p = a * b; q = p * c; J = q * d", "+-+-"),
        *open_ones,
        case("J = relu(a b) c, a b negative", "slopes", "p = a * b; q = p.relu(); J = q * c", "+-+"),
        case("J = relu(a) b, a is 0", "slopes", "p = a.relu(); J = p * b", "0+"),
        case("J = (a + a) b", "uses", "p = a + a; J = p * b", "+-"),
        case("J = a a", "uses", "J = a * a", "-"),
        case("J = a b + a", "uses", "p = a * b; J = p + a", "+-"),
        case("J = relu(a) a b, a positive", "uses", "p = a.relu(); q = p * a; J = q * b", "+-"),
        case("J = a a a", "uses", "p = a * a; J = p * a", "-"),
        case("J = p + p c with p = a b", "order", "p = a * b; q = p * c; J = p + q", "+-+"),
        case("J = p c + p with p = a b", "order", "p = a * b; q = p * c; J = q + p", "-++"),
        case("a short way and a long one", "order", "p = a + b; q = p * c; r = q * q; s = r + q; J = p * s", "+-+"),
        case(
            "two diamonds, one behind the other",
            "order",
            "p = a * b; q = p + p; r = q + p; s = r * c; t = r * s; J = s + t",
            "++-",
        ),
        chain,
        case("a number on the right", "constants", f"p = a + {number()}; q = p * {number()}; J = q * b", "+-"),
        case("a number on the left", "constants", f"p = {number()} * a; q = {number()} + p; J = q * b", "-+"),
        case("a sum that begins with 0, as Python's sum does", "constants", "p = 0 + a; q = p + b; J = q * c", "+-+"),
        case("backward() twice", "again", "p = a * b; J = p * c", "+-+", "again"),
        case("backward() twice, with a ReLU", "again", "p = a * b; q = p.relu(); J = q * c", "--+", "again"),
        case("then backward() from another result", "again", "p = a * b; K = p * c; J = p + c", "+-+", "other"),
        case("J = relu(a b) + c: the values afterwards", "again", "p = a * b; q = p.relu(); J = q + c", "-++", "data"),
    ]


def value_oracle(leaves: np.ndarray, program: str, asks: str) -> tuple[Any, ...]:
    """The same program on torch's numbers, in float64, differentiated by torch.autograd."""
    import torch

    tensors = [torch.tensor(float(x), dtype=torch.float64, requires_grad=True) for x in leaves]
    nodes = run_program(program, dict(zip(NAMES, tensors, strict=False)))
    result = list(nodes.values())[-1]
    if asks == "value":
        return result.item(), None, None
    if asks == "data":
        return None, None, {name: node.item() for name, node in nodes.items()}
    names = [name for name in nodes if asks != "other" or name in NAMES]
    found = torch.autograd.grad(result, [nodes[name] for name in names])
    return None, {name: grad.item() for name, grad in zip(names, found, strict=True)}, None


class Value:
    def __init__(self, data, parents=(), slopes=()):
        self.data, self.grad = float(data), 0.0
        self.parents, self.slopes = parents, slopes

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        total = self.data + other.data
        return Value(total, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        second = other if isinstance(other, Value) else Value(other)
        product = self.data * second.data
        return Value(product, (self, second), (second.data, self.data))

    __radd__, __rmul__ = __add__, __mul__

    def relu(self):
        slope = 1.0 if self.data > 0 else 0.0
        return Value(max(self.data, 0.0), (self,), (slope,))

    def backward(self):
        order, seen = [], set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                for parent in node.parents:
                    visit(parent)
                order.append(node)

        visit(self)
        for node in order:
            node.grad = 0.0
        self.grad = 1.0
        for node in reversed(order):
            for parent, slope in zip(node.parents, node.slopes, strict=True):
                parent.grad += slope * node.grad


class ValueOfClosures:
    def __init__(self, data, parents=()):
        self.data, self.grad, self.parents, self.pull = float(data), 0, list(parents), lambda: None

    def __add__(self, other):
        other = other if isinstance(other, ValueOfClosures) else ValueOfClosures(other)
        out = ValueOfClosures(self.data + other.data, (self, other))

        def pull():
            self.grad += out.grad
            other.grad += out.grad

        out.pull = pull
        return out

    def __mul__(self, other):
        other = other if isinstance(other, ValueOfClosures) else ValueOfClosures(other)
        out = ValueOfClosures(self.data * other.data, (self, other))

        def pull():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out.pull = pull
        return out

    def __radd__(self, other):
        return self + other

    def __rmul__(self, other):
        return self * other

    def relu(self):
        out = ValueOfClosures(0 if self.data < 0 else self.data, (self,))

        def pull():
            self.grad += (out.data > 0) * out.grad

        out.pull = pull
        return out

    def sorted_below(self, seen):
        found = []
        if self not in seen:
            seen.add(self)
            for parent in self.parents:
                found += parent.sorted_below(seen)
            found.append(self)
        return found

    def backward(self):
        order = self.sorted_below(set())
        for node in order:
            node.grad = 0
        self.grad = 1
        for node in order[::-1]:
            node.pull()


class ValueByUses:
    """Counts how often each Value is used, and handles it when all of its uses are done."""

    def __init__(self, data, made_from=()):
        self.data, self.grad, self.made_from = float(data), 0.0, list(made_from)

    def __add__(self, other):
        if not isinstance(other, ValueByUses):
            return ValueByUses(self.data + other, [(self, 1.0)])
        return ValueByUses(self.data + other.data, [(self, 1.0), (other, 1.0)])

    def __mul__(self, other):
        if not isinstance(other, ValueByUses):
            return ValueByUses(self.data * other, [(self, other)])
        return ValueByUses(self.data * other.data, [(self, other.data), (other, self.data)])

    __radd__, __rmul__ = __add__, __mul__

    def relu(self):
        return ValueByUses(np.maximum(self.data, 0), [(self, np.heaviside(self.data, 0))])

    def backward(self):
        uses, waiting = {self: 0}, [self]
        while waiting:
            node = waiting.pop()
            node.grad = 0.0
            for parent, _ in node.made_from:
                if parent not in uses:
                    waiting.append(parent)
                uses[parent] = uses.get(parent, 0) + 1
        self.grad, ready = 1.0, [self]
        while ready:
            node = ready.pop()
            for parent, slope in node.made_from:
                parent.grad += slope * node.grad
                uses[parent] -= 1
                if uses[parent] == 0:
                    ready.append(parent)


class ValueAlongEveryWay:
    """Right, and never done: the gradient is the sum over all ways, and it walks along each of them."""

    def __init__(self, data, parents=(), slopes=()):
        self.data, self.grad, self.parents, self.slopes = float(data), 0.0, parents, slopes

    def __add__(self, other):
        other = other if isinstance(other, ValueAlongEveryWay) else ValueAlongEveryWay(other)
        return ValueAlongEveryWay(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, ValueAlongEveryWay) else ValueAlongEveryWay(other)
        return ValueAlongEveryWay(self.data * other.data, (self, other), (other.data, self.data))

    __radd__, __rmul__ = __add__, __mul__

    def relu(self):
        return ValueAlongEveryWay(max(0.0, self.data), (self,), (float(self.data > 0),))

    def clear(self):
        self.grad = 0.0
        for parent in self.parents:
            parent.clear()

    def backward(self):
        self.clear()
        self.walk(1.0)

    def walk(self, amount):
        self.grad += amount
        for parent, slope in zip(self.parents, self.slopes, strict=True):
            parent.walk(slope * amount)


PUSHED = "parent.grad += slope * node.grad"
EVERY_WAY = (
    "Your way back walks along every path through the graph, and comes to a Value as often as paths lead to it. After "
    "60 "
    "doublings these are 2 to the 60. Handle each Value once, when all that it was used in has been handled."
)

VALUE = Exercise(
    name="Value",
    unit=UNIT,
    returns=("value", "grads", "data"),
    driver="number_graph",
    bonus=True,
    groups=(
        Group("forward", "computes sums, products and ReLUs", 1, hint=1),
        Group("slopes", "gives each operation its local slopes, and multiplies along a way", 2, hint=2),
        Group("uses", "adds up what comes back where a Value is used several times", 2, hint=3),
        Group("order", "handles each Value once, when all that it was used in is done", 2, hint=4),
        Group("constants", "takes plain numbers on either side", 1, hint=1),
        Group("again", "starts from zero at every call, and leaves all values as they are", 2, hint=5),
    ),
    cases=value_cases,
    reference=value_oracle,
    misconceptions=(
        Misconception(
            "overwrites",
            change(Value, PUSHED, "parent.grad = slope * node.grad"),
            "Where a Value is used several times, the gradient of the last use overwrites those before. A small change "
            "of the value reaches the result through every use: what comes back adds up.",
            hint=3,
        ),
        Misconception(
            "from_the_top_at_once",
            change(
                Value,
                "seen.add(node)\n",
                "seen.add(node)\n                order.insert(0, node)\n",
                "                order.append(node)\n",
                "",
            ),
            "You go on into a Value as soon as you meet it, and pass on what has arrived by then. If it was used in "
            "two places, the second part comes too late and never gets further. First all of its uses, then the Value "
            "itself.",
            hint=4,
        ),
        Misconception(
            "layer_by_layer",
            change(
                Value,
                "        visit(self)\n",
                "        order = [self]\n        for node in order:\n"
                "            order += [p for p in dict.fromkeys(node.parents) if p not in order]\n"
                "        order.reverse()\n",
            ),
            "You handle the Values by their distance from the result, the near ones first. One that is used near the "
            "result and once more far from it then passes on only a part. What counts is that all of its uses are "
            "done.",
            hint=4,
        ),
        Misconception(
            "forward_again",
            change(Value, "in reversed(order)", "in order"),
            "Your way back begins at the leaves, where no gradient has arrived yet: zeros are multiplied. It begins at "
            "the result, and meets each Value before those that it was made from.",
            hint=4,
        ),
        Misconception("along_every_way", ValueAlongEveryWay, EVERY_WAY, hint=4),
        Misconception(
            "never_seen",
            change(Value, "if node not in seen:", "if True:"),
            "Your list holds a Value once for every path that leads to it, so what it passes on is counted several "
            "times, and after 60 doublings the list has no end. Each Value stands in the list once.",
            hint=4,
        ),
        Misconception(
            "tuple_without_comma",
            change(Value, "(self,), (slope,))", "(self), (slope))"),
            "Your ReLU hands over its operand and its slope without a comma: (self) is just self. A tuple of one is "
            "(self,).",
            hint=1,
        ),
        Misconception(
            "overwrites_in_products",
            change(
                ValueOfClosures,
                "self.grad += other.data * out.grad",
                "self.grad = other.data * out.grad",
                "other.grad += self.data * out.grad",
                "other.grad = self.data * out.grad",
            ),
            "Your products overwrite what had come back to their factors before, where your other operations add. A "
            "factor may have been used elsewhere as well, or twice in this product.",
            hint=3,
        ),
        Misconception(
            "overwrites_in_relu",
            change(ValueOfClosures, "self.grad += (out.data > 0)", "self.grad = (out.data > 0)"),
            "Your ReLU overwrites what had come back to its input before. ReLU has only one input, but that may be "
            "used "
            "elsewhere as well: add here, too.",
            hint=3,
        ),
        Misconception(
            "a_number_has_slope_one",
            change(ValueByUses, "[(self, other)])", "[(self, 1.0)])"),
            "When a Value is multiplied by a plain number, your slope is 1. Make v a little larger: 3 v grows three "
            "times as much. The slope is the number.",
            hint=2,
        ),
        Misconception(
            "no_seed",
            change(Value, "        self.grad = 1.0\n", ""),
            "All your gradients are 0: nothing starts the way back. The result changes by 1 when it itself changes by "
            "1, so its own gradient is 1.",
            hint=2,
            about=("grads",),
        ),
        Misconception(
            "seed_is_the_value",
            change(Value, "self.grad = 1.0", "self.grad = self.data"),
            "Your way back starts from the result's value. It starts from how fast the result changes with itself, "
            "which is 1, whatever the value.",
            hint=2,
            about=("grads",),
        ),
        Misconception(
            "own_value",
            change(Value, "(second.data, self.data))", "(self.data, second.data))"),
            "In a product, each factor gets its own value as its slope. Make a a little larger: the product a b grows "
            "by b times as much. The slope is the *other* factor.",
            hint=2,
        ),
        Misconception(
            "slopes_of_a_sum",
            change(Value, "(second.data, self.data))", "(1.0, 1.0))"),
            "Your product has the slopes of a sum, 1 and 1. Make a a little larger: the product a b grows by b times "
            "as much.",
            hint=2,
        ),
        Misconception(
            "relu_lets_all_back",
            change(Value, "1.0 if self.data > 0 else 0.0", "1.0"),
            "Your ReLU passes every gradient, also where its input was negative. There the output stays 0 whatever the "
            "input does, so the slope is 0.",
            hint=2,
        ),
        Misconception(
            "relu_passes_at_zero",
            change(Value, "self.data > 0 else", "self.data >= 0 else"),
            "At an input of exactly 0 your ReLU passes the gradient. There is a kink; here as everywhere in this unit "
            "the slope at 0 is 0.",
            hint=2,
        ),
        Misconception(
            "relu_slope_is_the_value",
            change(Value, "1.0 if self.data > 0", "self.data if self.data > 0"),
            "Your ReLU's slope is the value that came in. Where the input is positive, the output follows it step for "
            "step: the slope is 1.",
            hint=2,
        ),
        Misconception(
            "leaky",
            change(Value, "else 0.0", "else 0.01"),
            "Your ReLU lets a hundredth of the gradient through where its input was not positive. That is the way back "
            "of a leaky ReLU; this one is flat there, with a slope of 0.",
            hint=2,
        ),
        Misconception(
            "slopes_alone",
            change(Value, PUSHED, "parent.grad += slope"),
            "Each Value gets the local slope, and nothing of what came from above. Along a way slopes multiply: the "
            "local one times the gradient that has arrived.",
            hint=2,
        ),
        Misconception(
            "hands_the_gradient_on",
            change(Value, PUSHED, "parent.grad += node.grad"),
            "You hand the gradient on as it came. On its way through an operation it is multiplied by that operation's "
            "local slope.",
            hint=2,
        ),
        Misconception(
            "adds_slopes",
            change(Value, PUSHED, "parent.grad += slope + node.grad"),
            "You add the local slope to the gradient that came from above. Along a way slopes multiply; adding is for "
            "different ways that meet in one Value.",
            hint=2,
        ),
        Misconception(
            "stays_from_the_last_call",
            change(Value, "            node.grad = 0.0\n", "            pass\n"),
            "Your gradients are right at the first call and then add to what was there. Before the way back, set the "
            "grad of everything in this graph to 0: each call is to tell of this result alone.",
            hint=5,
            about=("grads",),
        ),
        Misconception(
            "sum_in_place",
            change(Value, "return Value(total, (self, other), (1.0, 1.0))", "self.data = total\n        return self"),
            "Your sum writes into its first operand and returns it: there is no new Value, and the old number is lost. "
            "Every operation makes a new Value that remembers its operands.",
            hint=1,
        ),
        Misconception(
            "relu_in_place",
            change(
                Value,
                "return Value(max(self.data, 0.0), (self,), (slope,))",
                "self.data = max(self.data, 0.0)\n        return self",
            ),
            "Your ReLU changes the Value that it is asked of and returns it. So the graph has no ReLU in it, and on "
            "the way back nothing stops a gradient. Make a new Value.",
            hint=1,
        ),
        Misconception(
            "sum_forgets",
            change(Value, "(total, (self, other), (1.0, 1.0))", "(total)"),
            "Your sums are right and do not remember what they were made of: the way back ends there.",
            hint=1,
            about=("grads",),
        ),
        Misconception(
            "product_forgets",
            change(Value, "(product, (self, second), (second.data, self.data))", "(product)"),
            "Your products are right and do not remember what they were made of: the way back ends there.",
            hint=1,
            about=("grads",),
        ),
        Misconception(
            "relu_forgets",
            change(Value, "(max(self.data, 0.0), (self,), (slope,))", "(max(self.data, 0.0))"),
            "Your ReLU's value is right and does not remember what it was made of: the way back ends there.",
            hint=1,
            about=("grads",),
        ),
        Misconception(
            "descends",
            change(Value, PUSHED, PUSHED + "\n                parent.data -= 0.01 * slope * node.grad"),
            "Your backward changes the values as well, as if it were a training step. It only tells how fast the "
            "result changes; whether to take a step, and how long, is up to an optimizer.",
            hint=5,
            about=("data",),
        ),
        Misconception(
            "numbers_are_not_wrapped_in_products",
            change(Value, "second = other if isinstance(other, Value) else Value(other)", "second = other"),
            "Your product takes for granted that its second factor is a Value. In v * 2 it is a plain number, which "
            "has no data: make a Value of it first.",
            hint=1,
        ),
        Misconception(
            "numbers_are_not_wrapped_in_sums",
            change(Value, "        other = other if isinstance(other, Value) else Value(other)\n", ""),
            "Your sum takes for granted that its second term is a Value. In v + 2 it is a plain number, which has no "
            "data: make a Value of it first.",
            hint=1,
        ),
    ),
    also_right=(
        Value,
        ValueOfClosures,
        ValueByUses,
        change(
            Value,
            "self.parents, self.slopes = parents, slopes",
            "self.parents, self.slopes = parents, slopes\n"
            "        self.age = 1 + max((parent.age for parent in parents), default=0)",
            "reversed(order)",
            "sorted(order, key=lambda node: -node.age)",
        ),
        change(Value, "node not in seen", "id(node) not in seen", "seen.add(node)", "seen.add(id(node))"),
        change(
            Value, "1.0 if self.data > 0 else 0.0", "self.data > 0", "max(self.data, 0.0)", "np.maximum(0, self.data)"
        ),
        change(Value, "float(data), 0.0", "data, None", "self.grad = 1.0", "self.grad = 1"),
    ),
    forbidden=("torch",),
)
