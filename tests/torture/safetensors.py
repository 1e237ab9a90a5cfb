"""Safetensors files, read and written with the checksum that babelgrad wants (nn/safetensors.cpp),
and what can be wrong in one: `damaged` makes a file that no well-meaning program would write."""
import json
import struct

import xxhash

DTYPES = ["F32", "F64", "F16", "BF16", "I32", "I64", "U8", "I8", "BOOL", "F8_E4M3", "", "f32", 7,
          None]
NUMBERS = [0, 1, -1, 2, 3, 127, 2**31 - 1, 2**31, 2**32, 2**48, 2**53, 2**63 - 1, 2**63, 2**64 - 1,
           2**64, -2**63, 1e9, 0.5, 1e308, None, "1", [], {}, True]
FLOATS = [float("nan"), float("inf"), float("-inf"), 3e38, -3e38, 1e-45, 0.0, 1e20]


def read(data):
    """(header, arrays' bytes)."""
    size = int.from_bytes(data[:8], "little")
    return json.loads(data[8:8 + size]), data[8 + size:]


def checksum(header, data):
    metadata = header.get("__metadata__", {})
    described = "".join(f"{key}\0{value}\0" for key, value in sorted(metadata.items())
                        if key != "checksum").encode("utf-8", "surrogateescape")
    return f"xxh3-{xxhash.xxh3_64_intdigest(data, xxhash.xxh3_64_intdigest(described)):016x}"


def write(header, data, sealed=True):
    if sealed and isinstance(header.get("__metadata__"), dict):
        header["__metadata__"]["checksum"] = checksum(header, data)
    text = json.dumps(header, ensure_ascii=False).encode("utf-8", "surrogateescape")
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def damaged(random, file):
    """(bytes, what was done): one to three changes of a good file, with a right checksum."""
    header, data = read(file)
    done = []
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        change = random.choice(CHANGES)
        data, said = change(random, header, data)
        done.append(said)
    result = write(header, data, sealed=random.random() < 0.9)
    if random.random() < 0.1:
        result, said = random.choice(FRAMES)(random, result)
        done.append(said)
    return result, "; ".join(done)


def arrays(header):
    return [name for name in header if name != "__metadata__"]


def pick(random, header):
    """An array's entry, or an empty one if there is none left."""
    names = arrays(header)
    name = random.choice(names) if names else ""
    entry = header.get(name)
    return name, entry if isinstance(entry, dict) else {}


def change_number(random, header, data):
    name, entry = pick(random, header)
    key = random.choice(["shape", "data_offsets"])
    if isinstance(entry.get(key), list) and entry[key]:
        entry[key][random.randrange(len(entry[key]))] = random.choice(NUMBERS)
    return data, f"{name}: {key} {entry.get(key)}"


def change_dtype(random, header, data):
    name, entry = pick(random, header)
    entry["dtype"] = random.choice(DTYPES)
    return data, f"{name}: dtype {entry['dtype']}"


def change_type(random, header, data):
    """Another array of the same number of bytes: shape and dtype fit each other."""
    name, entry = pick(random, header)
    begin, end = (entry.get("data_offsets") or [0, 0])[:2]
    size = end - begin if isinstance(begin, int) and isinstance(end, int) else 0
    types = [("F64", 8), ("F16", 2), ("BF16", 2), ("I32", 4), ("I64", 8)]
    entry["dtype"], width = random.choice(types)
    entry["shape"] = random.choice([[size // width], [1, size // width], [size // width, 1, 1]])
    return data, f"{name}: {entry['dtype']} {entry['shape']}"


def change_values(random, header, data):
    name, entry = pick(random, header)
    begin, end = (entry.get("data_offsets") or [0, 0])[:2]
    value = random.choice(FLOATS)
    bits = struct.pack("<f", value)
    numbers = isinstance(begin, int) and isinstance(end, int)
    if not numbers or not 0 <= begin <= end - 4 < len(data):
        return data, "nothing"
    if entry.get("dtype") == "I8":  # any byte is a number
        at = random.randrange(begin, end)
        return data[:at] + bytes([random.randrange(256)]) + data[at + 1:], f"{name}: byte {at}"
    if random.random() < 0.5:
        at = begin + 4 * random.randrange((end - begin) // 4)
        return data[:at] + bits + data[at + 4:], f"{name}: {value} at byte {at}"
    count = (end - begin) // 4
    return data[:begin] + bits * count + data[begin + 4 * count:], f"{name}: all {value}"


def rename(random, header, data):
    name, entry = pick(random, header)
    new = random.choice(["", "x", name + "x", name[1:], "\0", "é" * 100, "a" * 100000, "\udcff"])
    header[new] = header.pop(name, entry)
    return data, f"{name} called {new[:20]!r}"


def drop(random, header, data):
    name, _ = pick(random, header)
    header.pop(name, None)
    return data, f"{name} dropped"


def cut_out(random, header, data):
    """An array dropped with its bytes: a good file that lacks it."""
    name, entry = pick(random, header)
    offsets = entry.get("data_offsets")
    if not isinstance(offsets, list) or not all(type(n) is int and 0 <= n for n in offsets):
        return data, "nothing"
    begin, end = offsets[0], offsets[-1]
    header.pop(name)
    for other in arrays(header):
        entry = header[other]
        moved = entry.get("data_offsets") if isinstance(entry, dict) else None
        if isinstance(moved, list):
            entry["data_offsets"] = [n - (end - begin) if type(n) is int and n >= end else n
                                     for n in moved]
    return data[:begin] + data[end:], f"{name} cut out"


def change_metadata(random, header, data):
    metadata = header.setdefault("__metadata__", {})
    if not isinstance(metadata, dict):
        return data, "nothing"
    key = random.choice([*metadata, "new"])
    value = random.choice(["", "{}", "[]", "null", "\0", "{" * 100, "[" * 100000, 5, None, [], {},
                           "x" * 1000000, '{"training": 1}'])
    metadata[key] = value
    return data, f"metadata {key} is {str(value)[:20]!r}"


def change_state(random, header, data):
    """A number of the training state, or of the configuration, in the metadata."""
    metadata = header.get("__metadata__")
    keys = [key for key in ("training", "config") if isinstance(metadata, dict) and key in metadata]
    if not keys:
        return data, "nothing"
    key = random.choice(keys)
    try:
        state = json.loads(metadata[key])
        entry = random.choice(list(state))
    except (TypeError, ValueError, IndexError, RecursionError):
        return data, "nothing"
    state[entry] = random.choice(NUMBERS)
    metadata[key] = json.dumps(state)
    return data, f"{key}: {entry} is {state[entry]!r}"


def no_metadata(random, header, data):
    header["__metadata__"] = random.choice([None, 5, [], "x", {}, {"checksum": 5}])
    return data, f"metadata {header['__metadata__']!r}"


CHANGES = [change_number, change_number, change_dtype, change_type, change_values, change_values,
           rename, drop, cut_out, change_metadata, change_state, change_state, change_state,
           no_metadata]


def false_length(random, file):
    size = random.choice([0, 1, 7, 8, len(file) - 8, len(file) - 7, len(file), 2**31, 2**63,
                          2**64 - 1, 100 << 20])
    return struct.pack("<Q", size & (2**64 - 1)) + file[8:], f"header length {size}"


def deep(random, file):
    depth = random.choice([60, 70, 1000, 100000, 480000])
    text = b'{"a": ' + b"[" * depth + b"]" * depth + b"}"
    return struct.pack("<Q", len(text)) + text, f"a header {depth} deep"


def no_json(random, file):
    text = random.choice([b"", b"{", b"[]", b"null", b"5", b'"x"', b"{}", b'{"a": 1e999}',
                          b"\xff\xfe",
                          b'{"a": {"dtype": "F32", "shape": [], "data_offsets": [0, 4]}}'])
    return struct.pack("<Q", len(text)) + text, f"header {text[:20]!r}"


FRAMES = [false_length, deep, no_json]
