"""The quiz; its questions stand in the notebook."""

from grader.exercises.u15_multimodal.tokenize import UNIT
from grader.spec import Question, quiz

QUIZ_15 = quiz(
    "quiz_15",
    UNIT,
    (
        Question(
            "q1",
            "the contrastive loss of a network that knows nothing",
            answer="b",
            wrong={
                "a": "A loss of 0 would mean that each example finds its partner with certainty.",
                "c": "Nothing is infinite here: whoever gives all N candidates the same probability pays log N.",
                "d": "For a choice among ten classes it would be log 10. Here each example chooses among "
                "the N partners in its batch.",
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
            "two images of one class in a batch",
            answer="a",
            wrong={
                "b": "The loss does not know of classes: it knows one partner for each example and calls all others "
                "wrong.",
                "c": "Nothing fails. The loss just cannot reach 0.",
                "d": "They are pushed apart, too: that is the price of taking the rest of the batch for wrong answers.",
            },
        ),
        Question(
            "q4",
            "an embedding whose word is rare, under SGD and under Adam",
            answer="d",
            wrong={
                "a": "Its row does get a gradient, whenever the word occurs.",
                "b": "Momentum averages over time; a gradient that comes every fiftieth step stays small in the "
                "average.",
                "c": "Adam divides by the root of each entry's own second moment: entries with rare, small gradients "
                "take longer steps for it.",
            },
        ),
        Question(
            "q5",
            "a prompt with a word that was in no caption",
            answer="b",
            wrong={
                "a": "A bag of words has learned words one by one. Nothing tells it what a new one means.",
                "c": "There is no error: the word becomes <unk>, and an answer comes, with the same confidence as "
                "ever.",
                "d": "For that it would have to have read much more than our captions; large models have.",
            },
        ),
    ),
)
