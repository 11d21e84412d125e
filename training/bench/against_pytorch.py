"""Lacuna's training step and PyTorch's of the same Llama, one after the other, several rounds; prints the ratio of medians.

From the repository's root, with torch and transformers installed (nothing else of Lacuna needs Python):

    python training/bench/against_pytorch.py --rounds 5
    python training/bench/against_pytorch.py --layers 12 --hidden 768 --intermediate 2048 --heads 12 --vocabulary 8192 --batch 4 --window 512

Each figure is the median of a process of its own, after warm-up, with two threads. Nothing else should run meanwhile.
"""
import argparse
import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

SHAPE = dict(layers=4, hidden=256, intermediate=688, heads=4, vocabulary=4096, batch=16, window=128)
RIVALS = ["eager-fp32", "compiled-fp32", "eager-bf16", "compiled-bf16"]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in SHAPE.items():
        parser.add_argument("--" + name, type=int, default=default)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20, help="measured steps of a process")
    parser.add_argument("--warm-up", type=int, default=10)
    parser.add_argument("--rivals", nargs="*", choices=RIVALS, default=RIVALS)
    parser.add_argument("--pytorch", choices=RIVALS, help=argparse.SUPPRESS)
    return parser.parse_args()


def pytorch(a):
    """One process: median tokens/s and the peak resident memory."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    compiled, bf16 = a.pytorch.startswith("compiled"), a.pytorch.endswith("bf16")
    model = LlamaForCausalLM(LlamaConfig(
        vocab_size=a.vocabulary, hidden_size=a.hidden, intermediate_size=a.intermediate, num_hidden_layers=a.layers,
        num_attention_heads=a.heads, num_key_value_heads=a.heads, max_position_embeddings=a.window, use_cache=False,
        tie_word_embeddings=False, attn_implementation="sdpa")).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1, fused=True)
    forward = torch.compile(model) if compiled else model
    tokens = torch.randint(0, a.vocabulary, (a.batch, a.window + 1))
    seconds = []
    for _ in range(a.warm_up + a.steps):
        start = time.perf_counter()
        with torch.autocast("cpu", dtype=torch.bfloat16) if bf16 else contextlib.nullcontext():
            logits = forward(input_ids=tokens[:, :-1]).logits
            loss = torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), tokens[:, 1:].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        loss.item()
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"tokens_per_second": a.batch * a.window / statistics.median(seconds[a.warm_up:]), "resident_bytes": peak}))


def shape(a):
    return [part for name in SHAPE for part in ("--" + name, str(getattr(a, name)))]


def lacuna(a, precision):
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "bench.json")
        flags = shape(a) + ["--workers", str(a.threads), "--warm-up", "40", "--steps", str(a.steps), "--precision", precision, "--json", file]
        subprocess.run(["mvn", "-q", "compile", "exec:java", "-Dexec.args=bench train " + " ".join(flags)], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(file) as f:
            figures = json.load(f)
    return {"tokens_per_second": figures["tokens_per_second"], "resident_bytes": figures["memory"]["resident_bytes_at_end"]}


def rival(a, name):
    command = [sys.executable, __file__, "--pytorch", name, "--threads", str(a.threads), "--steps", str(a.steps), "--warm-up", str(a.warm_up)]
    done = subprocess.run(command + shape(a), check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def main():
    a = arguments()
    if a.pytorch:
        return pytorch(a)
    runs = {"lacuna fp32": lambda: lacuna(a, "fp32"), "lacuna bf16": lambda: lacuna(a, "bf16")}
    runs.update({"pytorch " + name: lambda name=name: rival(a, name) for name in a.rivals})
    figures = {name: [] for name in runs}
    for round_ in range(a.rounds):
        for name, run in runs.items():
            figures[name].append(run())
            print(f"round {round_ + 1} {name}: {figures[name][-1]['tokens_per_second']:,.0f} tokens/s", flush=True)
    median = {name: statistics.median(f["tokens_per_second"] for f in values) for name, values in figures.items()}
    memory = {name: max(f["resident_bytes"] for f in values) / 1e6 for name, values in figures.items()}
    print(f"{'':24s} {'tokens/s':>10s} {'MB':>7s}   lacuna / it, same precision")
    for name in figures:
        ratio = median["lacuna " + name[-4:]] / median[name]
        print(f"{name:24s} {median[name]:10,.0f} {memory[name]:7,.0f}   {ratio:.2f}")


if __name__ == "__main__":
    main()
