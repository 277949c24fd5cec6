"""The texts of Gradio's own parts, in both languages: Gradio chooses among them in the browser."""

from __future__ import annotations

from thai_chat import texts
from thai_chat.ui.components import gr


class GradioTexts(gr.I18n):  # type: ignore[misc]
    """Has the texts that were asked for, so that the page does not bring all of them twice."""

    def __init__(self) -> None:
        super().__init__(**{language: {} for language in texts.LANGUAGES})

    def __call__(self, code: str) -> object:
        for language in texts.LANGUAGES:
            self.translations[language][code] = texts.page_texts(language)[code]
        return super().__call__(code)
