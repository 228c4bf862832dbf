"""Why a case gave no usable value, as sentences for whoever wrote the code.

Each is made of a few plain parts, so that the grader can make it again itself: what a learner's process says in its
own words may hold a private input.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from course_lib.judging.outcome import Problem
from course_lib.sentences import say

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
        say(
            "There is no {name} here. Run the cell that defines it; if the cell is gone, "
            "copy it back from the unit's fresh notebook.",
            name=name,
        ),
    )


def not_defined(name: str, kind: str, line: int | None, code: str | None, text: str = "", advice: str = "") -> Problem:
    """The cell that defines the object ended with an error before it was defined."""
    what = _error(kind, text)
    if kind == "KeyboardInterrupt":
        what = say("KeyboardInterrupt: it took too long, or was stopped by hand")
        advice = say("Does a loop there never end?")
    if code:
        template = "There is no {name} here: its cell stopped at line {line}, `{code}`, with {what}. {advice}"
    else:
        template = "There is no {name} here: its cell stopped with {what}. {advice}"
    sentence = say(template, name=name, line=line, code=code, what=what.rstrip("."), advice=advice).rstrip()
    return Problem("missing", sentence, line, code, f"{kind} in line {line}" if code else kind)


def misspelt(name: str, near: str, line: int, code: str | None) -> Problem:
    """Only a name that is spelled otherwise is there."""
    if code:
        template = (
            "There is no {name} here, but there is {near} (line {line} of your cell, `{code}`). "
            "Spell it {name}, letter for letter."
        )
    else:
        template = "There is no {name} here, but there is {near}. Spell it {name}, letter for letter."
    sentence = say(template, name=name, near=near, line=line, code=code)
    return Problem("missing", sentence, line, code, f"spelled {near}"[:80])


def nested(name: str, outer: str, line: int, code: str | None) -> Problem:
    """It is defined inside of something else."""
    template = (
        "There is no {name} here: line {line} of its cell, `{code}`, defines it inside of {outer}, where nothing else "
        "sees it. Move it to the left, so that it begins where the line begins."
    )
    sentence = say(template, name=name, outer=outer, line=line, code=code)
    return Problem("missing", sentence, line, code, f"defined inside of {outer}"[:80])


def deleted(name: str, line: int, code: str | None) -> Problem:
    """It was there, and was taken away."""
    template = (
        "There is no {name} here any more: line {line} of a cell, `{code}`, deletes it. "
        "Take that line out and run the cell that defines it again."
    )
    return Problem("missing", say(template, name=name, line=line, code=code), line, code, "deleted again")


def unreached(name: str, line: int, code: str | None) -> Problem:
    """A definition is in its cell's text, and there is no object all the same."""
    template = (
        "There is no {name} here: line {line} of its cell, `{code}`, defines it, but was not run, or the name was "
        "taken away again. Let the line begin at the left, under no condition."
    )
    sentence = say(template, name=name, line=line, code=code)
    return Problem("missing", sentence, line, code, "its definition was not run")


def not_run_by(name: str, magic: str) -> Problem:
    """The cell begins with a magic that does not run it as a part of the notebook."""
    template = (
        "There is no {name} here: its cell begins with %%{magic}, so what stands below does not become a part of the "
        "notebook. Take the line %%{magic} out."
    )
    return Problem("missing", say(template, name=name, magic=magic), detail=f"below %%{magic}"[:80])


def no_definition(name: str, why: str) -> Problem:
    """Its cell holds something else."""
    template = "There is no {name} here: {why}. Write it there, under the name {name}, letter for letter."
    return Problem("missing", say(template, name=name, why=why), detail=why[:80])


def other_meaning(name: str, was: str, line: int, code: str | None) -> Problem:
    """The name stands for a value; `was`: "def" or "class", if it stood for one of these before."""
    gave = (
        "line {line} of a cell, `{code}`, gave the name another meaning. "
        "Give that value another name, and run the cell that defines {name} again."
    )
    template = {
        "def": "{name} is no longer your function: " + gave,
        "class": "{name} is no longer your class: " + gave,
    }.get(
        was,
        "{name} is not what the exercise asks for: line {line} of a cell, `{code}`, makes it another kind of value. "
        "Write {name} as its cell was handed out.",
    )
    sentence = say(template, name=name, line=line, code=code)
    return Problem("missing", sentence, line, code, "its name means something else")


def strange_character(character: str) -> str:
    """What to do about a character that Python does not take."""
    name = CHARACTERS.get(character) or unicodedata.name(character, "").lower().replace("fullwidth", "full-width")
    plain = PLAIN.get(character) or unicodedata.normalize("NFKC", character)
    if plain == " ":
        instead = say("Put an ordinary space in its place")
    elif plain != character and plain.isascii() and plain.isprintable():
        instead = say("Put a plain `{plain}` in its place", plain=plain)
    else:
        instead = say("Take it out")
    template = (
        "The character {code}, {name}, comes from a web page or another keyboard. {instead}."
        if name
        else "The character {code} comes from a web page or another keyboard. {instead}."
    )
    return say(template, code=f"U+{ord(character):04X}", name=name, instead=instead)


def no_package(package: str) -> str:
    """What to do about a package that cannot be imported."""
    return say(
        "The package {package} is not there: do without it, with what the unit's first cell imports.", package=package
    )


def shadowed(name: str, was: str, now: str, line: int | None = None, code: str | None = None) -> str:
    """A name that the course's first cell brought means something else."""
    template = (
        "`{name}` is no longer {was} here; it is {now}: line {line} of a cell, `{code}`, gave it another meaning. "
        if code
        else "`{name}` is no longer {was} here; it is {now}. "
    ) + "Give yours another name, then run the cell again that imports {name}."
    return say(template, name=name, was=was, now=now, line=line, code=code)


def gone(names: Sequence[str]) -> str:
    """Names that the course's first cell brought were deleted."""
    listed = ", ".join(f"`{name}`" for name in names[:4])
    again = "Run its first cell again, and go on from there."
    if len(names) == 1:
        return say("{listed}: a name that this notebook needs, deleted by now. " + again, listed=listed)
    if len(names) <= 4:
        return say("{listed}: names that this notebook needs, deleted by now. " + again, listed=listed)
    template = "{listed} and {more} more: names that this notebook needs, deleted by now. " + again
    return say(template, listed=listed, more=len(names) - 4)


def short(problem: Problem) -> str:
    """A problem in a few words, for a table."""
    if problem.kind in ("missing", "interrupted") and problem.detail:
        return problem.detail
    if problem.kind == "forbidden":
        return say("leaves the work to {what}", what=problem.detail or "a library")
    if problem.kind == "raised":
        what = problem.detail or "an error"
        return say("{what} in line {line}", what=what, line=problem.line) if problem.line else what
    return SHORT.get(problem.kind, "")


def no_answer(why: str, in_short: str) -> Problem:
    """While grading: nothing came from the check itself."""
    return Problem("interrupted", say("The check of this exercise gave no answer: {why}", why=why), detail=in_short)


def not_started(name: str) -> Problem:
    """The stub is still there."""
    template = "{name} is not written yet. Replace the line `raise NotImplementedError(...)`."
    return Problem("not_started", say(template, name=name))


def open_question(question: str) -> Problem:
    """A quiz's question still has its dots."""
    template = '{question} waits for your answer: put a letter in quotes, such as "b", in place of its dots.'
    return Problem("not_started", say(template, question=question))


def waits_for(name: str, other: str) -> Problem:
    """The code calls another exercise's stub."""
    template = "{name} calls your {other}, which is not written yet."
    return Problem("not_started", say(template, name=name, other=other), detail=other)


def returned_nothing(name: str, printed: bool) -> Problem:
    """None came back; `printed`: a value was printed instead."""
    template = (
        "{name} printed a value but returned nothing. print shows a number to a person; "
        "return hands it to whoever called. End the function with a return line."
        if printed
        else "{name} returned nothing (None). Does it end with a return line, on every path?"
    )
    return Problem("returned_nothing", say(template, name=name))


def wrong_count(name: str, returns: tuple[str, ...], got: int | None) -> Problem:
    """Another number of values came back; `got` is None for something that is no tuple."""
    template = (
        "{name} should return {count} things, ({returns}), and returned one value."
        if got is None
        else "{name} should return {count} things, ({returns}), and returned {got} values."
    )
    return Problem("wrong_count", say(template, name=name, count=len(returns), returns=", ".join(returns), got=got))


def incomparable(output: str | None, kind: str = "", reason: str = "") -> Problem:
    """A value of a kind that cannot be compared, one of `KINDS`; `output` is None where there is only one.

    reason: what is known of one whose kind has no sentence.
    """
    if kind in KINDS:
        rest = KINDS[kind]
    else:
        template = "cannot be compared: {reason}. Return plain arrays and numbers."
        rest = say(template if reason else template.replace(": {reason}", ""), reason=reason)
    template = "What it returns {rest}" if output is None else "Its `{output}` {rest}"
    return Problem("wrong_type", say(template, output=output, rest=rest))


def mutated(name: str, argument: str) -> Problem:
    """An argument has other values after the call."""
    template = (
        "{name} changed its argument `{argument}` in place: whoever called it finds other numbers "
        "than before. Work on a new array (an expression such as `a - b` makes one; `a -= b` changes `a` itself)."
    )
    return Problem("mutated", say(template, name=name, argument=argument), detail=argument)


def interrupted(name: str, line: int | None, code: str | None) -> Problem:
    """The cell's time was up."""
    template = "{name} was stopped before it finished; it was at {where}. Does a loop there never end?"
    return Problem("interrupted", say(template, name=name, where=_where(line, code)), line, code)


def raised(
    name: str, kind: str, line: int | None, code: str | None, text: str = "", advice: str | None = None
) -> Problem:
    """An exception. `kind` is its type's name, `text` its first line, `advice` one of the sentences above."""
    named = {"name": name, "where": _where(line, code)}
    if kind == "RecursionError":
        sentence = say("{name} calls itself without end, at {where}. Which call should stop it?", **named)
    elif kind == "SystemExit":
        sentence = say("{name} calls exit() at {where}; use return to leave a function.", **named)
    else:
        advice = advice or ADVICE.get(kind, LOOK)
        sentence = say(
            "{name} stopped at {where} with {what}. {advice}", what=_error(kind, text), advice=advice, **named
        )
    return Problem("raised", sentence, line, code, kind)


def _error(kind: str, text: str) -> str:
    return say("{kind}: {text}", kind=kind, text=text) if text else kind


def _where(line: int | None, code: str | None) -> str:
    return say("line {line} of your cell, `{code}`", line=line, code=code) if code else say("your code")
