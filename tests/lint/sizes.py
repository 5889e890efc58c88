#!/usr/bin/python3
"""sizes.py - files of 500 lines, functions of 60; each .c opens with its card and has the .h of its name."""
import json
import pathlib
import re
import subprocess
import sys

FILE_LINES, FUNCTION_LINES = 500, 60
SRC = pathlib.Path("src")


def tags(files, kinds):
    """What universal-ctags finds: one dictionary for each function or variable."""
    command = ["ctags", "--output-format=json", "--languages=C", "--langmap=C:.c.h", "-o", "-",
               f"--kinds-C={kinds}", "--fields=+ne"]
    out = subprocess.run(command + [str(f) for f in files], check=True, capture_output=True, text=True)
    return [json.loads(line) for line in out.stdout.splitlines()]


def long_files(files):
    for file in files:
        lines = len(file.read_text().splitlines())
        if lines > FILE_LINES:
            yield f"{file}: {lines} lines, {FILE_LINES} at most"


def long_functions(files):
    for tag in tags(files, "f"):
        lines = tag.get("end", tag["line"]) - tag["line"] + 1
        if lines > FUNCTION_LINES:
            yield f"{tag['path']}:{tag['line']}: {tag['name']}() has {lines} lines, {FUNCTION_LINES} at most"


def missing_cards(files):
    for file in files:
        if not file.read_text().startswith(f"/* {file.relative_to(SRC)} - "):
            yield f"{file}:1: begins with its card: /* {file.relative_to(SRC)} - what it is for"


def missing_headers(files):
    """A plug-in file has no header, because one symbol leaves it and a .def names that.

    A family may share one: print_man.c and print_yaml.c have print.h.
    """
    for file in files:
        families = [file.stem.rsplit("_", n)[0] for n in range(file.stem.count("_") + 1)]
        if file == SRC / "main.c" or any((file.parent / f"{name}.h").exists() for name in families):
            continue
        # ctags forgets the "static" of a variable whose struct is written out before it: `} rows[] =`
        leaving = [t["name"] for t in tags([file], "fv") if not t.get("file") and "/^}" not in t["pattern"]]
        if len(leaving) != 1:
            names = ", ".join(leaving) or "nothing"
            yield f"{file}: no {file.with_suffix('.h').name}, and not one symbol leaves it but {names}"


sources = sorted(SRC.rglob("*.c"))
tested = sorted(pathlib.Path("tests").rglob("*.[ch]"))
everything = sources + sorted(SRC.rglob("*.h")) + sorted(SRC.rglob("*.def")) + tested
found = [*long_files(everything), *long_functions([f for f in everything if re.fullmatch(r"\.[ch]", f.suffix)]),
         *missing_cards(sources), *missing_headers(sources)]
print("\n".join(found), end="\n" if found else "")
sys.exit(bool(found))
