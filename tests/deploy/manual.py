"""What documents tell people to type, so that tests do the same."""

import re
import shlex

from world import ROOT, require

TWO_MACHINES = ROOT / "deploy/two-machines/README.md"


def blocks(document, language):
    """What stands between fences of a language."""
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", document.read_text())


def typed(document, program):
    """The words after a program's name where it is typed, by `su` or by cron as well; it is typed once."""
    found = []
    for line in "".join(blocks(document, "sh")).replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["su"]:
            words = shlex.split(words[-1])
        names = [word.rsplit("/", 1)[-1] for word in words]
        if program in names:
            found.append(words[names.index(program) + 1 :])
    require(len(found) == 1, f"{document} types {program} {len(found)} times")
    return found[0]
