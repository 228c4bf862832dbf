"""A cell's text is read as IPython runs it: its own lines are understood, and every statement keeps its own line."""

import ast

import pytest

from course_lib.cells.loads import imports, loads
from course_lib.cells.sources import as_python, compiled, compiles, defined, parses, read

pytestmark = pytest.mark.fast

# fmt: off
CELLS = {
    "plain Python": ("a = 1\n\ndef f():\n    return a\n", {"a": 1, "f": 3}),
    "empty lines above": ("\n\n  \na = 1", {"a": 4}),
    "all indented": ("    a = 1\n    b = 2", {"a": 1, "b": 2}),
    "a line magic": ("%load_ext autoreload\n%autoreload 2\na = 1", {"a": 3}),
    "a shell line over two lines": ("!ls \\\n  -l\na = 1\n!pwd\nb = 2", {"a": 3, "b": 5}),
    "a magic over three lines": ("\n%timeit \\\n  1 + \\\n  1\na = 1", {"a": 5}),
    "a question": ("?print\nprint?\na = 1\nprint??", {"a": 3}),
    "a magic that gives a value": ("a = %pwd\nb = !ls", {"a": 1, "b": 2}),
    "a timed line": ("%time a = 1\nb = 2", {"a": 1, "b": 2}),
    "a magic in a block": ("if True:\n    %matplotlib inline\n    a = 1", {"a": 1}),
    "a timed cell": ("%%time\na = 1", {"a": 2}),
    "a captured, timed cell": ("\n%%capture out\n\n%%time\n%matplotlib inline\na = 1", {"a": 6}),
    "await": ("a = await f()\nasync with g() as h:\n    b = 1", {"a": 1}),
    "prompts": (">>> a = 1\n>>> def f():\n...     return a", {"a": 1, "f": 2}),
    "magic lines in a text": ('a = """\n%load_ext x\n!ls\n"""\nb = 2', {"a": 1, "b": 5}),
    "a file": ("%%writefile f.py\na = 1", {}),
    "a shell's": ("%%bash\na=1", {}),
    "a cell in a scope of its own": ("%%timeit\na = 1", {}),
    "nothing": ("", {}),
}
# fmt: on


@pytest.mark.parametrize(("source", "found"), CELLS.values(), ids=CELLS)
def test_what_a_cell_defines_is_found_at_its_line(source, found):
    assert parses(source) and defined(source) == found.keys()
    lines = {name: one.lineno for one in read(source).body for name in defined(ast.unparse(one)) if name in found}
    assert lines == found


@pytest.mark.parametrize(
    "source", ["def f(:", "%%time\ndef f(:", "a = (", "\x00", "a = 1 1", "(" * 500, "try:\n    a = 1"]
)
def test_what_is_no_python_to_ipython_either_is_none(source):
    assert read(source) is None and not parses(source) and defined(source) == set() and not compiles(source)


def test_a_cell_may_parse_and_not_be_one_that_can_be_run():
    assert parses("return 1") and not compiles("return 1")
    assert compiles("await f()") and compiles("%%time\na = 1")


def test_a_cell_with_many_magic_lines_is_read_line_by_line_and_says_the_same():
    few = "%load_ext x\na = 1\nif a:\n    !ls\nb = 2\n"
    many = "".join(f"{few}c{n} = 3\n" for n in range(200))
    assert defined(many) == {"a", "b", *(f"c{n}" for n in range(200))}
    assert read(many).body[-1].lineno == 1200
    texts = 'a = """\n' + "is this right?\n" * 2_000 + '"""\nb = 1'
    assert as_python(texts) == texts and defined(texts) == {"a", "b"}


def test_a_magics_body_is_compiled_as_a_text_of_its_own():
    assert compiled("%%time\n\na = 1\n") >= {"a = 1"} and compiled("a = 1\n") == {"a = 1"}


def test_names_are_loaded_from_where_python_looks_for_them():
    source = """
def f(a, b=first):
    c = a
    def inner():
        nonlocal c
        return c, second
    class Own:
        d = third
        def method(self):
            return d
    return [e for e in fourth if e], lambda g: g + fifth, np.linalg.norm(a), (h := sixth), h
"""
    names = {load.name: load.later for load in loads([read(source)])}
    assert names == {
        "first": False, "second": True, "third": True, "d": True, "fourth": True, "fifth": True, "np.linalg.norm": True,
        "sixth": True,
    }  # fmt: skip


def test_an_import_whose_absence_is_prepared_for_is_left_out():
    source = """
import a, b.c as d
from e.f import g
try:
    import h
except (ImportError, OSError):
    import i
try:
    import j
except ValueError:
    pass
if find_spec("k"):
    import k
else:
    import m
with suppress(ImportError):
    import n
def f():
    from . import o
    import p
if False:
    import q
"""
    assert [found.module for found in imports([read(source)])] == ["a", "b.c", "e.f", "i", "j", "m", "p"]
