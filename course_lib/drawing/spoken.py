"""A line of a figure as it is said aloud: formulas in words and signs, without the breaks that made it fit."""

from __future__ import annotations

import re
from functools import partial

SIGNS = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "epsilon": "ε",
    "eta": "η",
    "theta": "θ",
    "kappa": "κ",
    "lambda": "λ",
    "mu": "μ",
    "pi": "π",
    "rho": "ρ",
    "sigma": "σ",
    "tau": "τ",
    "phi": "φ",
    "omega": "ω",
    "Delta": "Δ",
    "Sigma": "Σ",
    "nabla": "∇",
    "partial": "∂",
    "ell": "ℓ",
    "infty": "∞",
    "cdot": "·",
    "times": "×",
    "pm": "±",
    "approx": "≈",
    "leq": "≤",
    "le": "≤",
    "geq": "≥",
    "ge": "≥",
    "neq": "≠",
    "ne": "≠",
    "to": "→",
    "rightarrow": "→",
    "sum": "Σ",
    "ldots": "...",
    "dots": "...",
    "log": "log ",
    "ln": "ln ",
    "exp": "exp ",
    "min": "min ",
    "max": "max ",
}
"""What a name of TeX's stands for, of those that figures use; any other is said by its name."""

WITH_ARGUMENT = ("mathrm", "mathbf", "mathit", "mathcal", "text", "operatorname", "left", "right", "bf", "rm")
"""Names that only say how something looks."""

ACCENTS = ("hat", "bar", "tilde", "dot")
POWERS = {"2": "²", "3": "³", "T": "ᵀ"}

MATH = re.compile(r"(?<!\\)\$((?:\\.|[^$\\])+)\$")
BRACED = r"\{([^{}]*)\}"
ONE = rf"\s*(?:{BRACED}|(\\[a-zA-Z]+|[^\s{{}}\\]))"
"""What one argument of a TeX command is: something in braces, a name, or a single sign."""


def spoken(text: str) -> str:
    """`text` on one line, with its formulas (`$2/\\lambda$`) as text ("2/λ")."""
    said = MATH.sub(lambda found: _formula(found[1]), re.sub(r"(?<=\w-)\n", "", text))
    return " ".join(said.replace(r"\$", "$").split())


def _formula(tex: str) -> str:
    for name in WITH_ARGUMENT:
        tex = re.sub(rf"\\{name}(?![a-zA-Z])", "", tex)
    tex = re.sub(r"\\[|]", "‖", tex)
    tex = re.sub(r"\\[,;:! ]|~", " ", tex)
    tex = tex.replace("-", "−").replace(r"\%", "%").replace(r"\{", "(").replace(r"\}", ")")
    before = ""
    while before != tex:  # from the inside out: each round takes what holds no other braces
        before = tex
        tex = _simplified(tex)
        if before == tex:  # braces that no command asked for
            tex = re.sub(rf"(?<=[a-zA-Z]){BRACED}", r" \1", tex, count=1)
            tex = re.sub(BRACED, r"\1", tex, count=1)
    tex = re.sub(r"\^(\w)", lambda found: POWERS.get(found[1], f"^{found[1]}"), tex)
    return re.sub(r"\\([a-zA-Z]+)(\s*)", _sign, tex)


def _simplified(tex: str) -> str:
    """Every command whose arguments hold no braces, as text."""
    tex = re.sub(rf"\\[dt]?frac{ONE}{ONE}", _fraction, tex)
    tex = re.sub(rf"\\sqrt{ONE}", lambda found: f"√{_in_brackets(_argument(found, 1))}", tex)
    for name in ACCENTS:
        tex = re.sub(rf"\\{name}(?![a-zA-Z]){ONE}", partial(_accented, name), tex)
    tex = re.sub(rf"\^{BRACED}", lambda found: POWERS.get(found[1], f"^{_in_brackets(found[1])}"), tex)
    return re.sub(rf"_{BRACED}", lambda found: f"_{_in_brackets(found[1])}", tex)


def _argument(found: re.Match[str], number: int) -> str:
    """The `number`-th argument that `ONE` found."""
    braced, bare = found[2 * number - 1], found[2 * number]
    return (braced if braced is not None else bare).strip()


def _accented(word: str, found: re.Match[str]) -> str:
    return f"{_argument(found, 1)} {word}"


def _fraction(found: re.Match[str]) -> str:
    return f"{_in_brackets(_argument(found, 1))}/{_in_brackets(_argument(found, 2))}"


def _in_brackets(term: str) -> str:
    """A term of several parts in brackets, so that it stays one; not a number, a name or a sign."""
    return term if re.fullmatch(r"[−+√]?(\\[a-zA-Z]+|[\w.]+)", term) else f"({term})"


def _sign(found: re.Match[str]) -> str:
    sign = SIGNS.get(found[1], found[1] + " ")
    return sign if sign.endswith(" ") or not found[2] else f"{sign} "
