"""What survives in 15_multimodal and is right after all."""

from grader.audit.equivalent.explained import Explained

EQUIVALENT: dict[str, tuple[Explained, ...]] = {
    "tokenize": (
        Explained(
            "mask = np.zeros((len(captions), length), dtype=bool)",
            ("mask = np.zeros((len(captions), length))",),
            "A mask of the numbers 0 and 1 says the same, and multiplies like one of bools.",
        ),
    ),
    "log_mel": (
        Explained(
            "window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame) / frame)",
            (
                "window = 0.5 * np.cos(2 * np.pi * np.arange(frame) / frame) - 0.5",
                "window = 0.5 - 0.5 * np.cos(-2 * np.pi * np.arange(frame) / frame)",
            ),
            "The power is a square, so a window of the other sign gives the same; and the cosine is even.",
        ),
        Explained(
            "return np.log(np.maximum(filters @ power.T, floor))",
            ("return np.log(np.maximum(floor, filters @ power.T))",),
            "The larger of two numbers is the same in either order.",
        ),
    ),
    "info_nce": (
        Explained(
            "partner = torch.arange(len(a), device=a.device)",
            (
                "partner = torch.arange(len(b), device=a.device)",
                "partner = torch.arange(len(a), device=b.device)",
                "partner = torch.arange(len(a))",
            ),
            "Pairs have as many first as second parts, on one device; checks run on the CPU, where tensors lie anyway.",
        ),
    ),
    "zero_shot": (
        Explained(
            "directions = (prompts / np.linalg.norm(prompts, axis=2, keepdims=True)).mean(axis=1)",
            ("directions = (prompts / np.linalg.norm(prompts, axis=2, keepdims=True)).sum(axis=1)",),
            "A sum is the mean times a number, which the next line divides out.",
        ),
        Explained(
            "directions = directions / np.linalg.norm(directions, axis=1, keepdims=True)",
            ("directions /= np.linalg.norm(directions, axis=1, keepdims=True)",),
            "The array was made one line above and belongs to nobody else.",
        ),
    ),
    "late_fusion": (
        Explained(
            "known = np.where(present[:, :, None], log_probs, 0.0)",
            ("known = np.where(present[:, :, None], log_probs, 1.0)",),
            "What stands in for a missing modality is multiplied by its weight, which is 0; any finite number will do.",
        ),
        Explained(
            "total = np.where(present.any(axis=1), share.sum(axis=1), 1.0)",
            (
                "total = np.where(present.any(axis=1), share.sum(axis=1), 10.0)",
                "total = np.where(present.any(axis=1), share.sum(axis=1), 0.1)",
                "total = np.where(present.any(axis=1), share.sum(axis=1), -1.0)",
            ),
            "Where nobody is present the sum to be divided is 0, and 0 divided by any number but 0 is 0.",
        ),
    ),
    "modality_dropout": (
        Explained(
            "draws = np.where(present, rng.random(present.shape), -1.0)",
            (
                "draws = np.where(present, rng.random(present.shape), -10.0)",
                "draws = np.where(present, rng.random(present.shape), -0.1)",
            ),
            "Draws are not negative, so any negative number is below all of them and below p.",
        ),
        Explained(
            "return (draws >= p) | (draws == draws.max(axis=1, keepdims=True))",
            ("return (draws > p) | (draws == draws.max(axis=1, keepdims=True))",),
            "A draw that equals p to the last bit comes once in 10^16; at p = 0 that would be a draw of exactly 0.",
        ),
    ),
    "clinic_15": (
        Explained(
            "a, b = (a[order], b[order])",
            ("pass",),
            "The loss of pairs that stay together is the same in any order, shuffled or not.",
        ),
        Explained(
            "a = a / a.norm(dim=1, keepdim=True)",
            ("a /= a.norm(dim=1, keepdim=True)",),
            "a[order] is a new tensor, which may be changed in place.",
        ),
        Explained(
            "b = b / b.norm(dim=1, keepdim=True)",
            ("b /= b.norm(dim=1, keepdim=True)",),
            "b[order] is a new tensor, which may be changed in place.",
        ),
    ),
    "AudioEncoder": (
        Explained(
            "mask = (torch.arange(x.shape[2], device=x.device) < lengths[:, None])[:, None]",
            (
                "mask = (torch.arange(x.shape[2], device=lengths.device) < lengths[:, None])[:, None]",
                "mask = (torch.arange(x.shape[2]) < lengths[:, None])[:, None]",
            ),
            "Sounds and their lengths lie on one device. Checks run on the CPU, where a tensor lies anyway.",
        ),
    ),
    "attention": (
        Explained(
            "scores = queries @ keys.transpose(1, 2) / keys.shape[2] ** 0.5",
            (
                "scores = queries @ keys.transpose(2, 1) / keys.shape[2] ** 0.5",
                "scores = queries @ keys.transpose(1, 2) / queries.shape[2] ** 0.5",
            ),
            "Two axes change places in either order, and queries are as long as the keys that they are compared with.",
        ),
        Explained(
            "return scores.masked_fill(~seen, -1000000000.0).softmax(dim=2) * seen @ values",
            (
                "return scores.masked_fill(~seen, -10000000000.0).softmax(dim=2) * seen @ values",
                "return scores.masked_fill(~seen, -100000000.0).softmax(dim=2) * seen @ values",
            ),
            "Any number that is so far below all scores leaves a share of exactly 0.",
        ),
    ),
    "AttentionEncoder": (
        Explained(
            "x = self.embedding(ids) + self.positions.weight[:ids.shape[1]]",
            ("x = self.embedding(ids) + self.positions.weight[:mask.shape[1]]",),
            "The mask has a place for each id.",
        ),
    ),
}
