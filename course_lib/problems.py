"""Why a case gave no usable value, as sentences for whoever wrote the code.

Each is made of a few plain parts, so that the grader can make it again itself: what a learner's process says in its
own words may hold a private input.
"""

from __future__ import annotations

from course_lib.reference import Problem

LOOK = "Read the line with the case's inputs in mind."
WHOLE_NUMBERS = "An array of whole numbers cannot take fractions in place: make a new array of floats."
ARGUMENTS = "Keep the arguments as the exercise gave them: same number, same order."
ADVICE = {
    "NameError": "Is the name spelled as where you defined it, and defined before this line?",
    "IndexError": "An index is past the end: print the array's shape just before this line.",
    "KeyError": "Print the dict's keys just before this line.",
    "ZeroDivisionError": "Which value is zero here, and should it be?",
    "AttributeError": "Is the object of the type that you think? Print type(...) just before this line.",
    "TypeError": "Look at the types and the number of the arguments on this line.",
    "ValueError": "Print the shapes of the arrays just before this line.",
    "MemoryError": "An array became far larger than this exercise needs: print the shapes.",
}
KINDS = {
    "bfloat16": "is a tensor of bfloat16 or less, which holds 3 digits at most: return `.float()` of it.",
    "complex": "holds complex numbers; real ones are expected. If their imaginary part is 0, return `.real` of it.",
    "decimal": "holds numbers of type Decimal: compute in floats, or return `float(...)` of each.",
    "deep": "cannot be compared: it is nested far too deep. Does a list hold itself?",
    "fraction": "holds numbers of type Fraction: compute in floats, or return `float(...)` of each.",
    "function": "is a function or a class, or holds one: call it, with parentheses, and return what comes back.",
    "generator": "is a generator or another view that holds no values itself: return a list or an array of its values.",
    "keys": "is a dict whose keys are not plain names: use short texts as keys.",
    "large": "is an array that is far too large for this exercise: print the shapes.",
    "long": "cannot be compared: it is far too long. Return an array.",
    "masked": "is a masked array, some of whose values are hidden: return a plain array, such as `.filled(0)` of it.",
    "none": "holds None where a number is expected: was no value given for it, on some path?",
    "number": "holds a whole number of more than 64 bits: compute in floats.",
    "ragged": "has rows of different lengths, which make no array: give every row the same length.",
    "set": "is a set, whose values have no order: return a list or an array.",
    "sparse": "is a sparse matrix: return a full array, `.toarray()` or `.to_dense()` of it.",
    "table": "is a table or a column of a data frame: return its array, `.to_numpy()`.",
    "tensor": "is a tensor whose values cannot be had, such as one on the device meta: return one with values.",
}
"""What is said of a value that cannot be compared, by its kind: whole sentences, which the grader can say as well."""


def missing(name: str) -> Problem:
    """The notebook does not define the object."""
    return Problem(
        "missing",
        f"There is no {name} here. Run the cell that defines it; if the cell is gone, "
        "copy it back from the unit's fresh notebook.",
    )


def not_started(name: str) -> Problem:
    """The stub is still there."""
    return Problem("not_started", f"{name} is not written yet. Replace the line `raise NotImplementedError(...)`.")


def open_question(question: str) -> Problem:
    """A quiz's question still has its dots."""
    return Problem("not_started", f"{question} waits for your answer: put a letter in place of its dots.")


def waits_for(name: str, other: str) -> Problem:
    """The code calls another exercise's stub."""
    return Problem("not_started", f"{name} calls your {other}, which is not written yet.", detail=other)


def returned_nothing(name: str, printed: bool) -> Problem:
    """None came back; `printed`: a value was printed instead."""
    if printed:
        return Problem(
            "returned_nothing",
            f"{name} printed a value but returned nothing. print shows a number to a person; "
            "return hands it to whoever called. End the function with a return line.",
        )
    return Problem(
        "returned_nothing",
        f"{name} returned nothing (None). Does it end with a return line, on every path?",
    )


def wrong_count(name: str, returns: tuple[str, ...], got: int | None) -> Problem:
    """Another number of values came back; `got` is None for something that is no tuple."""
    count = "one value" if got is None else f"{got} values"
    return Problem(
        "wrong_count", f"{name} should return {len(returns)} things, ({', '.join(returns)}), and returned {count}."
    )


def incomparable(output: str | None, kind: str = "", reason: str = "") -> Problem:
    """A value of a kind that cannot be compared, one of `KINDS`; `output` is None where there is only one.

    reason: what is known of one whose kind has no sentence.
    """
    what = "What it returns" if output is None else f"Its `{output}`"
    because = f": {reason}" if reason else ""
    other = f"cannot be compared{because}. Return plain arrays and numbers."
    return Problem("wrong_type", f"{what} {KINDS.get(kind, other)}")


def mutated(name: str, argument: str) -> Problem:
    """An argument has other values after the call."""
    return Problem(
        "mutated",
        f"{name} changed its argument `{argument}` in place: whoever called it finds other numbers "
        "than before. Work on a new array (an expression such as `a - b` makes one; `a -= b` changes `a` itself).",
        detail=argument,
    )


def interrupted(name: str, line: int | None, code: str | None) -> Problem:
    """The cell's time was up."""
    sentence = f"{name} was stopped before it finished; it was at {_where(line, code)}. Does a loop there never end?"
    return Problem("interrupted", sentence, line, code)


def raised(
    name: str, kind: str, line: int | None, code: str | None, text: str = "", advice: str | None = None
) -> Problem:
    """An exception. `kind` is its type's name, `text` its first line, `advice` one of the sentences above."""
    where = _where(line, code)
    if kind == "RecursionError":
        sentence = f"{name} calls itself without end, at {where}. Which call should stop it?"
    elif kind == "SystemExit":
        sentence = f"{name} calls exit() at {where}; use return to leave a function."
    else:
        what = f"{kind}: {text}" if text else kind
        sentence = f"{name} stopped at {where} with {what}. {advice or ADVICE.get(kind, LOOK)}"
    return Problem("raised", sentence, line, code, kind)


def _where(line: int | None, code: str | None) -> str:
    return f"line {line} of your cell, `{code}`" if code else "your code"
