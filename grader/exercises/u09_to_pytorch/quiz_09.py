"""The quiz; its questions stand in the notebook."""

from grader.exercises.u09_to_pytorch.runs import UNIT
from grader.spec import Question, quiz

QUIZ_09 = quiz(
    "quiz_09",
    UNIT,
    (
        Question(
            "q1",
            "a loss that is computed once, before the loop",
            answer="d",
            wrong={
                "a": "The graph holds the numbers of one forward pass, at the first weights. New weights need a new "
                "forward pass.",
                "b": "So it would be without retain_graph=True: that keeps what backward needs, and every call gives "
                "the gradient of the same old forward pass. (With several layers torch would refuse all the same: "
                "the way back needs weights that the step has changed.)",
                "c": "Since zero_grad is in the loop, nothing adds up.",
            },
        ),
        Question(
            "q2",
            "gradients of two halves of a batch",
            answer="d",
            wrong={
                "a": "Each half's mean divides by 32, and backward adds the two: the sum of two means, not the mean of "
                "all. Before backward, divide each half's loss by the number of parts.",
                "b": "Each backward adds to what is there, so that more comes together here, not less. Each half's "
                "mean divides by 32, where the whole mean would divide by 64.",
                "c": "A backward does not overwrite: it adds to what the first half has left in .grad.",
            },
        ),
        Question(
            "q3",
            "a teacher's forward pass that is recorded",
            answer="c",
            wrong={
                "a": "What is recorded depends on requires_grad, and knows nothing of optimizers. The teacher's "
                "parameters ask for gradients, so all that is computed from them is recorded.",
                "b": "Only step() moves parameters, and only those that its optimizer was given. The teacher gets "
                "gradients that nobody uses.",
                "d": "The derivative with respect to the student's parameters is what it is, whether the teacher's are "
                "computed beside it or not.",
            },
        ),
        Question(
            "q4",
            "a head that took no part in this batch",
            answer="a",
            wrong={
                "b": "So it would be if zero_grad wrote zeros: the old m would move it on. But zero_grad sets .grad to "
                "None, nothing was computed for this head, and your frame passes over it.",
                "c": "Moments are renewed in the update, and the update is not called for a parameter without a "
                "gradient. Its state stays as it is.",
                "d": "It would, had your frame handed None to the update. The contract says to pass such a parameter "
                "over.",
            },
        ),
        Question(
            "q5",
            "two optimizers on five shared seeds",
            answer="b",
            wrong={
                "a": "The ranges are wide because seeds differ, and this is the same for both. Within each seed the "
                "difference is plain: it is what to look at.",
                "c": "The spread of 0.4 is between seeds, and cancels when you subtract within a seed. The differences "
                "spread by 0.01 only.",
                "d": "The best of ten runs says which seed was lucky. It is the differences within the seeds that "
                "speak of the optimizers.",
            },
        ),
    ),
)
