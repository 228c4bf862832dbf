"""`distillation_loss`: learning from a teacher's soft answers; torch's kl_div in float64 is the oracle."""

from typing import Any

import numpy as np

from grader.changes import change
from grader.exercises.u13_adaptive.common import UNIT
from grader.spec import Case, Exercise, Group, Misconception


def distill_cases(rng: np.random.Generator) -> list[Case]:
    def case(label: str, group: str, N: int, C: int, T: float, share: float, size: float = 1.5) -> Case:
        inputs: dict[str, Any] = {"student": size * rng.normal(size=(N, C)), "teacher": size * rng.normal(size=(N, C))}
        inputs |= {"y": rng.integers(0, C, N), "T": float(T), "share": float(share), "asks": group}
        return Case(label, group, inputs)

    def between(low: float, high: float) -> float:
        return float(rng.uniform(low, high))

    return [
        case("the teacher alone, T = 1", "soft", 3, 4, 1, 1),
        case("the teacher alone, T = 2", "soft", 5, 3, 2, 1),
        case("the teacher alone, T = 4", "soft", 4, 6, 4, 1),
        case("the labels alone, T = 2", "hard", 4, 3, 2, 0),
        case("the labels alone, T = 5", "hard", 6, 5, 5, 0),
        case("both, share 0.7", "both", 4, 3, 3, 0.7),
        case("both, a small share", "both", 3, 5, between(2, 4), between(0.1, 0.3)),
        case("gradient, T = 1", "grad", 3, 4, 1, 1),
        case("gradient, T = 8", "grad", 4, 3, 8, 1),
        case("gradient of both, T = 3", "grad", 5, 3, 3, between(0.3, 0.6)),
        case("the teacher's gradient", "teacher", int(rng.integers(3, 30)), 5, 2, 0.5),
        case("the teacher's gradient, share 1", "teacher", int(rng.integers(31, 60)), 3, 4, 1),
        case("very sure logits", "sure", 4, 3, 2, 1, size=3000),
        case("very sure logits, and labels", "sure", 5, 4, 1.5, between(0.3, 0.7), size=4000),
    ]


def distill_oracle(student: Any, teacher: Any, y: Any, T: float, share: float, asks: str) -> tuple[Any, Any, Any]:
    """kl_div with log targets, summed over the classes and averaged over the rows, and torch's cross-entropy."""
    import torch
    from torch.nn import functional

    if asks == "teacher":
        return None, None, f"yes, all {teacher.size} logits are left alone"
    logits = torch.tensor(student, requires_grad=True)
    log_p, log_q = (functional.log_softmax(z / T, dim=1) for z in (torch.tensor(teacher), logits))
    soft = functional.kl_div(log_q, log_p, reduction="batchmean", log_target=True)
    loss = share * T**2 * soft + (1 - share) * functional.cross_entropy(logits, torch.tensor(y))
    if asks != "grad":
        return loss.item(), None, None
    loss.backward()
    return None, logits.grad.numpy() if logits.grad is not None else None, None


def distillation_loss(student, teacher, y, T, share):
    import torch

    teacher = teacher.detach()
    log_q = torch.log_softmax(student / T, dim=1)
    log_p = torch.log_softmax(teacher / T, dim=1)
    soft = (log_p.exp() * (log_p - log_q)).sum(dim=1).mean()
    hard = torch.nn.functional.cross_entropy(student, y)
    return share * T**2 * soft + (1 - share) * hard


def by_kl_div(student, teacher, y, T, share):
    from torch import nn

    soft = nn.functional.kl_div(
        nn.functional.log_softmax(student / T, dim=-1),
        nn.functional.softmax(teacher.detach() / T, dim=-1),
        reduction="batchmean",
    )
    return share * T * T * soft + (1 - share) * nn.functional.cross_entropy(student, y)


def by_soft_labels(student, teacher, y, T, share):
    import torch
    from torch import nn

    with torch.no_grad():
        p = (teacher / T).softmax(dim=1)
        least = torch.special.entr(p).sum(dim=1).mean()
    soft = nn.functional.cross_entropy(student / T, p) - least
    return (1 - share) * nn.functional.cross_entropy(student, y) + share * T**2 * soft


def by_loops(student, teacher, y, T, share):
    import torch

    total = 0
    for z, target, label in zip(student, teacher.detach(), y):
        log_q, log_p = (z / T).log_softmax(0), (target / T).log_softmax(0)
        total = total + share * T**2 * torch.sum(torch.exp(log_p) * (log_p - log_q))
        total = total - (1 - share) * z.log_softmax(0)[label]
    return total / len(y)


def by_gather(student, teacher, y, T, share):
    import torch

    with torch.no_grad():
        log_p = teacher.div(T).log_softmax(dim=1)
    gap = log_p - student.div(T).log_softmax(dim=1)
    soft = torch.einsum("nc,nc->n", log_p.exp(), gap)
    hard = torch.logsumexp(student, dim=1) - student.gather(1, y[:, None])[:, 0]
    return torch.mean(share * T**2 * soft + (1 - share) * hard)


SOFT = "(log_p.exp() * (log_p - log_q)).sum(dim=1).mean()"

DISTILLATION_LOSS = Exercise(
    name="distillation_loss",
    unit=UNIT,
    returns=("loss", "grad", "teacher"),
    driver="distilled",
    sizes={"N": ("student", 0), "C": ("student", 1)},
    groups=(
        Group("soft", "measures how far the student's soft answers are from the teacher's", 2, hint=1),
        Group("hard", "measures the labels at temperature 1", 1, hint=3),
        Group("both", "mixes the two by their shares", 1, hint=3),
        Group("grad", "has a gradient of the same size at any temperature", 2, hint=2),
        Group("teacher", "leaves the teacher alone", 1, hint=4),
        Group("sure", "stays finite where the teacher is very sure", 1, hint=1),
    ),
    cases=distill_cases,
    reference=distill_oracle,
    misconceptions=(
        Misconception(
            "no_square",
            change(distillation_loss, "share * T**2 * soft", "share * soft"),
            "Your soft part has no T². At temperature T its gradient is about 1/T² as large: at 8 the teacher would be "
            "heard 64 times more faintly than at 1, and every change of T would be a change of share as well.",
            hint=2,
        ),
        Misconception(
            "one_factor_only",
            change(distillation_loss, "T**2", "T"),
            "Your soft part has a factor T, and T² is needed: one 1/T comes from the derivative of student / T, and "
            "one from the two distributions being that much closer to each other.",
            hint=2,
        ),
        Misconception(
            "square_divides",
            change(distillation_loss, "share * T**2 * soft", "share / T**2 * soft"),
            "You divide the soft part by T². Its gradient is too small by this factor already: multiply.",
            hint=2,
        ),
        Misconception(
            "square_for_both",
            change(
                distillation_loss,
                "share * T**2 * soft + (1 - share) * hard",
                "T**2 * (share * soft + (1 - share) * hard)",
            ),
            "Your T² multiplies the labels' part too. That part knows no temperature, and needs no repair.",
            hint=2,
        ),
        Misconception(
            "teacher_not_softened",
            change(distillation_loss, "teacher / T", "teacher"),
            "You soften the student only. Then it learns to be T times as sure as the teacher. Both are divided by the "
            "same T.",
            hint=1,
        ),
        Misconception(
            "student_not_softened",
            change(distillation_loss, "student / T", "student"),
            "You soften the teacher only. Then the student learns to be as unsure as the *softened* teacher, also when "
            "it is used. Both are divided by the same T.",
            hint=1,
        ),
        Misconception(
            "no_temperature",
            change(distillation_loss, "student / T", "student", "teacher / T", "teacher"),
            "Your soft part compares the two at temperature 1, and multiplies by T² all the same. Divide both logits "
            "by T before the softmax.",
            hint=1,
        ),
        Misconception(
            "multiplied_by_T",
            change(distillation_loss, "student / T", "student * T", "teacher / T", "teacher * T"),
            "You multiply the logits by T: that makes the answers harder, nearly 0 and 1. A high temperature softens: "
            "divide.",
            hint=1,
        ),
        Misconception(
            "softened_behind",
            change(
                distillation_loss,
                "torch.log_softmax(student / T, dim=1)",
                "torch.log_softmax(student, dim=1) / T",
                "torch.log_softmax(teacher / T, dim=1)",
                "torch.log_softmax(teacher, dim=1) / T",
            ),
            "You divide the *log-probabilities* by T, and these are then no logarithms of probabilities any more: "
            "they do not sum to 1. Divide the logits, before the softmax.",
            hint=1,
        ),
        Misconception(
            "labels_softened",
            change(distillation_loss, "cross_entropy(student, y)", "cross_entropy(student / T, y)"),
            "Your labels' part is computed at temperature T as well. Labels are what the student is asked for later, "
            "at temperature 1: hand the logits over as they are.",
            hint=3,
        ),
        Misconception(
            "softmax_before_the_loss",
            change(distillation_loss, "cross_entropy(student, y)", "cross_entropy(student.softmax(dim=1), y)"),
            "Your labels' part takes the softmax twice: cross_entropy does it by itself, and wants logits.",
            hint=3,
        ),
        Misconception(
            "teachers_labels",
            change(distillation_loss, "cross_entropy(student, y)", "cross_entropy(student, teacher.argmax(dim=1))"),
            "Your hard labels are what the teacher holds most likely. The true labels are there, in y, and the teacher "
            "may be wrong.",
            hint=3,
        ),
        Misconception(
            "one_plus_share",
            change(distillation_loss, "(1 - share) * hard", "(1 + share) * hard"),
            "The more the teacher is to say, the more the labels say, too, in your loss. What it does not take, "
            "1 - share, is theirs.",
            hint=3,
        ),
        Misconception(
            "shares_swapped",
            change(
                distillation_loss,
                "share * T**2 * soft + (1 - share) * hard",
                "(1 - share) * T**2 * soft + share * hard",
            ),
            "Your shares are swapped: `share` belongs to the teacher's part, 1 - share to the labels.",
            hint=3,
        ),
        Misconception(
            "both_whole",
            change(distillation_loss, "(1 - share) * hard", "hard"),
            "The labels' part counts in full, whatever the teacher's share is. The two shares should sum to 1.",
            hint=3,
        ),
        Misconception(
            "no_labels",
            change(distillation_loss, " + (1 - share) * hard", ""),
            "The labels have no say in your loss. What the teacher does not take, 1 - share, is theirs.",
            hint=3,
        ),
        Misconception(
            "reversed",
            change(distillation_loss, SOFT, "(log_q.exp() * (log_q - log_p)).sum(dim=1).mean()"),
            "Your divergence is turned round, KL(student || teacher): it is weighted by what the *student* holds "
            "likely, so it may leave out what the teacher knows. The teacher's probabilities are the weights.",
            hint=1,
        ),
        Misconception(
            "mean_over_classes",
            change(distillation_loss, "sum(dim=1).mean()", "mean()"),
            "You average over the classes as well (kl_div does so by default). One divergence is a *sum* over classes; "
            "only the rows are averaged.",
            hint=1,
        ),
        Misconception(
            "sum_over_rows",
            change(distillation_loss, "sum(dim=1).mean()", "sum()"),
            "You add up the divergences of all rows. The labels' part is a mean over rows, so this one has to be too; "
            "otherwise the batch size decides who is heard.",
            hint=1,
        ),
        Misconception(
            "cross_entropy_for_kl",
            change(distillation_loss, "(log_p - log_q)", "(-log_q)"),
            "Your soft part is a cross-entropy: it is larger than the divergence by the teacher's entropy. The "
            "gradient is the same, but a student that agrees in everything would not reach 0.",
            hint=1,
            about=("loss",),
        ),
        Misconception(
            "squares_of_logits",
            change(distillation_loss, SOFT, "((student - teacher) ** 2).mean()"),
            "Your soft part is the mean squared distance of the logits. It is a way to distil, and the limit for a "
            "high temperature, but asked for is the divergence between the two softened distributions.",
            hint=1,
        ),
        Misconception(
            "squares_of_probabilities",
            change(distillation_loss, SOFT, "((log_p.exp() - log_q.exp()) ** 2).sum(dim=1).mean()"),
            "Your soft part is the squared distance of the probabilities. Asked for is the divergence, which sees the "
            "difference between 0.01 and 0.0001.",
            hint=1,
        ),
        Misconception(
            "over_the_batch",
            change(
                distillation_loss,
                "student / T, dim=1",
                "student / T, dim=0",
                "teacher / T, dim=1",
                "teacher / T, dim=0",
            ),
            "Your softmax runs over the batch. The probabilities of one image, over the classes, should sum to 1.",
            hint=1,
        ),
        Misconception(
            "logarithm_of_zero",
            change(
                distillation_loss,
                "torch.log_softmax(student / T, dim=1)",
                "torch.softmax(student / T, dim=1).log()",
                "torch.log_softmax(teacher / T, dim=1)",
                "torch.softmax(teacher / T, dim=1).log()",
            ),
            "Where an answer is very sure, a probability is 0 in the machine and its logarithm minus infinity; the "
            "loss is then no number. log_softmax computes the logarithm without going through the 0.",
            hint=1,
        ),
        Misconception(
            "teacher_learns",
            change(distillation_loss, "    teacher = teacher.detach()\n", ""),
            "The loss is right, and its gradient flows into the teacher as well: it would be drawn towards its own "
            "student. Its answers are targets, constants.",
            hint=4,
            about=("teacher",),
        ),
        Misconception(
            "student_cut_off",
            change(distillation_loss, "log_softmax(student / T", "log_softmax(student.detach() / T"),
            "The loss is right, and the student learns nothing from the teacher: its own logits are detached in the "
            "soft part. It is the teacher's that are constants.",
            hint=4,
            about=("grad",),
        ),
    ),
    also_right=(
        distillation_loss,
        by_kl_div,
        by_soft_labels,
        by_loops,
        by_gather,
        change(distillation_loss, "student / T", "student.float() / T", "teacher / T", "teacher.float() / T"),
        change(
            distillation_loss, "torch.log_softmax(student / T, dim=1)", "student / T - (student / T).logsumexp(1, True)"
        ),
    ),
)
