"""The quiz; its questions stand in the notebook."""

from grader.exercises.u05_adam.common import UNIT
from grader.spec import Question, quiz

QUIZ_05 = quiz(
    "quiz_05",
    UNIT,
    (
        Question(
            "q1",
            "the first step without bias correction, for beta2 = 0.99",
            answer="a",
            wrong={
                "b": "That is m alone, a tenth of the gradient. But v is too small as well, and it stands below the "
                "fraction bar.",
                "c": "That is the answer for beta2 = 0.999. Here v is a hundredth of the squared gradient: what is the "
                "root of that, and what is a tenth divided by it?",
                "d": "By itself v would make the step ten times too long. But m, ten times too small, takes all of "
                "that back.",
            },
        ),
        Question(
            "q2",
            "Adam's steps when gradients are far below eps",
            answer="b",
            wrong={
                "a": "The scale cancels while gradients are far above eps. Here eps is a hundred times as large as the "
                "root of v^, so the divisor is eps, nearly.",
                "c": "Plain descent's steps would be that much shorter. Adam's divisor shrinks too, until it meets eps "
                "and can shrink no further.",
                "d": "The divisor cannot be smaller than eps, and the gradient above it is a hundred times smaller "
                "still. Keeping the divisor from being too small is just what eps is there for.",
            },
        ),
        Question(
            "q3",
            "the steps for gradients that change their sign each time",
            answer="c",
            wrong={
                "a": "So it would be without a memory for the direction. m averages some ten gradients, and half of "
                "them contradict the other half.",
                "b": "The size of the gradients cancels, be it 2 or 200. What remains is how far they agree.",
                "d": "They begin at alpha and get shorter, true, but not for ever: m always holds a little more of the "
                "last gradient than of the one before, and v stays at 4.",
            },
        ),
        Question(
            "q4",
            "what L2 in Adam and AdamW do to weights without a gradient",
            answer="b",
            wrong={
                "a": "That holds for plain gradient descent. In Adam the L2 term is divided by its own size here, as "
                "nothing else is in the gradient: how long is Adam's step for a small, steady gradient?",
                "c": "The other way round. AdamW takes alpha times lambda off in each step, a hundred-thousandth; "
                "which of the two makes a full step of alpha out of a tiny gradient?",
                "d": "The decay needs no gradient of the loss: AdamW takes its fraction anyway, and L2 makes a "
                "gradient of its own.",
            },
        ),
        Question(
            "q5",
            "how to spend 30 runs on a fair comparison",
            answer="c",
            wrong={
                "a": "One alpha means something else in each: SGD's step is alpha times the gradient, Adam's about "
                "alpha. You would measure very exactly which of them 0.01 suits better.",
                "b": "Whoever may try 29 times wins against one who may try once. The budget has to be the same for "
                "both, or you compare budgets.",
                "d": "The lowest of fifteen is partly luck, and one run cannot say how large the luck is. Choose the "
                "rate, and then judge it on seeds that did not choose it.",
            },
        ),
        Question(
            "q6",
            "what Adam is, in one sentence",
            answer="c",
            wrong={
                "a": "Stochastic gradient descent *is* gradient descent, on a part of the data, and Adam's gradients "
                "are usually of that kind. What it combines are momentum and RMSProp.",
                "b": "A regularization term is added to the loss and holds weights small. eps does not know the "
                "weights: it keeps a division from blowing up where v^ is nearly zero.",
                "d": "Its steps adapt to the size of gradients, and alpha still sets the scale of all of them. Near a "
                "minimum, a constant alpha rattles; that is what a schedule is for.",
            },
        ),
    ),
)
