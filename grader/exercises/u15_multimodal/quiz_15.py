"""The quiz; its questions stand in the notebook."""

from grader.exercises.u15_multimodal.tokenize import UNIT
from grader.spec import Question, quiz

QUIZ_15 = quiz(
    "quiz_15",
    UNIT,
    (
        Question(
            "q1",
            "the floor of a contrastive loss, where partners come several times",
            answer="b",
            wrong={
                "a": "For that each sentence would have to find its own translation among eight that are the same. "
                "Nothing in the batch says which is which.",
                "c": "Nobody has to choose among 25: a good encoder knows which sentence it is. What it cannot know is "
                "which of the equal ones is meant.",
                "d": "That is what an encoder pays that knows nothing and finds all 200 alike.",
            },
        ),
        Question(
            "q2",
            "what the temperature does",
            answer="c",
            wrong={
                "a": "The learning rate scales the step, not the loss. The temperature stands within the softmax and "
                "changes which pairs the loss is about.",
                "b": "It is the other way round: dividing by a small number makes differences large.",
                "d": "The norm is divided out before the temperature comes in.",
            },
        ),
        Question(
            "q3",
            "attention without places",
            answer="a",
            wrong={
                "b": "Which word looks at which depends on the words alone then, and these are the same three. Each "
                "takes home the same in both sentences, and the mean is of the same three things.",
                "c": "The places are zero, the words are not; and a softmax of zeros would be equal shares.",
                "d": "Lengths do not know the order either: the two are sums of the same vectors.",
            },
        ),
        Question(
            "q4",
            "an embedding whose word is rare, under SGD and under Adam",
            answer="d",
            wrong={
                "a": "Its row does get a gradient, whenever the word occurs.",
                "b": "When it occurs, its gradient is like that of any word that occurs once in a batch; it comes "
                "fifty times less often, and SGD's steps add up to less.",
                "c": "Adam divides by the root of each entry's own second moment: entries with rare, small gradients "
                "take longer steps for it.",
            },
        ),
        Question(
            "q5",
            "scores that nobody divides by the root of d",
            answer="b",
            wrong={
                "a": "A common *summand* does not matter to a softmax. A factor makes differences larger, as a small "
                "temperature does.",
                "c": "It is the other way round: scores of about 32 up and down leave the largest nearly everything, "
                "and where the softmax is flat against 1 and 0 there is hardly a gradient.",
                "d": "Scores of some dozens are no trouble for torch's softmax, which subtracts the largest one first.",
            },
        ),
        Question(
            "q6",
            "an expert without an opinion who is counted",
            answer="c",
            wrong={
                "a": "It adds the same to every class, and it is counted: the sum of the two others is divided by "
                "three in place of two.",
                "b": "It says the same of every class, and can move none of them past another.",
                "d": "What the two say is divided by three: differences between classes shrink, and so does the "
                "certainty.",
            },
        ),
    ),
)
