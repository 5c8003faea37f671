"""What the checkers in this folder share: where the repository is, its files, and the map of its rooms."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def tracked():
    """Paths of all files that are in git or would be added, in order."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True).stdout.decode()
    return [ROOT / name for name in sorted(set(listed.split("\0"))) if name and (ROOT / name).is_file()]


def rooms():
    """{room: {"pure": bool, "uses": [room...]}} in the order of src/CMakeLists.txt."""
    text = re.sub(r"#.*", "", (ROOT / "src/CMakeLists.txt").read_text())
    found = {}
    for line in re.findall(r"kaden_room\(([^)]*)\)", text):
        words = line.split()
        uses, taking = [], False
        for word in words[1:]:
            if word in ("PURE", "USES", "LINKS"):
                taking = word == "USES"
            elif taking:
                uses.append(word)
        found[words[0]] = {"pure": "PURE" in words, "uses": uses}
    return found


def shown(path):
    return str(pathlib.Path(path).relative_to(ROOT))


def finish(name, problems, done):
    """Prints the problems, one a line, and ends the program."""
    for problem in problems:
        print(problem)
    if problems:
        print(f"{name}: {len(problems)} to mend")
        sys.exit(1)
    print(f"{name}: {done}")
    sys.exit(0)
