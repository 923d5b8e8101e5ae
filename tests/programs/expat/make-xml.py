"""Writes large.xml, small.xml and broken.xml."""

import random

rng = random.Random(1)


def element(depth):
    attributes = "".join(f' a{i}="v{rng.randrange(10**6)} &lt;&#x20AC;"' for i in range(rng.randrange(4)))
    name = rng.choice(["row", "c:ell", "näme", "x"])
    inside = "".join(element(depth - 1) for _ in range(rng.randrange(1, 5))) if depth else "text &amp; more " * 3
    return f"<{name}{attributes}>{inside}<!-- note --><![CDATA[<raw>]]></{name}>\n"


HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE r [<!ENTITY e "entity"><!ATTLIST x d CDATA "z">]>\n'


def document(name, count, repeated=1):
    body = "".join(element(3) for _ in range(count)) * repeated
    with open(name, "w", encoding="utf-8") as file:
        file.write(f'{HEAD}<r xmlns:c="urn:c">&e;{body}</r>\n')


document("small.xml", 40)
document("large.xml", 2000, 6)
with open("broken.xml", "w", encoding="utf-8") as file:
    file.write(HEAD + "<r><a></b></r>")
