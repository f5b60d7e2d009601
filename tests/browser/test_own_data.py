"""Own data as a person brings them: a file, a table that is typed in, and both with mistakes."""

import time
from pathlib import Path

import pytest
from looking import boundary, download, flow, table

from playground.datasets import parse_csv

LINK = "network.width=4&network.depth=3&n_train=200&n_validation=200"
ROWS = [f"{i % 10},{i % 7},{'yes' if i % 10 > 4 else '=no'}" for i in range(60)]


@pytest.fixture
def play(app, new_page):
    """Open the playground with the fold of own data open."""

    def open_playground():
        page = new_page(f"{app}/playground?{LINK}", width=1440, height=1000)
        flow(page).and_(page.locator("[data-state=ok]")).wait_for()
        page.locator("[data-testid=stExpander]", has_text="Own data").locator("summary").click()
        return page

    return open_playground


def upload(page, content, name="own.csv"):
    page.locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": content.encode("utf-16")}
    )


def use(page, button):
    page.get_by_role("button", name=button).click()
    wait_for(page, lambda: "data=table" in page.url)


def wait_for(page, condition, seconds=30):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, page.url
        page.wait_for_timeout(100)


def classes(page):
    """The classes in the numbers of the boundary, as a spreadsheet would get them."""
    _, cells = download(boundary(page), "CSV")
    return {row["class"] for row in table(cells)}


def size(page, part):
    return page.get_by_role("spinbutton", name=f"{part} points").input_value()


def test_a_file_is_used_and_exported_as_it_was(play):
    page = play()
    content = "a,b,verdict\n" + "\n".join(ROWS)
    upload(page, content)
    page.get_by_text("60 rows · 2 inputs · 2 classes").wait_for()
    use(page, "Use this file")
    page.get_by_text("All 60 rows are used.").wait_for()
    assert (size(page, "Training"), size(page, "Validation")) == ("48", "12")
    wait_for(page, lambda: classes(page) <= {"yes", "'=no"})
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Data (CSV)").click()
    file = Path(waiting.value.path()).read_bytes()
    assert parse_csv(file).to_csv() == parse_csv(content).to_csv()
    page.keyboard.press("Escape")
    page.get_by_role("radio", name="Moons").click()
    wait_for(page, lambda: "data=moons" in page.url)
    wait_for(page, lambda: size(page, "Training") == size(page, "Validation") == "200")


def test_a_file_wider_than_the_net_raises_its_width(play):
    page = play()
    lines = [",".join([*(str(i * j % 13) for i in range(9)), "xy"[j % 2]]) for j in range(30)]
    upload(page, ",".join("abcdefghi") + ",kind\n" + "\n".join(lines))
    use(page, "Use this file")
    page.locator("[data-testid=stAlert]", has_text="9 is used").wait_for()
    assert "network.width=9" in page.url


def test_a_file_that_cannot_be_used(play):
    page = play()
    upload(page, "a,b,label\n1,2,x\n3,oops,y\n" + "1,2,x\n3,4,y\n" * 6)
    alert = page.locator("[data-testid=stAlert]", has_text="own.csv")
    alert.wait_for()
    text = alert.inner_text()
    assert "row 3, column 'b': 'oops' is not a number" in text
    assert page.get_by_role("button", name="Use this file").count() == 0
    assert "data=table" not in page.url


def test_a_table_is_typed_in(play):
    """A column more is asked for by name and row; nothing is lost when the window is closed."""
    page = play()
    page.get_by_role("tab", name="Table").click()
    page.get_by_role("button", name="Edit the table").click()
    window = page.get_by_role("dialog")
    window.get_by_text("Columns", exact=True).click()
    window.get_by_role("button", name="Add a column").click()
    name = window.get_by_label("Name of column 3", exact=True)
    name.fill("weight")
    name.press("Enter")
    window.locator("[data-testid=stDataFrame]").wait_for()
    window.get_by_role("button", name="Use this table").click()
    window.get_by_text("row 1, column 'weight': the value is missing").wait_for()
    window.get_by_role("button", name="Close").click()
    page.get_by_text("10 rows · x1, x2, weight, label").wait_for()
    page.get_by_role("button", name="Edit the table").click()
    window.get_by_text("Columns", exact=True).click()
    window.locator("[class*=st-key-hand_remove]").nth(2).locator("button").first.click()
    wait_for(page, lambda: window.get_by_label("Name of column 4", exact=True).count() == 0)
    use(page, "Use this table")
    page.get_by_text("All 10 rows are used.").wait_for()
    assert (size(page, "Training"), size(page, "Validation")) == ("8", "2")
