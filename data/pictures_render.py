"""Draws the scenes of the picture corpus and cuts them into patches, in plain Python.

A picture is 45x45 pixels of RGB bytes on a dark ground. Shapes are drawn with soft edges; each object is
moved by a pixel or two and varies in shade, and a little noise lies over everything, all from a seed.
Patches are 9x9 pixels, one around each point of the lattice, row by row; a patch is its pixel rows, one after the other, R, G, B of each pixel.
Then follows where it is: a 1 among zeros for its row, and another for its column.
"""

import array
import functools
import json
import random
import struct
import sys
from operator import add

SIDE, PATCH = 45, 9
ROWS = SIDE // PATCH
PATCHES = f"{ROWS}x{ROWS} of {PATCH}x{PATCH}x3+{2 * ROWS}"
FEATURES = PATCH * PATCH * 3 + 2 * ROWS
STEP = 9  # pixels from one column or row of the lattice to the next
PIXELS = {"small": 6, "large": 9}
MOVES = {"small": 1, "large": 1}
FINE = 8  # samples across a pixel
RGB = {"red": (232, 60, 64), "green": (58, 182, 88), "blue": (62, 118, 242), "yellow": (246, 204, 56),
       "pink": (244, 128, 196), "white": (240, 240, 236)}
GROUNDS = ((30, 34, 44), (34, 38, 48), (38, 42, 54), (42, 46, 58))
SHADES = (0.86, 0.91, 0.96, 1.0)
NOISE = 8  # the noise is 0 to NOISE - 1
WHITE = 247  # the brightest value before the noise


def _heart(x, y):
    """Two discs and the tip below them."""
    x = abs(x)
    if (x - 0.5) ** 2 + (y + 0.42) ** 2 <= 0.27:
        return True
    return y >= -0.3 and x + (y + 0.3) * 0.8 <= 1.0 and y <= 0.95


# Whether a point of the square from -1 to 1 (y downwards) belongs to the shape.
INSIDE = {
    "circle": lambda x, y: x * x + y * y <= 1,
    "square": lambda x, y: True,
    "triangle": lambda x, y: y <= 0.94 and abs(x) <= (y + 1) / 1.94,
    "cross": lambda x, y: min(abs(x), abs(y)) <= 0.34,
    "ring": lambda x, y: 0.3 <= x * x + y * y <= 1,
    "heart": _heart,
}


@functools.cache
def coverage(shape, size):
    """Rows of how much of each pixel the shape covers, 0 to 1."""
    n = PIXELS[size]
    at = [(2 * i + 1) / (n * FINE) - 1 for i in range(n * FINE)]
    inside = INSIDE[shape]
    return [[sum(inside(x, y) for y in at[r * FINE:(r + 1) * FINE] for x in at[c * FINE:(c + 1) * FINE]) / FINE ** 2
             for c in range(n)] for r in range(n)]


@functools.cache
def sprite(shape, size, colour, shade, ground):
    """Rows of (first column, RGB bytes), the soft edges mixed with the ground."""
    rows = []
    for covered in coverage(shape, size):
        used = [c for c, alpha in enumerate(covered) if alpha]
        first = used[0] if used else 0
        pixels = [int(alpha * min(WHITE, RGB[colour][k] * shade) + (1 - alpha) * ground[k])
                  for alpha in covered[first:used[-1] + 1 if used else 0] for k in range(3)]
        rows.append((first, bytes(pixels)))
    return rows


def _noise_tape():
    draw = random.Random("noise")
    return b"".join(bytes((int(draw.random() * NOISE),) * 3) for _ in range(40 * SIDE * SIDE))


NOISE_TAPE = _noise_tape()


def _free(boxes, i, moved):
    """Whether box i may be moved there: inside the picture, a pixel between it and the others."""
    x, y, n = moved
    if min(x, y) < 0 or max(x, y) + n > SIDE:
        return False
    return all(i == j or x > u + m or u > x + n or y > v + m or v > y + n for j, (u, v, m) in enumerate(boxes))


def positions(objects, draw):
    """(left, top, pixels) of each object, moved a little."""
    boxes = []
    for size, (column, row) in objects:
        n = PIXELS[size]
        boxes.append((STEP * column + (STEP - n) // 2, STEP * row + (STEP - n) // 2, n))
    for i, (size, _) in enumerate(objects):
        far = MOVES[size]
        x, y, n = boxes[i]
        moved = x + int(draw.random() * (2 * far + 1)) - far, y + int(draw.random() * (2 * far + 1)) - far, n
        if _free(boxes, i, moved):
            boxes[i] = moved
    return boxes


def render(groups, seed):
    """The picture's RGB bytes, row by row."""
    draw = random.Random(seed)
    ground = GROUNDS[int(draw.random() * len(GROUNDS))]
    picture = bytearray(bytes(ground) * (SIDE * SIDE))
    objects = [(group, cell) for group in groups for cell in group.cells]
    places = positions([(group.size, cell) for group, cell in objects], draw)
    for (group, _), (left, top, _) in zip(objects, places):
        shade = SHADES[int(draw.random() * len(SHADES))]
        for y, (first, row) in enumerate(sprite(group.shape, group.size, group.colour, shade, ground), top):
            start = 3 * (y * SIDE + left + first)
            picture[start:start + len(row)] = row
    start = 3 * int(draw.random() * (len(NOISE_TAPE) // 3 - SIDE * SIDE))
    return bytes(map(add, picture, NOISE_TAPE[start:start + len(picture)]))


def _one_of(count, i):
    return bytes(255 * (k == i) for k in range(count))


# Of each patch the first byte of each of its pixel rows, and where it is, in the order of the features.
_PATCHES = [([3 * (SIDE * (PATCH * r + y) + PATCH * c) for y in range(PATCH)], _one_of(ROWS, r) + _one_of(ROWS, c))
            for r in range(ROWS) for c in range(ROWS)]
_VALUES = [value / 255 for value in range(256)]


def features(picture):
    """The patches of one picture as little-endian float32, values from 0 to 1."""
    ordered = b"".join([part for starts, where in _PATCHES
                        for part in [*(picture[start:start + 3 * PATCH] for start in starts), where]])
    return _little_endian(array.array("f", map(_VALUES.__getitem__, ordered)))


def _little_endian(numbers):
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def write_safetensors(path, pictures, count):
    """features F32 [count, S, F] and lengths I32 [count], all S; pictures: an iterable of RGB bytes."""
    steps = ROWS * ROWS
    size = 4 * count * steps * FEATURES
    header = json.dumps({
        "__metadata__": {"patches": PATCHES},
        "features": {"dtype": "F32", "shape": [count, steps, FEATURES], "data_offsets": [0, size]},
        "lengths": {"dtype": "I32", "shape": [count], "data_offsets": [size, size + 4 * count]},
    }, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        for picture in pictures:
            file.write(features(picture))
        file.write(struct.pack(f"<{count}i", *[steps] * count))
