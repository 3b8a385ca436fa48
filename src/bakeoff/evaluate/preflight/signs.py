"""Signs in a text that something went wrong: a loop, marks of a chat template, the user's next turn, a refusal."""

import re
import unicodedata

LOOKED_AT = 4000
"""Characters from the end that are looked at for a loop: a loop, once begun, does not end."""

SHORTEST_LOOP = 200
"""Characters of a text in which a repetition may be called a loop."""

FEWEST_TURNS = 4
"""Repetitions that make a loop."""

LOOP_SHARE = 0.6
"""Of the looked-at text that must be repetition."""

TAIL = 20
"""Characters at the very end of a text that must have occurred FEWEST_TURNS times before a loop is looked for."""

_SPECIAL = re.compile(
    r"<\|[A-Za-z][\w:-]{0,40}\|>"  # <|im_start|>, <|eot_id|>, <|endoftext|>, <|user|>, ...
    r"|<｜[^<>\n]{1,40}｜>"  # DeepSeek, with fullwidth bars
    r"|\[/?INST\]|<</?SYS>>"  # Llama 2, Mistral
    r"|</?(?:start_of_turn|end_of_turn|bos|eos|pad|unk)>"  # Gemma
    r"|</s>\s*\Z"
)
"""Tokens that chat templates are made of, written out. `<s>` is left out: it is HTML, too."""

_NEXT_TURN = re.compile(
    r"^[ \t]*(?:\*\*)?(?:User|USER|Human|HUMAN|Người dùng|### ?(?:Instruction|Input|User|Human))(?:\*\*)? ?:",
    re.MULTILINE,
)
"""Beginning of a turn of the user, as plain-text templates write it."""

_TURN_WORDS = ("User", "USER", "Human", "HUMAN", "Người dùng", "###")
"""One of these is in every such beginning: looked for first, because it is ten times faster."""

_CANNOT = r"(?:can'?t|cannot|can not|unable|not able|won'?t)"
_TOI = r"(?:tôi|mình|chúng tôi|em)"
_REFUSAL = re.compile(
    r"\A\W*(?:"
    rf"(?:i'?m|i am)(?: really| very| so)? sorry,? (?:but )?(?:i|that i|as an)\b.{{0,40}}{_CANNOT}"
    rf"|(?:sorry|apologies|i apologi[sz]e),? (?:but )?i(?:'m| am)? {_CANNOT}"
    rf"|i(?:'m| am)? {_CANNOT} (?:to )?(?:be able to )?"
    r"(?:help|assist|provide|comply|answer|fulfil|fulfill|engage|create|do that|support|generate|discuss)"
    r"|i must (?:respectfully )?decline"
    r"|as an ai(?: language model| assistant)?,? i (?:can'?t|cannot|am not able|do not|don'?t)"
    rf"|(?:rất tiếc|xin lỗi|{_TOI} (?:xin lỗi|rất tiếc)|thành thật xin lỗi)(?: bạn)?,? (?:nhưng )?"
    rf"{_TOI} (?:không thể|không được phép|chưa thể)"
    rf"|{_TOI} (?:không thể|không được phép|xin phép không|từ chối) "
    r"(?:giúp|hỗ trợ|cung cấp|trả lời|đáp ứng|thực hiện|tham gia|tạo|viết|thảo luận)"
    rf"|(?:là|với tư cách là) (?:một )?(?:mô hình ngôn ngữ|trợ lý(?: ai| ảo)?|ai),? {_TOI} không"
    r")",
    re.DOTALL,
)
"""How refusals begin, in English and Vietnamese. A mark, not a judgement: a row may ask for just this."""


def is_loop(text: str) -> bool:
    """The text ends in the same piece over and over."""
    end = text.rstrip()[-LOOKED_AT:]
    if len(end) < SHORTEST_LOOP:
        return False
    if end.count(end[-TAIL:]) < FEWEST_TURNS:
        return False
    period, length = _tail_period(end)
    return period * FEWEST_TURNS <= length and length >= max(SHORTEST_LOOP, LOOP_SHARE * len(end))


def _tail_period(text: str) -> tuple[int, int]:
    """The part of the text's end that repeats best: (period, length), by the prefix function of the reversed text.

    D. Knuth, J. Morris, V. Pratt, SIAM Journal on Computing 6 (1977) 323: a prefix of length n whose longest border has
    length b has the period n - b.
    """
    turned = text[::-1]
    borders = [0] * len(turned)
    best = (1, 1)
    border = 0
    for index in range(1, len(turned)):
        while border and turned[index] != turned[border]:
            border = borders[border - 1]
        border += turned[index] == turned[border]
        borders[index] = border
        period = index + 1 - border
        if period * FEWEST_TURNS <= index + 1:
            best = (period, index + 1)
    return best


def special_tokens(text: str, prompt: str) -> list[str]:
    """Marks of a chat template in the answer that the prompt did not have."""
    if "<" not in text and "[" not in text:
        return []
    return sorted({found.strip() for found in _SPECIAL.findall(text) if found.strip() not in prompt})


def goes_on(text: str, prompt: str) -> bool:
    """After its answer the model writes a turn of the user. Not where the prompt itself is written so."""
    if ":" not in text or not any(word in text for word in _TURN_WORDS):
        return False
    found = _NEXT_TURN.search(text)
    return found is not None and found[0].strip() not in prompt


def is_refusal(text: str) -> bool:
    """It begins like a refusal."""
    start = unicodedata.normalize("NFC", text[:300]).replace("\u2019", "'").casefold()
    return _REFUSAL.match(start) is not None
