"""What transformers computes from a checkpoint, as a file for `lacuna import DIR --expect FILE`.

With torch and transformers (4.56 or newer) installed, which nothing else of Lacuna needs:

    python modules/model/expected.py DIR expected.safetensors
    python modules/model/expected.py DIR expected.safetensors --windows 1 --window 128

Random token ids through the model with eager attention, all in float64, rounded to float32 at the end: where the code of
transformers asks for float32 (norms, softmax, rotary position), it is given float64.

The file has input_ids [B, T]; logits [B, T, V]; loss, the mean of -log p(next token) over the T - 1 positions of each row that have
one; grad.TENSOR of that loss, under the names and in the layout of the checkpoint's files; hidden.LAYER, a layer's output;
site.LAYER.SITE, the vectors in a layer's feed-forward block: input, up, gate and intermediate, or input, preact and intermediate where
there is no gate. Where there are experts, only input and router_logits: transformers computes the others for all tokens of an expert
at once. The model takes 8 bytes a parameter, its gradient as many again, and the gradient's file as many on the disk meanwhile.
"""
import argparse
import contextlib
import os
import sys
import tempfile
import unittest.mock

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", metavar="DIR", help="a folder with config.json and weights")
    parser.add_argument("out", metavar="FILE", help="the file to write")
    parser.add_argument("--windows", type=int, default=2, help="rows of token ids")
    parser.add_argument("--window", type=int, default=24, help="token ids in a row, at least 2")
    parser.add_argument("--seed", type=int, default=1, help="of the token ids")
    a = parser.parse_args()
    if a.windows < 1 or a.window < 2:
        parser.error("--windows must be at least 1 and --window at least 2")
    if not os.path.isdir(a.checkpoint):
        parser.error(f"{a.checkpoint}: no such folder")
    return a


@contextlib.contextmanager
def float64_for_float32():
    """Whoever names torch.float32 meanwhile gets float64."""
    with contextlib.ExitStack() as stack:
        for name in ("float32", "float"):
            stack.enter_context(unittest.mock.patch.object(torch, name, torch.float64))
        stack.enter_context(unittest.mock.patch.object(torch.Tensor, "float", torch.Tensor.double))
        yield


def refine_rotary(model):
    """The frequencies of rotary positions were computed in float32 when the model was made."""
    for module in model.modules():
        if type(module).__name__.endswith("RotaryEmbedding") and hasattr(module, "config"):
            for name, frequencies in type(module)(module.config).named_buffers():
                setattr(module, name, frequencies)


def layers_of(model):
    """The layers, wherever the family keeps them."""
    lists = [m for m in model.modules() if isinstance(m, torch.nn.ModuleList) and len(m) == model.config.num_hidden_layers]
    return max(lists, key=lambda layers: sum(p.numel() for p in layers.parameters()))


def watch(model, seen, shape):
    """Notes the layers' outputs and the vectors at their sites in `seen` when the model runs."""
    def keep(name, value):
        seen[name] = value.detach().reshape(*shape, -1)

    def before(module, name):
        module.register_forward_pre_hook(lambda m, args: keep(name, args[0]))

    def after(module, name, value=lambda out: out[0] if isinstance(out, tuple) else out):
        module.register_forward_hook(lambda m, args, out: keep(name, value(out)))

    for i, layer in enumerate(layers_of(model)):
        after(layer, f"hidden.{i}")
        site = f"site.{i}."
        parts = dict(layer.named_modules())
        if "mlp.experts" in parts:
            before(parts["mlp"], site + "input")
            after(parts["mlp.gate"], site + "router_logits")
        elif "mlp.gate_proj" in parts:
            before(parts["mlp"], site + "input")
            after(parts["mlp.up_proj"], site + "up")
            after(parts["mlp.gate_proj"], site + "gate", parts["mlp"].act_fn)
            before(parts["mlp.down_proj"], site + "intermediate")
        else:
            up, down = next((parts[u], parts[d]) for u, d in (("mlp.c_fc", "mlp.c_proj"), ("fc1", "fc2"), ("mlp.dense_h_to_4h", "mlp.dense_4h_to_h"))
                            if u in parts)
            before(up, site + "input")
            after(up, site + "preact")
            before(down, site + "intermediate")


def gradients(model):
    """The gradients as the checkpoint's files would hold them: saved in the weights' places, they get the files' names and layout."""
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.data = torch.zeros_like(p) if p.grad is None else p.grad
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        for file in sorted(f for f in os.listdir(folder) if f.endswith(".safetensors")):
            with safe_open(os.path.join(folder, file), "pt") as tensors:
                found.update(("grad." + name, tensors.get_tensor(name)) for name in tensors.keys())
    return found


def main():
    a = arguments()
    model = AutoModelForCausalLM.from_pretrained(a.checkpoint, dtype=torch.float64, attn_implementation="eager", local_files_only=True).eval()
    if hasattr(model, "set_experts_implementation"):
        model.set_experts_implementation("eager")  # the others multiply in float32 at most
    config = model.config
    if a.window > config.max_position_embeddings:
        sys.exit(f"--window: {a.window} tokens are more than the model's {config.max_position_embeddings} positions")
    # PyTorch gives the embedding of a padding token no gradient.
    usable = [i for i in range(config.vocab_size) if i != config.pad_token_id]
    picked = torch.randint(0, len(usable), (a.windows, a.window), generator=torch.Generator().manual_seed(a.seed))
    ids = torch.tensor(usable)[picked]
    seen = {}
    watch(model, seen, ids.shape)
    with float64_for_float32():
        refine_rotary(model)
        logits = model(input_ids=ids, use_cache=False).logits
        loss = torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
        loss.backward()
    assert logits.dtype == torch.float64
    tensors = {"logits": logits, "loss": loss, **seen, **gradients(model)}
    tensors = {name: t.detach().to(torch.float32).contiguous() for name, t in tensors.items()}
    save_file({"input_ids": ids, **tensors}, a.out)
    print(f"{a.out}: {a.windows} windows of {a.window} tokens, loss {loss.item():.6f}, {len(tensors)} tensors")


if __name__ == "__main__":
    main()
