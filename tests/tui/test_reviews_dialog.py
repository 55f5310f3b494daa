from __future__ import annotations

import pytest
from rich.cells import cell_len

from audit_console.search.reviews import REVIEWS
from audit_console.tui.dialogs.reviews import ReviewsDialog, review_line
from tests.tui.dialogs import DialogApp, until_answered
from tests.tui.support import screen_text, until_shown


async def test_a_review_is_chosen_by_what_it_says() -> None:
    app = DialogApp(ReviewsDialog())
    async with app.run_test(size=(80, 24)) as pilot:
        for review in REVIEWS:
            await until_shown(pilot, review.title)
            await until_shown(pilot, review.sentence[:40])
            assert "Times count from the last event" in screen_text(app)
            if review is not REVIEWS[-1]:
                await pilot.press("down")
        await pilot.press("enter")
        await until_answered(pilot, app)

    assert app.answers == [REVIEWS[-1]]


@pytest.mark.parametrize("review", REVIEWS, ids=lambda review: review.name)
def test_title_and_threshold_fit_a_small_terminal(review: object) -> None:
    width = max(len(one.title) for one in REVIEWS)
    lines = [review_line(one, width) for one in REVIEWS if one is review]

    assert all(cell_len("".join(span.text for span in line)) <= 66 for line in lines)


def test_the_mark_of_the_rows_stands_beside_the_threshold() -> None:
    (line,) = [review_line(one, 40) for one in REVIEWS if one.name == "failed-logins"]
    assert line[-1].text == "▲ count above 10"
