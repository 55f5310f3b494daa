"""Text that an attacker writes into a log to be more than text in what is printed."""

from __future__ import annotations

from hypothesis import strategies as st

_PIECES = st.sampled_from(
    [
        *"`*_~[]()<>&|#!\\\"'+-=.:;/@$^{}\n\r\t\x00\x1b\x7f\x9b\u202e\u200b\u2028\ufeff",
        *["<script>", "</td>", "</style>", "<!--", "-->", "<img src=x onerror=y>", "&lt;", "&#60;"],
        *["](http://x.org)", "![a](b)", "http://x.org", "www.x.org", "a@x.org", "@alice", "#1"],
        *["```", "~~~", "---", "***", "# ", "> ", "1. ", "1) ", "- ", "| a |", "  \n", "    x"],
        *["[a]: http://x.org", "<http://x.org>", "**b**", "__b__", "$$x$$", ":smile:", "\\`"],
        *["alice", " ", "0", "word word", "日本", "e\u0301"],
    ]
)
HOSTILE = st.lists(_PIECES, min_size=1, max_size=12).map("".join)
