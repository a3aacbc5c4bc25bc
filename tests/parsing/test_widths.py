"""Text has its place at a terminal, whatever language it is in."""

from hypothesis import given
from hypothesis import strategies as st

from gctail.parsing.widths import columns, cut, padded, wrapped

TEXT = st.text(st.sampled_from("ab 用户登🙂é\u0301"), max_size=60)


def test_letters_of_east_asia_take_two_columns():
    """And marks above letters none."""
    assert [columns(text) for text in ("key", "用户", "e\u0301", "🙂")] == [3, 4, 1, 2]
    assert padded("用户", 6) + "|" == "用户  |"
    assert cut("用户登录成功", 7) == "用户登…"
    assert wrapped("用户登录 成功", 8, "- ", "  ") == ["- 用户登", "  录", "  成功"]


@given(TEXT, st.integers(8, 40))
def test_nothing_is_wider_than_its_room(text, room):
    """Nor is anything lost where text is folded, but blanks at the folds."""
    assert columns(cut(text, room)) <= room
    lines = wrapped(text, room, "  ", "  ")
    assert all(columns(line) <= room for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())
