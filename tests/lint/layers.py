#!/usr/bin/python3
"""layers.py SRC - a file includes its own room and lower floors: never a neighbour, never upstairs."""
import pathlib
import re
import sys

FLOORS = ["base", "dns io", "codec config", "log metrics sandbox", "query",
          "listen policy cache upstream querylog", "worker", "control", "command", "main"]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms.split()}


def room_of(path):
    return path.split("/")[0] if "/" in path else "main"


def violations(src):
    for file in sorted(src.rglob("*.[chd]*")):
        here = room_of(str(file.relative_to(src)))
        if here not in FLOOR:
            yield f"{file}: {here}/ stands on no floor; see FLOORS in tests/lint/layers.py"
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            found = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            there = room_of(found[1]) if found else here
            if there != here and FLOOR.get(there, 99) >= FLOOR[here]:
                yield f"{file}:{number}: {here}/ may not include {there}/"


found = list(violations(pathlib.Path(sys.argv[1])))
print("\n".join(found), end="\n" if found else "")
sys.exit(bool(found))
