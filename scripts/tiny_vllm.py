"""A model so small that a real vLLM answers at once without a GPU: two layers that learn to think and to greet.

    python3 -m venv vllm && vllm/bin/pip install torch transformers
    vllm/bin/python scripts/tiny_vllm.py folder-of-the-model

It is for the router, not for the reader: what it says is nonsense, how the server says it is real. `docs/backends.md`
has how vLLM is installed and started with it. Neither torch nor transformers belongs to Thai Chat's own packages.
"""

from __future__ import annotations

import argparse
import random
import re
from pathlib import Path

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

ROOT = Path(__file__).parents[1]
END, USER, ASSISTANT, SYSTEM = SPECIAL = ("<|end|>", "<|user|>", "<|assistant|>", "<|system|>")
TEMPLATE = """{% for m in messages %}<|{{ m.role }}|>{{ m.content }}\
{% if not (continue_final_message and loop.last) %}<|end|>{% endif %}{% endfor %}\
{% if add_generation_prompt %}<|assistant|>\
{% if enable_thinking is defined and not enable_thinking %}<think></think>{% endif %}{% endif %}"""
THOUGHTS = ("ผู้ใช้ถามว่าอะไรนะ ลองคิดดูก่อน let me think", "")
ANSWERS = (
    "สวัสดีครับ วันนี้อากาศดีมาก น้ำท่วมไหมครับ " + "ก็ดีครับ " * 40,
    "Hello! I am a very small model. " + " ".join(str(number) for number in range(1, 60)),
)
WINDOW_TOKENS = 2048
BATCH, LONGEST_TOKENS = 16, 192


def texts() -> list[str]:
    """Return Thai and English texts of the project's own documents and texts."""
    files = [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("thai_chat/texts/*")]
    return [line for file in files if file.is_file() for line in file.read_text("utf-8").splitlines() if line.strip()]


def tokenizer() -> PreTrainedTokenizerFast:
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=4000, special_tokens=list(SPECIAL), initial_alphabet=alphabet)
    bpe.train_from_iterator([*texts(), *THOUGHTS, *ANSWERS], trainer)
    # Not special: vLLM would leave them out of the text.
    bpe.add_tokens([AddedToken(tag, special=False, normalized=False) for tag in ("<think>", "</think>")])
    return PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token=END, pad_token=END)


def turn(encode: PreTrainedTokenizerFast, questions: list[str]) -> tuple[list[int], list[int]]:
    """Return the token ids of a turn, and the same with -100 (which is not learned) in place of the question's."""
    asked = encode(f"{USER}{random.choice(questions)[:60]}{END}{ASSISTANT}")["input_ids"]
    said = encode(f"<think>{random.choice(THOUGHTS)}</think>{random.choice(ANSWERS)}{END}")["input_ids"]
    whole = (asked + said)[:LONGEST_TOKENS]
    return whole, ([-100] * len(asked) + said)[:LONGEST_TOKENS]


def train(encode: PreTrainedTokenizerFast, steps: int) -> LlamaForCausalLM:
    config = LlamaConfig(
        vocab_size=len(encode),
        hidden_size=256,
        intermediate_size=512,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=WINDOW_TOKENS,
        bos_token_id=None,
        eos_token_id=encode.eos_token_id,
        pad_token_id=encode.pad_token_id,
    )
    model = LlamaForCausalLM(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    questions = [re.sub(r"\s+", " ", line) for line in texts()]
    for step in range(steps):
        turns = [turn(encode, questions) for _ in range(BATCH)]
        longest = max(len(ids) for ids, _ in turns)
        ids = torch.tensor([ids + [encode.pad_token_id] * (longest - len(ids)) for ids, _ in turns])
        labels = torch.tensor([labels + [-100] * (longest - len(labels)) for _, labels in turns])
        loss = model(input_ids=ids, labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if step % 20 == 0:
            print(f"step {step} of {steps}: loss {loss.item():.3f}", flush=True)
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--no-template", action="store_true", help="as a fine-tune that forgot its chat template")
    options = parser.parse_args()
    torch.manual_seed(1)
    random.seed(1)
    encode = tokenizer()
    if not options.no_template:
        encode.chat_template = TEMPLATE
    train(encode, options.steps).save_pretrained(options.folder)
    encode.save_pretrained(options.folder)


if __name__ == "__main__":
    main()
