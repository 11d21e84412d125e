"""Lacuna's training step and PyTorch's of the same Llama, one after the other, several rounds; prints the ratio of medians.

From the repository's root, with torch and transformers installed (nothing else of Lacuna needs Python):

    python training/bench/against_pytorch.py
    python training/bench/against_pytorch.py --layers 12 --hidden 768 --intermediate 2048 --heads 12 --vocabulary 8192 --batch 4 --window 512

Each figure is the median of a process of its own, after warm-up, with two threads. Nothing else should run meanwhile.

All begin with the same weights and read the same tokens in the same order, with the same optimizer: the losses of the first
10 steps are printed, and the exit code is 1 if Lacuna's and PyTorch's differ by more than 1e-3 in fp32.
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
LOSSES = 10
BATCHES = 2  # few, so that the losses fall and a difference in the update shows
MOST_DIFFERENCE = 1e-3


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in SHAPE.items():
        parser.add_argument("--" + name, type=int, default=default)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--shards", type=int, default=0, help="pieces that Lacuna cuts the batch into; 0 for one for each thread")
    parser.add_argument("--accumulation", type=int, default=1, help="rounds in which Lacuna computes a step's batch, PyTorch always in one pass")
    parser.add_argument("--rounds", type=int, default=5, help="of measurements")
    parser.add_argument("--steps", type=int, default=20, help="measured steps of a process")
    parser.add_argument("--warm-up", type=int, default=10, help="PyTorch's steps before them")
    parser.add_argument("--jvm-warm-up", type=int, default=40, help="Lacuna's steps before them, in which the JVM compiles")
    parser.add_argument("--rivals", nargs="+", choices=RIVALS, default=RIVALS)
    parser.add_argument("--pytorch", choices=RIVALS, help=argparse.SUPPRESS)
    parser.add_argument("--start", help=argparse.SUPPRESS)
    a = parser.parse_args()
    if a.steps < 1 or a.warm_up < 0 or a.warm_up + a.steps < LOSSES:
        parser.error(f"--steps and --warm-up: must be {LOSSES} steps or more together")
    if a.accumulation < 1 or a.batch % a.accumulation != 0:
        parser.error(f"--accumulation: must be 1 or more and divide --batch {a.batch}, not {a.accumulation}")
    return a


def checkpoint(folder):
    return os.path.join(folder, "checkpoint")


def tokens_file(folder):
    return os.path.join(folder, "tokens.int32")


def write_start(a):
    """The weights and tokens that all begin with. In a process of its own, so that its memory is nobody's."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM
    torch.manual_seed(0)
    LlamaForCausalLM(LlamaConfig(
        vocab_size=a.vocabulary, hidden_size=a.hidden, intermediate_size=a.intermediate, num_hidden_layers=a.layers,
        num_attention_heads=a.heads, num_key_value_heads=a.heads, max_position_embeddings=a.window, bos_token_id=None,
        eos_token_id=None, tie_word_embeddings=False)).save_pretrained(checkpoint(a.start))
    ids = torch.randint(0, a.vocabulary, (BATCHES, a.batch, a.window + 1), dtype=torch.int32)
    ids.numpy().astype("<i4").tofile(tokens_file(a.start))


def pytorch(a):
    """One process: median tokens/s, the peak resident memory, and the first losses."""
    import numpy
    import torch
    from transformers import LlamaForCausalLM
    torch.set_num_threads(a.threads)
    compiled, bf16 = a.pytorch.startswith("compiled"), a.pytorch.endswith("bf16")
    model = LlamaForCausalLM.from_pretrained(checkpoint(a.start), dtype=torch.float32, attn_implementation="sdpa", use_cache=False).train()
    matrices = [p for p in model.parameters() if p.dim() >= 2]
    others = [p for p in model.parameters() if p.dim() < 2]
    optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}],
                                  lr=1e-3, betas=(0.9, 0.95), eps=1e-8, fused=True)
    forward = torch.compile(model) if compiled else model
    batches = torch.from_numpy(numpy.fromfile(tokens_file(a.start), dtype="<i4").astype("int64")).view(-1, a.batch, a.window + 1)
    seconds, losses = [], []
    for step in range(a.warm_up + a.steps):
        tokens = batches[step % len(batches)]
        start = time.perf_counter()
        with torch.autocast("cpu", dtype=torch.bfloat16) if bf16 else contextlib.nullcontext():
            logits = forward(input_ids=tokens[:, :-1]).logits
            loss = torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), tokens[:, 1:].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"tokensPerSecond": a.batch * a.window / statistics.median(seconds[a.warm_up:]), "peakResidentBytes": peak,
                      "losses": losses[:LOSSES]}))


def output(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\nended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def lacuna(a, folder, precision):
    file = os.path.join(folder, "bench.json")
    flags = ["--batch", a.batch, "--window", a.window, "--accumulation", a.accumulation, "--shards", a.shards, "--workers", a.threads, "--warm-up", a.jvm_warm_up, "--steps", a.steps, "--precision", precision,
             "--model", checkpoint(folder), "--tokens", tokens_file(folder), "--json", file]
    output(["mvn", "-q", "compile", "exec:java", "-Dexec.args=bench train " + " ".join(map(str, flags))])
    with open(file) as f:
        return json.load(f)


def child(a, folder, *flags):
    shape = [part for name in SHAPE for part in ("--" + name, str(getattr(a, name)))]
    run = ["--threads", str(a.threads), "--steps", str(a.steps), "--warm-up", str(a.warm_up), "--start", folder]
    return output([sys.executable, __file__] + shape + run + list(flags))


def rival(a, folder, name):
    return json.loads(child(a, folder, "--pytorch", name).strip().splitlines()[-1])


def measure(a, folder):
    """Name to what each round found."""
    child(a, folder)
    output(["mvn", "-q", "compile"])  # what is compiled in the measured process counts as its memory
    precisions = [p for p in ("fp32", "bf16") if any(name.endswith(p) for name in a.rivals)]
    runs = {"lacuna " + p: lambda p=p: lacuna(a, folder, p) for p in precisions}
    runs.update({"pytorch " + name: lambda name=name: rival(a, folder, name) for name in a.rivals})
    figures = {name: [] for name in runs}
    for round_ in range(a.rounds):
        for name, run in runs.items():
            figures[name].append(run())
            print(f"round {round_ + 1} {name}: {figures[name][-1]['tokensPerSecond']:,.0f} tokens/s", flush=True)
    return figures


def print_losses(figures, precision):
    """The first losses of both; returns the largest difference."""
    ours = figures["lacuna " + precision][0]["losses"]
    name = next(name for name in figures if name.startswith("pytorch") and name.endswith(precision))
    theirs = figures[name][0]["losses"]
    difference = max(abs(x - y) for x, y in zip(ours, theirs, strict=True))
    print(f"\nlosses of the first {len(ours)} steps, {precision}: they differ by {difference:.1e} at most")
    for who, losses in (("lacuna " + precision, ours), (name, theirs)):
        print(f"{who:24s} " + " ".join(f"{loss:.5f}" for loss in losses))
    return difference


def print_speeds(a, figures):
    speed = {name: statistics.median(f["tokensPerSecond"] for f in values) for name, values in figures.items()}
    memory = {name: max(f["peakResidentBytes"] for f in values) for name, values in figures.items()}
    if a.accumulation > 1:
        print(f"\nLacuna computed each step's batch of {a.batch} windows in {a.accumulation} rounds of {a.batch // a.accumulation} "
              "and added up their gradients; PyTorch in one pass.")
    print(f"\n{'':24s} {'tokens/s':>10s} {'peak MB':>8s}   lacuna / it, same precision: tokens/s, peak memory")
    for name in figures:
        ours = "lacuna " + name[-4:]
        print(f"{name:24s} {speed[name]:10,.0f} {memory[name] / 1e6:8,.0f}   {speed[ours] / speed[name]:29.2f} {memory[ours] / memory[name]:12.2f}")
    for ours in (name for name in figures if name.startswith("lacuna")):
        rivals = [name for name in figures if name.startswith("pytorch") and name.endswith(ours[-4:])]
        fastest, smallest = max(rivals, key=speed.get), min(rivals, key=memory.get)
        print(f"{ours}: × {speed[ours] / speed[fastest]:.2f} the tokens/s of {fastest}, the faster; "
              f"× {memory[ours] / memory[smallest]:.2f} the peak memory of {smallest}, the smaller")


def main():
    a = arguments()
    if a.pytorch:
        return pytorch(a)
    if a.start:
        return write_start(a)
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(a, folder)
    differences = {name[-4:]: print_losses(figures, name[-4:]) for name in figures if name.startswith("lacuna")}
    print_speeds(a, figures)
    if not differences.get("fp32", 0) <= MOST_DIFFERENCE:
        sys.exit(f"fp32: the losses differ by {differences['fp32']:.1e}, more than {MOST_DIFFERENCE}")


if __name__ == "__main__":
    main()
