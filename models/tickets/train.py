"""Train the tickets network, write its fp32 and int8 versions, their tokenizer and the evaluation set.

    python train.py                    train, export, quantise, print the similarity of the split and the accuracies
    python train.py --cross-validate   only measure the network on four folds of the training messages
"""

import argparse
import hashlib
import json
import random
import re
import shutil
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from sklearn.model_selection import StratifiedKFold
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from torch import nn

HERE = Path(__file__).resolve().parent
VERSIONS = ("fp32", "int8")
SEED = 20240
MEMBERS = 4
EPOCHS = 40
BATCH = 32
PEAK_RATE = 4e-3
VOCABULARY = 2000
WIDTH = 64
CHANNELS = 64
MAX_LENGTH = 96
HELDOUT_SHARE = 0.25
SIMILAR = 0.4
OPSET = 17
IR_VERSION = 8


def read_messages():
    """All messages with their teams: (texts, labels, teams), labels int [n] are places in teams."""
    files = sorted((HERE / "messages").glob("*.txt"))
    texts, labels = [], []
    for label, file in enumerate(files):
        lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
        texts.extend(lines)
        labels.extend([label] * len(lines))
    return texts, np.array(labels), [file.stem for file in files]


def fragments(text):
    """Every four characters in a row, of letters and digits alone: what two near-duplicates share."""
    words = " ".join(re.findall(r"\w+", text.lower()))
    plain = f" {words} "
    return {plain[i : i + 4] for i in range(max(1, len(plain) - 3))}


def similarities(texts):
    """Jaccard similarity of the fragments of all pairs of texts: float [n,n] in 0..1."""
    sets = [fragments(text) for text in texts]
    places = {fragment: i for i, fragment in enumerate(sorted(set().union(*sets)))}
    matrix = np.zeros((len(texts), len(places)), np.float32)
    for row, own in enumerate(sets):
        matrix[row, [places[fragment] for fragment in own]] = 1
    shared = matrix @ matrix.T
    sizes = matrix.sum(1)
    return shared / (sizes[:, None] + sizes[None, :] - shared)


def clusters(similarity):
    """Groups of rows that are connected by pairs of at least SIMILAR: a cluster number per row."""
    cluster = np.arange(len(similarity))
    for a, b in np.argwhere(np.triu(similarity >= SIMILAR, 1)):
        cluster[cluster == cluster[b]] = cluster[a]
    return cluster


def split_messages(texts, labels):
    """Rows to train on, held-out rows in mixed order, and the highest similarity of a pair of the two.

    A quarter of each team is held out, and no cluster is torn apart.
    """
    similarity = similarities(texts)
    cluster = clusters(similarity)
    order = np.random.default_rng(SEED).permutation(np.unique(cluster))
    missing = {label: round(HELDOUT_SHARE * count) for label, count in enumerate(np.bincount(labels))}
    heldout = np.zeros(len(texts), bool)
    for one in order:
        rows = np.flatnonzero(cluster == one)
        if all(missing[label] >= (labels[rows] == label).sum() for label in set(labels[rows])):
            heldout[rows] = True
            for label in labels[rows]:
                missing[label] -= 1
    across = similarity[~heldout][:, heldout]
    assert across.max() < SIMILAR, "a held-out message resembles one of the training messages"
    shuffled = np.random.default_rng(SEED).permutation(np.flatnonzero(heldout))
    return np.flatnonzero(~heldout), shuffled, float(across.max())


def train_tokenizer(texts):
    """A lower-case BPE tokenizer, [CLS] before and [SEP] behind a text. Unlike WordPiece, training repeats itself."""
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    steps = [normalizers.NFD(), normalizers.Lowercase(), normalizers.StripAccents()]
    tokenizer.normalizer = normalizers.Sequence(steps)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Metaspace(), pre_tokenizers.Punctuation()])
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[(name, special.index(name)) for name in ("[CLS]", "[SEP]")]
    )
    return tokenizer


def encode(tokenizer, texts):
    """Token ids and attention mask, padded to the longest: int64 [n,s] and int64 [n,s]."""
    rows = [tokenizer.encode(text).ids for text in texts]
    rows = [row if len(row) <= MAX_LENGTH else [*row[: MAX_LENGTH - 1], row[-1]] for row in rows]
    longest = max(map(len, rows))
    ids = np.array([row + [0] * (longest - len(row)) for row in rows], np.int64)
    mask = np.array([[1] * len(row) + [0] * (longest - len(row)) for row in rows], np.int64)
    return ids, mask


def mistype(text, rng):
    """The text with a few slips: a letter left out, doubled or swapped, a word left out, no capitals."""
    words = [word for word in text.split() if rng.random() > 0.1] or text.split()
    for i, word in enumerate(words):
        if len(word) > 3 and rng.random() < 0.06:
            at = rng.randrange(1, len(word) - 1)
            slips = (word[:at] + word[at + 1 :], word[:at] + word[at] + word[at:],
                     word[:at] + word[at + 1] + word[at] + word[at + 2 :])
            words[i] = rng.choice(slips)
    return " ".join(words)


class Network(nn.Module):
    """int [n,s] and mask [n,s] -> scores [n,teams]: the strongest triples of tokens, and the tokens on average."""

    def __init__(self, vocabulary, teams, members=1):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, members * WIDTH)
        nn.init.normal_(self.embedding.weight, std=0.3)
        self.conv = nn.Conv1d(members * WIDTH, members * CHANNELS, 3, padding=1, groups=members)
        self.dense = nn.Linear(members * (CHANNELS + WIDTH), teams)
        self.dropout = nn.Dropout(0.5)

    def forward(self, ids, mask):
        """Padding counts for nothing: it is zero before each step that could see it."""
        mask = mask.float()
        tokens = self.dropout(self.embedding(ids)) * mask[:, :, None]
        found = F.relu(self.conv(tokens.transpose(1, 2))) * mask[:, None, :]
        average = tokens.sum(1) / mask.sum(1, keepdim=True)
        return self.dense(self.dropout(torch.cat([found.amax(2), average], 1)))


def train_member(tokenizer, texts, labels, teams, seed):
    """Texts and int [n] -> a trained network, in evaluation mode."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    network = Network(tokenizer.get_vocab_size(), len(teams)).train()
    targets = torch.from_numpy(labels)
    steps = -(-len(texts) // BATCH)
    optimiser = torch.optim.AdamW(network.parameters(), lr=PEAK_RATE, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK_RATE, total_steps=EPOCHS * steps)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(texts)).split(BATCH):
            ids, mask = encode(tokenizer, [mistype(texts[row], rng) for row in rows])
            scores = network(torch.from_numpy(ids), torch.from_numpy(mask))
            loss = F.cross_entropy(scores, targets[rows], label_smoothing=0.1)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return network.eval()


@torch.no_grad()
def train_network(tokenizer, texts, labels, teams):
    """Texts and int [n] -> one network that gives the average of MEMBERS networks, in evaluation mode."""
    with torch.enable_grad():
        members = [train_member(tokenizer, texts, labels, teams, SEED + i) for i in range(MEMBERS)]
    network = Network(tokenizer.get_vocab_size(), len(teams), MEMBERS)
    network.embedding.weight.copy_(torch.cat([one.embedding.weight for one in members], 1))
    network.conv.weight.copy_(torch.cat([one.conv.weight for one in members]))
    network.conv.bias.copy_(torch.cat([one.conv.bias for one in members]))
    strongest = [one.dense.weight[:, :CHANNELS] for one in members]
    average = [one.dense.weight[:, CHANNELS:] for one in members]
    network.dense.weight.copy_(torch.cat([*strongest, *average], 1) / MEMBERS)
    network.dense.bias.copy_(sum(one.dense.bias for one in members) / MEMBERS)
    return network.eval()


def build_onnx(network, teams):
    """The network as an ONNX graph: input_ids and attention_mask int64 [N,S] -> logits float32 [N,teams]."""
    constants = {
        "embedding": network.embedding.weight, "conv.weight": network.conv.weight, "conv.bias": network.conv.bias,
        "dense.weight": network.dense.weight, "dense.bias": network.dense.bias,
    }
    weights = [numpy_helper.from_array(c.detach().numpy(), name) for name, c in constants.items()]
    weights.append(numpy_helper.from_array(np.array([1], np.int64), "tokens.axis"))
    weights.append(numpy_helper.from_array(np.array([2], np.int64), "width.axis"))
    node = helper.make_node
    nodes = [
        node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        node("Unsqueeze", ["mask", "width.axis"], ["mask.tokens"]),
        node("Unsqueeze", ["mask", "tokens.axis"], ["mask.found"]),
        node("Gather", ["embedding", "input_ids"], ["embedded"]),
        node("Mul", ["embedded", "mask.tokens"], ["tokens"]),
        node("Transpose", ["tokens"], ["columns"], perm=[0, 2, 1]),
        node("Conv", ["columns", "conv.weight", "conv.bias"], ["conv"], kernel_shape=[3], pads=[1, 1],
             group=MEMBERS),
        node("Relu", ["conv"], ["relu"]),
        node("Mul", ["relu", "mask.found"], ["found"]),
        node("ReduceMax", ["found"], ["most"], axes=[2], keepdims=0),
        node("ReduceSum", ["tokens", "tokens.axis"], ["sum"], keepdims=0),
        node("ReduceSum", ["mask", "tokens.axis"], ["count"], keepdims=1),
        node("Div", ["sum", "count"], ["average"]),
        node("Concat", ["most", "average"], ["features"], axis=1),
        node("Gemm", ["features", "dense.weight", "dense.bias"], ["logits"], transB=1),
    ]
    for one in nodes:
        one.name = one.output[0]
    ids, mask = (
        helper.make_tensor_value_info(name, TensorProto.INT64, ["N", "S"]) for name in ("input_ids", "attention_mask")
    )
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", len(teams)])
    graph = helper.make_graph(nodes, "tickets", [ids, mask], [logits], weights)
    opset = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    return model


class TrainingMessages(CalibrationDataReader):
    """Gives the quantiser the training messages, one at a time."""

    def __init__(self, tokenizer, texts):
        self.feeds = (dict(zip(("input_ids", "attention_mask"), encode(tokenizer, [text]))) for text in texts)

    def get_next(self):
        """The next message's tensors by name, or None at the end."""
        return next(self.feeds, None)


def quantise(source, target, tokenizer, texts):
    """Write source's int8 form to target; ranges measured on the texts."""
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(source, prepared, skip_optimization=True)
        quantize_static(
            prepared, target, TrainingMessages(tokenizer, texts),
            op_types_to_quantize=["Gather", "Conv", "Gemm"],
            quant_format=QuantFormat.QDQ, per_channel=True,
            reduce_range=True,  # 7-bit weights: with 8, processors without VNNI saturate
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
        )


def answers(version, tokenizer, texts):
    """The team, as a number, that a written version gives each text: int [n]. One text at a time, without padding."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(HERE / version / "model.onnx", options, providers=["CPUExecutionProvider"])
    found = []
    for text in texts:
        ids, mask = encode(tokenizer, [text])
        (logits,) = session.run(["logits"], {"input_ids": ids, "attention_mask": mask})
        found.append(int(logits.argmax()))
    return np.array(found)


def write_heldout(texts, labels, teams):
    """Write the evaluation set: a JSON line per text with its team."""
    lines = [
        json.dumps({"input": {"text": text}, "label": teams[label]}, ensure_ascii=False)
        for text, label in zip(texts, labels)
    ]
    (HERE / "heldout.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def seal(version):
    """Write each file's sha256 into the version's manifest, whose other text stays as it is."""
    manifest = HERE / version / "manifest.json"

    def with_digest(match):
        digest = hashlib.sha256((HERE / version / match["path"]).read_bytes()).hexdigest()
        return f'"path": "{match["path"]}", "sha256": "{digest}"'

    pattern = r'"path": "(?P<path>[^"]+)", "sha256": "[^"]*"'
    manifest.write_text(re.sub(pattern, with_digest, manifest.read_text(encoding="utf-8")), encoding="utf-8")


def report(version, found, labels, teams):
    """Print how many of the held-out messages a version gives to their team, in all and by team."""
    right = found == labels
    print(f"{version} held out: {right.sum()} of {len(labels)} right, {100 * right.mean():.2f} %")
    for label, team in enumerate(teams):
        own = labels == label
        print(f"  {team}: {right[own].sum()} of {own.sum()}")


def train():
    """Write both versions, the tokenizer and the evaluation set, then print the held-out accuracies."""
    texts, labels, teams = read_messages()
    train_rows, heldout_rows, closest = split_messages(texts, labels)
    print(f"{len(train_rows)} messages to train on, {len(heldout_rows)} held out")
    print(f"most similar pair across the split: {closest:.2f}, must stay below {SIMILAR}")
    training, heldout = ([texts[row] for row in rows] for rows in (train_rows, heldout_rows))
    tokenizer = train_tokenizer(training)
    network = train_network(tokenizer, training, labels[train_rows], teams)
    tokenizer.save(str(HERE / "fp32" / "tokenizer.json"))
    shutil.copy(HERE / "fp32" / "tokenizer.json", HERE / "int8" / "tokenizer.json")
    onnx.save(build_onnx(network, teams), HERE / "fp32" / "model.onnx")
    quantise(HERE / "fp32" / "model.onnx", HERE / "int8" / "model.onnx", tokenizer, training)
    write_heldout(heldout, labels[heldout_rows], teams)
    for version in VERSIONS:
        (HERE / version / "labels.txt").write_text("".join(f"{team}\n" for team in teams))
        seal(version)
        report(version, answers(version, tokenizer, heldout), labels[heldout_rows], teams)


def cross_validate():
    """Print the accuracy on four folds of the training messages. The held-out ones take no part."""
    texts, labels, teams = read_messages()
    rows, _, _ = split_messages(texts, labels)
    folds = StratifiedKFold(4, shuffle=True, random_state=SEED).split(rows, labels[rows])
    accuracies = []
    for learn, check in ((rows[learn], rows[check]) for learn, check in folds):
        tokenizer = train_tokenizer([texts[row] for row in learn])
        network = train_network(tokenizer, [texts[row] for row in learn], labels[learn], teams)
        ids, mask = encode(tokenizer, [texts[row] for row in check])
        with torch.no_grad():
            found = network(torch.from_numpy(ids), torch.from_numpy(mask)).argmax(1).numpy()
        accuracies.append((found == labels[check]).mean())
        print(f"fold: {100 * accuracies[-1]:.2f} %")
    print(f"mean: {100 * np.mean(accuracies):.2f} %")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cross-validate", action="store_true", help="measure on folds of the training messages")
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    cross_validate() if parser.parse_args().cross_validate else train()
