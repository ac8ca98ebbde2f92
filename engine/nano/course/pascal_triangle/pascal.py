def next_row(row):
    """Return the row of Pascal's triangle below row."""
    result = [1]
    for i in range(len(row) - 2):
        result.append(row[i] + row[i + 1])
    result.append(1)
    return result


def triangle(height):
    """Return the first rows of Pascal's triangle."""
    rows = []
    row = [1]
    for _ in range(height):
        rows.append(row)
        row = next_row(row)
    return rows
