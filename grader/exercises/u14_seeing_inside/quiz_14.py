"""The quiz; its questions stand in the notebook."""

from grader.exercises.u14_seeing_inside.networks import UNIT
from grader.spec import Question, quiz

QUIZ_14 = quiz(
    "quiz_14",
    UNIT,
    (
        Question(
            "q1",
            "a correlation that comes from the background",
            answer="c",
            wrong={
                "a": "A robust method would say the same about two networks that do the same. A trained and a random "
                "network do not do the same at all.",
                "b": "Random weights know nothing of fields; and then the agreement would be high on the land, too.",
                "d": "Its accuracy does not enter: what both maps have in common is the image.",
            },
        ),
        Question(
            "q2",
            "what a baseline gives nothing to",
            answer="a",
            wrong={
                "b": "It may use them as much as it likes: the factor in front, image minus baseline, is 0 there.",
                "c": "Saturation is what integrated gradients cure by looking at the whole way. Here there is no way.",
                "d": "With more steps the mean of the gradients becomes more precise, and is multiplied by 0 all the "
                "same.",
            },
        ),
        Question(
            "q3",
            "the gradient of a sure probability",
            answer="b",
            wrong={
                "a": "The factor is p (1 - p) times the difference to the other scores, and p (1 - p) is 0.0001 here.",
                "c": "Autograd goes through a softmax like through any other operation.",
                "d": "How sure an answer is does not tell how many pixels it depends on. The scores' map need not be "
                "empty at all.",
            },
        ),
        Question(
            "q4",
            "evidence for a shortcut",
            answer="d",
            wrong={
                "a": "Maps suggest what to try. Five chosen ones may show the snow because it is bright.",
                "b": "A dream shows what would raise the score, not what the answers about real images depend on.",
                "c": "That two networks agree does not tell about what.",
            },
        ),
        Question(
            "q5",
            "filter normalization",
            answer="b",
            wrong={
                "a": "The function is the same, and a random step of the same length is not: it is small beside large "
                "weights and large beside small ones.",
                "c": "With filter normalization each step is in proportion to the weights that it moves, and nothing "
                "changes.",
                "d": "At alpha = 0 the network is the same in both cases, and its loss is.",
            },
        ),
        Question(
            "q6",
            "the length of a normalized step",
            answer="c",
            wrong={
                "a": "How far each step goes is decided by its length, 0.5, and that is not the scores' matter.",
                "b": "That would be so with steps in proportion to the gradient. Divided by its own length it has "
                "forgotten the factor 100.",
                "d": "Each step ends with all pixels between 0 and 1, whatever the scores are.",
            },
        ),
    ),
)
