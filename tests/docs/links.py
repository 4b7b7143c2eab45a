"""links.py ROOT - relative links of all pages lead to files, and #anchors to headings."""
import os
import re
import sys


def anchors(text):
    """As GitHub makes them: lower case, blanks to `-`, other signs gone."""
    heads = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M), re.M)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in heads}


def main(root):
    wrong = 0
    for folder in (root, os.path.join(root, "docs")):
        for name in sorted(os.listdir(folder)):
            if not name.endswith(".md"):
                continue
            text = open(os.path.join(folder, name), encoding="utf-8").read()
            for target in re.findall(r"\]\(([^)\s]+)\)", text):
                if re.match(r"\w+:", target):
                    continue
                path, _, anchor = target.partition("#")
                to = os.path.join(folder, path) if path else os.path.join(folder, name)
                ok = os.path.exists(to)
                if ok and anchor:
                    ok = anchor in anchors(open(to, encoding="utf-8").read())
                if not ok:
                    print("%s: %s leads nowhere" % (name, target))
                    wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
