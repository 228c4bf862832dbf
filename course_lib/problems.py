"""Why a case gave no usable value, as sentences for whoever wrote the code.

Each is made of a few plain parts, so that the grader can make it again itself: what a learner's process says in its
own words may hold a private input.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from course_lib.reference import Problem

LOOK = "Read the line with the case's inputs in mind."
WHOLE_NUMBERS = "An array of whole numbers cannot take fractions in place: make a new array of floats."
ARGUMENTS = "Keep the arguments as the exercise gave them: same number, same order."
NOBODY = (
    "Nobody answers an input() while a check or the grader runs your code: take what it needs from its arguments, "
    "or write the value into the code."
)
PACKAGES = "Use what the unit's first cell imports: where your work is graded, other packages may not be there."
ADVICE = {
    "NameError": "Is the name spelled as where you defined it, and defined before this line?",
    "IndexError": "An index is past the end: print the array's shape just before this line.",
    "KeyError": "Print the dict's keys just before this line.",
    "ZeroDivisionError": "Which value is zero here, and should it be?",
    "AttributeError": "Is the object of the type that you think? Print type(...) just before this line.",
    "TypeError": "Look at the types and the number of the arguments on this line.",
    "ValueError": "Print the shapes of the arrays just before this line.",
    "SystemExit": "exit() and quit() end the cell there: take the call out.",
    "EOFError": NOBODY,
    "StdinNotImplementedError": NOBODY,
    "ModuleNotFoundError": PACKAGES,
    "ImportError": PACKAGES,
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

SHORT = {
    "missing": "not defined",
    "interrupted": "it ran too long",
    "returned_nothing": "returned nothing",
    "wrong_count": "returned another number of values",
    "wrong_type": "returned no numbers",
}
CHARACTERS = {"\u00a0": "a no-break space", "\u200b": "a zero-width space", "\uff1a": "a full-width colon"}
PLAIN = {"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "−": "-", "–": "-", "—": "-", "×": "*", "÷": "/"}


def missing(name: str) -> Problem:
    """The notebook does not define the object."""
    return Problem(
        "missing",
        f"There is no {name} here. Run the cell that defines it; if the cell is gone, "
        "copy it back from the unit's fresh notebook.",
    )


def not_defined(name: str, kind: str, line: int | None, code: str | None, text: str = "", advice: str = "") -> Problem:
    """The cell that defines the object ended with an error before it was defined."""
    what = f"{kind}: {text}" if text else kind
    if kind == "KeyboardInterrupt":
        what, advice = "KeyboardInterrupt: it took too long, or was stopped by hand", "Does a loop there never end?"
    where = f" at line {line}, `{code}`," if code else ""
    sentence = f"There is no {name} here: its cell stopped{where} with {what.rstrip('.')}. {advice}".rstrip()
    return Problem("missing", sentence, line, code, f"{kind} in line {line}" if code else kind)


def misspelt(name: str, near: str, line: int, code: str | None) -> Problem:
    """Only a name that is spelled otherwise is there."""
    where = f" (line {line} of your cell, `{code}`)" if code else ""
    sentence = f"There is no {name} here, but there is {near}{where}. Spell it {name}, letter for letter."
    return Problem("missing", sentence, line, code, f"spelled {near}"[:80])


def nested(name: str, outer: str, line: int, code: str | None) -> Problem:
    """It is defined inside of something else."""
    sentence = (
        f"There is no {name} here: line {line} of its cell, `{code}`, defines it inside of {outer}, where nothing else "
        "sees it. Move it to the left, so that it begins where the line begins."
    )
    return Problem("missing", sentence, line, code, f"defined inside of {outer}"[:80])


def deleted(name: str, line: int, code: str | None) -> Problem:
    """It was there, and was taken away."""
    sentence = (
        f"There is no {name} here any more: line {line} of a cell, `{code}`, deletes it. "
        "Take that line out and run the cell that defines it again."
    )
    return Problem("missing", sentence, line, code, "deleted again")


def unreached(name: str, line: int, code: str | None) -> Problem:
    """A definition is in its cell's text, and there is no object all the same."""
    sentence = (
        f"There is no {name} here: line {line} of its cell, `{code}`, defines it, but was not run, or the name was "
        "taken away again. Let the line begin at the left, under no condition."
    )
    return Problem("missing", sentence, line, code, "its definition was not run")


def not_run_by(name: str, magic: str) -> Problem:
    """The cell begins with a magic that does not run it as a part of the notebook."""
    sentence = (
        f"There is no {name} here: its cell begins with %%{magic}, so what stands below does not become a part of the "
        f"notebook. Take the line %%{magic} out."
    )
    return Problem("missing", sentence, detail=f"below %%{magic}"[:80])


def no_definition(name: str, why: str) -> Problem:
    """Its cell holds something else."""
    sentence = f"There is no {name} here: {why}. Write it there, under the name {name}, letter for letter."
    return Problem("missing", sentence, detail=why[:80])


def other_meaning(name: str, was: str, line: int, code: str | None) -> Problem:
    """The name stands for a value; `was`: "def" or "class", if it stood for one of these before."""
    if was:
        sentence = (
            f"{name} is no longer your {'function' if was == 'def' else 'class'}: line {line} of a cell, `{code}`, "
            f"gave the name another meaning. Give that value another name, and run the cell that defines {name} again."
        )
    else:
        sentence = (
            f"{name} is not what the exercise asks for: line {line} of a cell, `{code}`, makes it another kind of "
            f"value. Write {name} as its cell was handed out."
        )
    return Problem("missing", sentence, line, code, "its name means something else")


def strange_character(character: str) -> str:
    """What to do about a character that Python does not take."""
    name = CHARACTERS.get(character) or unicodedata.name(character, "").lower().replace("fullwidth", "full-width")
    plain = PLAIN.get(character) or unicodedata.normalize("NFKC", character)
    if plain == " ":
        instead = "Put an ordinary space in its place"
    elif plain != character and plain.isascii() and plain.isprintable():
        instead = f"Put a plain `{plain}` in its place"
    else:
        instead = "Take it out"
    what = f", {name}," if name else ""
    return f"The character U+{ord(character):04X}{what} comes from a web page or another keyboard. {instead}."


def no_package(package: str) -> str:
    """What to do about a package that cannot be imported."""
    return f"The package {package} is not there: do without it, with what the unit's first cell imports."


def shadowed(name: str, was: str, now: str, line: int | None = None, code: str | None = None) -> str:
    """A name that the course's first cell brought means something else."""
    where = f": line {line} of a cell, `{code}`, gave it another meaning" if code else ""
    return (
        f"`{name}` is no longer {was} here; it is {now}{where}. "
        f"Give yours another name, then run the cell again that imports {name}."
    )


def gone(names: Sequence[str]) -> str:
    """Names that the course's first cell brought were deleted."""
    listed = ", ".join(f"`{name}`" for name in names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    what = "a name" if len(names) == 1 else "names"
    return f"{listed}: {what} that this notebook needs, deleted by now. Run its first cell again, and go on from there."


def short(problem: Problem) -> str:
    """A problem in a few words, for a table."""
    if problem.kind in ("missing", "interrupted") and problem.detail:
        return problem.detail
    if problem.kind == "forbidden":
        return f"leaves the work to {problem.detail or 'a library'}"
    if problem.kind == "raised":
        return f"{problem.detail or 'an error'}{f' in line {problem.line}' if problem.line else ''}"
    return SHORT.get(problem.kind, "")


def no_answer(why: str, in_short: str) -> Problem:
    """While grading: nothing came from the check itself."""
    return Problem("interrupted", f"The check of this exercise gave no answer: {why}", detail=in_short)


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
