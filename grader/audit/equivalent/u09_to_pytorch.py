"""What survives in 09_to_pytorch and is right after all."""

from grader.audit.equivalent.explained import Explained

EQUIVALENT: dict[str, tuple[Explained, ...]] = {
    "autograd_gradients": (
        Explained(
            "for i in range(0, len(tensors), 2):",
            ("for i in range(0, len(tensors) - 1, 2):",),
            "Their number is even, a weight and a bias for each layer, so both count 0, 2, ... to the last weight.",
        ),
        Explained("if i > 0:", ("if i > 1:",), "i is even."),
        Explained(
            "return (loss.item(), [tensor.grad.numpy() for tensor in tensors])",
            ("return (loss, [tensor.grad.numpy() for tensor in tensors])",),
            "A tensor with one number is taken as that number.",
        ),
        Explained(
            "return (loss.item(), [tensor.grad.numpy() for tensor in tensors])",
            ("return (loss.item(), [tensor.grad for tensor in tensors])",),
            "A tensor is taken as the array that it holds.",
        ),
    ),
    "port_cnn": (
        Explained(
            "for parameter, value in zip(model.parameters(), (W1, b1, W2, b2, W3.T, b3), strict=True):",
            (
                "for parameter, value in zip(model.parameters(), (W1, b1, W2, b2, W3.T, b3)):",
                "for parameter, value in zip(model.parameters(), (W1, b1, W2, b2, W3.T, b3), strict=False):",
            ),
            "The model has six parameters, so strict has nothing to complain about.",
        ),
    ),
    "Muon": (
        Explained(
            "X = 3.4445 * X + (-4.775 * A + 2.0315 * A @ A) @ X",
            ("X = 3.4445 * X + (-4.775 * A + A @ (2.0315 * A)) @ X",),
            "A number may stand at either factor of a product.",
        ),
        Explained(
            "p -= group['lr'] * max(1, p.shape[0] / p.shape[1]) ** 0.5 * X",
            ("p -= group['lr'] * max(p.shape[0] / p.shape[1], 1) ** 0.5 * X",),
            "The larger of two numbers is the same in either order.",
        ),
        Explained(
            "p -= group['lr'] * max(1, p.shape[0] / p.shape[1]) ** 0.5 * X",
            (
                "p -= group['lr'] * max(1, g.shape[0] / p.shape[1]) ** 0.5 * X",
                "p -= group['lr'] * max(1, p.shape[0] / g.shape[1]) ** 0.5 * X",
            ),
            "A gradient has the shape of its parameter.",
        ),
    ),
    "clinic_09": (
        Explained(
            "loss = ((model(X).squeeze(1) - y) ** 2).mean()",
            ("loss = ((y - model(X).squeeze(1)) ** 2).mean()",),
            "(a - b)^2 = (b - a)^2.",
        ),
    ),
}
