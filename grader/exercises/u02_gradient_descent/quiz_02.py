"""The quiz; its questions stand in the notebook."""

from grader.exercises.u02_gradient_descent.bowls import UNIT
from grader.spec import Question, quiz

QUIZ_02 = quiz(
    "quiz_02",
    UNIT,
    (
        Question(
            "q1",
            "a loss that rises at once",
            answer="c",
            wrong={
                "a": "A learning rate above 2/L does make the loss rise, but here 1e-6 was tried as well: with a step "
                "that small the loss of any smooth model falls along the negative gradient. Something else is wrong.",
                "b": "Ill-conditioning makes descent slow, never uphill: at a tiny step the loss still falls, if only "
                "by a little.",
                "d": "Local minima and saddles can stop a descent. They cannot make a tiny step along the negative "
                "gradient rise.",
            },
        ),
        Question(
            "q2",
            "curvatures 10 and 0.1",
            answer="b",
            wrong={
                "a": "At 0.1, which is 1/L, the run is stable, and exact in the steep direction at once. In the flat "
                "one the distance is multiplied by 1 - 0.1 * 0.1 = 0.99 a step, and a step nearly twice as long is "
                "still stable.",
                "c": "With 0.2 you stand on the cliff itself, 2/L: along the steep direction the factor is "
                "1 - 0.2 * 10 = -1, so it jumps from side to side for ever.",
                "d": "The flat direction alone would like 1/mu = 10. The steep one is multiplied by 1 - 10 * 10 = -99 "
                "at every step, and the run explodes.",
            },
        ),
        Question(
            "q3",
            "what a narrow valley costs",
            answer="d",
            wrong={
                "a": "The best learning rate balances the steepest and the flattest direction; it cannot make them "
                "alike. "
                "The narrower the valley, the slower both are.",
                "b": "That would be so if steps grew like the ratio of length to width. But contours are the *root* of "
                "kappa times as long as wide: 3 and 30 stand for a kappa of 9 and of 900.",
                "c": "Steps grow like kappa, and kappa is the square of how much longer than wide the contours are: "
                "from 9 "
                "to 900.",
            },
        ),
        Question(
            "q4",
            "why both coordinates move at once",
            answer="a",
            wrong={
                "b": "Updating one coordinate after the other often converges too, and it has a name, coordinate "
                "descent. It is just another method: the theory of this unit, 2/L included, is not about it.",
                "c": "On a bowl along the axes the two give the same points. The difference comes from the coupling: "
                "on a tilted one, the second slope depends on the first coordinate.",
                "d": "Speed is a fine by-product. But the loop would be a different method even if it ran just "
                "as fast.",
            },
        ),
        Question(
            "q5",
            "choosing a learning rate when L is unknown",
            answer="b",
            wrong={
                "a": "No learning rate is right everywhere: 2/L depends on the problem, and rescaling the inputs by 10 "
                "moves it by 100.",
                "c": "The loss after one step favours whatever is good at once in the steep direction; the flat "
                "directions, which set the pace of a long run, hardly move it.",
                "d": "The smallest one is stable, and needs the most steps: half the learning rate, twice the steps. "
                "Stable is necessary, not enough.",
            },
        ),
    ),
)
