"""Every string that json.loads sees in each document of a batch; it never judges one.

In: the number of documents, then each with its length before it. Out, for each document: how many
strings, or 2**32 - 1 if it is refused; then each string with its length before it, whose highest bit
says that it is itself a document, whose strings follow. All numbers have four bytes, lowest first.
"""
import json
import struct
import sys

REFUSED = 0xFFFFFFFF
DOCUMENT = 0x80000000
LEVELS = 12


class Pairs(list):
    """The members of an object, the doubled ones too."""


def parse(text):
    return json.loads(text, object_pairs_hook=Pairs)


def strings(value, level, out):
    stack = [value]
    while stack:
        value = stack.pop()
        if isinstance(value, Pairs):
            for name, member in value:
                stack.append(name)
                stack.append(member)
        elif isinstance(value, list):
            stack.extend(value)
        elif isinstance(value, str):
            string(value, level, out)


def string(value, level, out):
    inner = None
    if level < LEVELS and value.lstrip()[:1] in ("{", "[", '"'):
        try:
            inner = parse(value)
        except (ValueError, RecursionError):
            pass
    # An empty document is its own only text.
    is_document = bool(inner) and not isinstance(inner, (int, float))
    data = value.encode("utf-8", "surrogatepass")
    out.append(struct.pack("<I", len(data) | (DOCUMENT if is_document else 0)) + data)
    if is_document:
        strings(inner, level + 1, out)


def main():
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while len(head := source.read(4)) == 4:
        inputs = []
        for _ in range(*struct.unpack("<I", head)):
            inputs.append(source.read(*struct.unpack("<I", source.read(4))))
        for data in inputs:
            out = []
            try:
                strings(parse(data), 0, out)
            except (ValueError, RecursionError):
                sink.write(struct.pack("<I", REFUSED))
                continue
            sink.write(struct.pack("<I", len(out)) + b"".join(out))
        sink.flush()


main()
