"""A table of one's own, as tests of tables read it."""


def csv_of(rows, header="a,b,kind"):
    return "\n".join([header, *rows]) + "\n"


GOOD_ROWS = [f"{i}.5,{-i},{'red' if i % 3 else 'blue'}" for i in range(1, 13)]
GOOD = csv_of(GOOD_ROWS)
