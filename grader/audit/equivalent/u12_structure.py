"""What survives in 12_structure and is right after all."""

from grader.audit.equivalent.explained import Explained

EQUIVALENT: dict[str, tuple[Explained, ...]] = {
    "count_macs": (
        Explained(
            "macs[name] = macs.get(name, 0) + output.numel() * layer.weight[0].numel()",
            ("macs[name] = macs.get(name, 0) + output.numel() * layer.weight[-1].numel()",),
            "All filters of a layer have the same size.",
        ),
        Explained(
            "model(torch.zeros(1, *shape))",
            ("model(torch.ones(1, *shape))",),
            "How many products there are does not depend on the numbers.",
        ),
    ),
    "scale_network": (
        Explained(
            "widths = [max(multiple, round(channels * width / multiple) * multiple) for channels in base]",
            ("widths = [max(round(channels * width / multiple) * multiple, multiple) for channels in base]",),
            "The larger of two numbers is the same in either order.",
        ),
    ),
    "pareto_front": (
        Explained(
            "for i in range(len(costs)):",
            ("for i in range(len(scores)):",),
            "There are as many scores as costs.",
        ),
        Explained(
            "return sorted(front, key=lambda i: costs[i])",
            ("return sorted(front, key=lambda i: scores[i])",),
            "On a front a higher cost goes with a higher score, or one would beat the other; and equals are equal "
            "in both.",
        ),
    ),
    "small_net": (
        Explained(
            "return scale_network(1, 1, ResidualBlock, base=(12, 24, 44))",
            tuple(
                f"return scale_network(1, 1, ResidualBlock, base=({base}))"
                for base in ("11, 24, 44", "13, 24, 44", "12, 23, 44", "12, 25, 44", "12, 24, 43", "12, 24, 45")
            ),
            "scale_network rounds each width to the nearest multiple of 4.",
        ),
    ),
}
