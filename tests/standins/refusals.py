"""The words of OpenAI and vLLM when they refuse, with where they were seen."""

from __future__ import annotations

from typing import Any

from tests.standins.script import Overflow, Script, old_vllm_error, openai_error

_VERIFY = (
    "Please go to: https://platform.openai.com/settings/organization/general and click on Verify Organization. "
    "If you just verified, it can take up to 15 minutes for access to propagate."
)
UNVERIFIED = openai_error(
    400, f"Your organization must be verified to stream this model. {_VERIFY}", param="stream", code="unsupported_value"
)
NO_SUMMARY = openai_error(
    400,
    f"Your organization must be verified to generate reasoning summaries. {_VERIFY}",
    param="reasoning.summary",
    code="unsupported_value",
)
NOT_FOR_THIS_ACCOUNT = openai_error(
    400, f"Your organization must be verified to use the model `standin`. {_VERIFY}", code="model_not_found"
)
RESPONSES_ONLY = openai_error(
    404, "This model is only supported in v1/responses and not in v1/chat/completions.", param="model"
)
NOT_A_CHAT_MODEL = openai_error(
    404,
    "This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to use "
    "v1/completions?",
    param="model",
)
NO_CREDIT = openai_error(
    429,
    "You exceeded your current quota, please check your plan.",
    code="insufficient_quota",
    kind="insufficient_quota",
)
NO_CHAT_TEMPLATE = openai_error(
    400,
    "As of transformers v4.44, default chat template is no longer allowed, so you must provide a chat template if the "
    "tokenizer does not define one. None",
    kind="BadRequestError",
    code=400,
)
NO_EMBEDDINGS = openai_error(
    501,
    "This server does not support embeddings. Start it with `--embeddings`",
    kind="not_supported_error",
    code=501,
)
NO_PREFILL = openai_error(
    400,
    "continue_final_message is set but the final message does not appear in the chat after applying the chat template! "
    "This can happen if the chat template deletes portions of the final message. None",
    kind="BadRequestError",
    code=400,
)
ENGINE_DEAD = openai_error(
    500,
    "EngineCore encountered an issue. See stack trace (above) for the root cause.",
    kind="InternalServerError",
    code=500,
)


def engine_refusal(param: str) -> str:
    """Return JSON for an event of a stream, as vLLM 0.32 words it."""
    message = f"{param} contain out-of-vocab token ids. Vocabulary size: 4002 (parameter={param}, value=[99999])"
    return openai_error(400, message, kind="BadRequestError", param=param, code=400).error_body


def refused(script: Script, body: dict[str, Any]) -> Script | None:
    """Return the refusal of the first parameter in `body` that the script does not take."""
    for param in script.refused_params:
        if _value(body, param) is not None:
            return _unsupported(param)
    for pair in script.refused_values:
        param, _, value = pair.partition("=")
        if str(_value(body, param)) == value:
            message = f"Unsupported value: '{param}' does not support '{value}' with this model."
            return openai_error(400, message, code="unsupported_value", param=param)
    if script.samples_unthinking and body.get("temperature") is not None and body.get("reasoning_effort") != "none":
        return _unsupported("temperature")
    if body.get("max_output_tokens", 16) < 16:
        message = "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16."
        return openai_error(400, message, code="integer_below_min_value", param="max_output_tokens")
    return None


def overflow(script: Script, prompt: int, body: dict[str, Any], *, window: int | None) -> Script | None:
    """Return the refusal; None while prompt and reply fit the window, or when the script knows no overflow."""
    names = ("max_tokens", "max_completion_tokens", "max_output_tokens")
    reply = next((int(body[name]) for name in names if name in body), 1)
    if script.overflow is None or window is None or prompt + reply <= window:
        return None
    return _overflow(script.overflow, prompt=prompt, reply=reply, window=window)


def _overflow(wording: Overflow, *, prompt: int, reply: int, window: int) -> Script:
    limit = f"This model's maximum context length is {window} tokens"
    match wording:
        case "openai":
            return openai_error(
                400,
                f"{limit}. However, your messages resulted in {prompt} tokens. Please reduce their length.",
                code="context_length_exceeded",
                param="messages",
            )
        case "vllm-0.9":  # vllm-project/vllm #20409
            return old_vllm_error(
                400,
                f"{limit}. However, you requested {prompt + reply} tokens ({prompt} in the messages, {reply} in the "
                "completion). Please reduce the length of the messages or completion.",
            )
        case "vllm-0.12":
            return openai_error(
                400,
                f"'max_tokens' or 'max_completion_tokens' is too large: {reply}. {limit} and your request has {prompt} "
                f"input tokens ({reply} > {window} - {prompt}). None",
                kind="BadRequestError",
                code=400,
            )
        case "vllm-0.15":  # vllm-project/vllm PR #33425
            return openai_error(
                400,
                f"{limit}. However, your request has {prompt} input tokens plus {reply} 'max_tokens'.",
                kind="BadRequestError",
                code=400,
            )
        case "vllm-0.32":  # its own words, of a server with a tiny model
            message = (
                f"{limit}. However, your prompt contains at least {window + 1} input tokens, which exceeds this limit "
                "even without any output tokens. Please reduce the length of the input prompt. "
                f"(parameter=input_tokens, value={window + 1})"
            )
            return openai_error(400, message, kind="BadRequestError", param="input_tokens", code=400)
        case "vllm-input":  # vllm-project/vllm PR #36789
            message = f"Input length ({prompt}) exceeds model's maximum context length ({window})."
            return openai_error(400, message, kind="BadRequestError", code=400)
        case "vllm-max-tokens":  # vllm-project/vllm #4667
            message = f"max_tokens must be at least 1, got {window - prompt}."
            return openai_error(400, message, kind="BadRequestError", param="max_tokens", code=400)


def _unsupported(param: str) -> Script:
    if param == "reasoning.summary":
        return NO_SUMMARY
    if param == "max_tokens":
        hint = " Use 'max_completion_tokens' instead."
        message = f"Unsupported parameter: 'max_tokens' is not supported with this model.{hint}"
        return openai_error(400, message, code="unsupported_parameter", param=param)
    message = (
        f"Unsupported value: '{param}' does not support this value with this model. Only the default (1) is supported."
    )
    return openai_error(400, message, code="unsupported_value", param=param)


def _value(body: Any, path: str) -> Any:
    for name in path.split("."):
        body = body.get(name) if isinstance(body, dict) else None
    return body
