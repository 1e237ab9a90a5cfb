"""Scenes of the picture corpus: which shapes stand where, and the caption that says so.

A scene is one to three groups, each of its own colour; a group is one to four objects of the same size, colour
and shape. Only a group that is alone, or around another, has more than one.
Objects stand on a lattice of five columns and five rows, any two of them at least two steps apart in
one direction. `tell` makes the caption from the scene alone; it refuses a scene that could be told in
two ways. As text: `large red circle @2,0; small blue square @1,4 @3,4` (column,row from the top left).
"""

from dataclasses import dataclass

SIZES = ("small", "large")
COLOURS = ("red", "green", "blue", "yellow", "pink", "white")
PLURALS = {"circle": "circles", "square": "squares", "triangle": "triangles", "cross": "crosses",
           "ring": "rings", "heart": "hearts"}
SHAPES = tuple(PLURALS)
NUMBERS = ("no", "a", "two", "three", "four")
LAST = 4  # columns and rows are 0 to LAST
MIDDLE = 2


@dataclass(frozen=True)
class Group:
    size: str
    colour: str
    shape: str
    cells: tuple  # of (column, row), in reading order

    def __str__(self):
        return " ".join([self.size, self.colour, self.shape] + [f"@{column},{row}" for column, row in self.cells])


def reading_order(cells):
    return tuple(sorted(cells, key=lambda cell: (cell[1], cell[0])))


def in_order(groups):
    """Groups by their first object in reading order."""
    return tuple(sorted(groups, key=lambda g: (g.cells[0][1], g.cells[0][0])))


def scene_text(groups):
    return "; ".join(map(str, in_order(groups)))


def parse_scene(text):
    """The groups that scene_text wrote."""
    groups = []
    for part in text.split("; "):
        size, colour, shape, *cells = part.split(" ")
        groups.append(Group(size, colour, shape, tuple(tuple(map(int, c[1:].split(","))) for c in cells)))
    return tuple(groups)


# ---------------------------------------------------------------- geometry


def span(cells, axis):
    """The first and the last column (axis 0) or row (axis 1)."""
    numbers = [cell[axis] for cell in cells]
    return min(numbers), max(numbers)


def apart(cells):
    """Whether any two of the cells are two steps apart in one direction, so that no objects overlap."""
    return all(max(abs(a[0] - b[0]), abs(a[1] - b[1])) >= 2 for i, a in enumerate(cells) for b in cells[:i])


def _moved_everywhere(cells):
    width, height = span(cells, 0)[1], span(cells, 1)[1]
    return [reading_order((c + x, r + y) for c, r in cells)
            for y in range(LAST - height + 1) for x in range(LAST - width + 1)]


CORNERS = ((0, 0), (4, 0), (0, 4), (4, 4))
SIDES = ((2, 0), (0, 2), (4, 2), (2, 4))
_ARRANGEMENTS = (
    ((0, 0),), ((0, 0), (2, 0)), ((0, 0), (0, 2)), ((0, 0), (4, 0)), ((0, 0), (0, 4)),
    ((0, 0), (2, 0), (4, 0)), ((0, 0), (0, 2), (0, 4)),
    CORNERS, SIDES)
PATTERNS = [cells for arrangement in _ARRANGEMENTS for cells in _moved_everywhere(arrangement)]


def corner(cells):
    """'top left' and so on for one object in a corner, or ''."""
    if len(cells) > 1 or cells[0] not in CORNERS:
        return ""
    column, row = cells[0]
    return ("bottom" if row else "top") + (" right" if column else " left")


def edge(cells):
    """'at the top' and so on if all cells lie on one edge and even about its middle, or ''."""
    for axis, names in ((1, ("at the top", "at the bottom")), (0, ("on the left", "on the right"))):
        for at, name in zip((0, LAST), names):
            if span(cells, axis) == (at, at) and sum(span(cells, 1 - axis)) == LAST:
                return name
    return ""


def place(cells):
    """Where the only group is, or '' if no word fits well."""
    if reading_order(cells) == reading_order(CORNERS):
        return "in the corners"
    if len(cells) == 3 and span(cells, 0) == (MIDDLE, MIDDLE):
        return "in a column"
    if len(cells) == 3 and span(cells, 1) == (MIDDLE, MIDDLE):
        return "in a row"
    if sum(span(cells, 0)) == sum(span(cells, 1)) == LAST:
        wide = max(span(cells, 0)[1], span(cells, 1)[1]) - MIDDLE
        return "in the middle" if wide <= 1 else ""
    if corner(cells):
        return f"in the {corner(cells)} corner"
    return edge(cells)


def before(first, second, axis):
    """Whether first ends before second begins, side by side: left of it (axis 0) or above it (axis 1)."""
    (a, b), (c, d) = span(first, 1 - axis), span(second, 1 - axis)
    facing = a <= c <= d <= b or c <= a <= b <= d or abs(a + b - c - d) <= 2
    return facing and span(first, axis)[1] + 2 <= span(second, axis)[0]


def shared_place(cells, axis):
    """The edge that a row (axis 0) or a column (axis 1) of groups shares; '' for none, None if it is unclear."""
    low, high = span(cells, 1 - axis)
    if low == high and low in (0, LAST):
        names = ("at the top", "at the bottom") if axis == 0 else ("on the left", "on the right")
        return names[low == LAST]
    return "" if low <= MIDDLE <= high else None


# ---------------------------------------------------------------- captions


def told(group):
    """'two small red circles'"""
    shapes = PLURALS[group.shape] if len(group.cells) > 1 else group.shape
    return f"{NUMBERS[len(group.cells)]} {group.size} {group.colour} {shapes}"


def tell(groups):
    """The form and the caption of a scene, or None if the scene could be told in two ways."""
    return (_tell_one, _tell_two, _tell_three)[len(groups) - 1](*in_order(groups))


def _tell_one(group):
    where = place(group.cells)
    return ("place", f"{told(group)} {where}") if where else None


def _tell_two(first, second):
    """Around; then a relation, the upper or the left one first; then two corners."""
    for outer, inner in ((first, second), (second, first)):
        if inner.cells == ((MIDDLE, MIDDLE),) and outer.cells in (reading_order(CORNERS), reading_order(SIDES)):
            return "around", f"{told(outer)} around {told(inner)}"
    for axis, relation in ((1, "above"), (0, "left of")):
        for one, other in ((first, second), (second, first)):
            if before(one.cells, other.cells, axis):
                where = shared_place(one.cells + other.cells, axis)
                if where is None:
                    return None
                caption = f"{told(one)} {relation} {told(other)} {where}".strip()
                return ("relation, edge" if where else "relation"), caption
    where = corner(first.cells), corner(second.cells)
    if not all(where):
        return None
    return "corners", f"{told(first)} {where[0]} and {told(second)} {where[1]}"


def _between(cell, one, other):
    return 2 * cell[0] == one[0] + other[0] and 2 * cell[1] == one[1] + other[1]


def _tell_three(*groups):
    """One between the two others; or one above or below two that stand side by side."""
    for i, inner in enumerate(groups):
        one, other = groups[:i] + groups[i + 1:]
        if all(len(g.cells) == 1 for g in groups) and _between(inner.cells[0], one.cells[0], other.cells[0]):
            return "between", f"{told(inner)} between {told(one)} and {told(other)}"
    for i, alone in enumerate(groups):
        left, right = groups[:i] + groups[i + 1:]
        if span(left.cells, 0) > span(right.cells, 0):
            left, right = right, left
        if not before(left.cells, right.cells, 0) or span(left.cells, 1) != span(right.cells, 1):
            continue
        pair = span(left.cells + right.cells, 0)
        if not (pair[0] <= span(alone.cells, 0)[0] and span(alone.cells, 0)[1] <= pair[1] and sum(pair) == LAST):
            continue
        for relation, order in (("above", (alone, left)), ("below", (left, alone))):
            if span(order[0].cells, 1)[1] + 2 <= span(order[1].cells, 1)[0]:
                return "one and two", f"{told(alone)} {relation} {told(left)} and {told(right)}"
    return None
