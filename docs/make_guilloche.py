# ruff: noqa: E501
"""Draw the frame and the watermark of the certificate: how static/img/certificate.svg was made.

python docs/make_guilloche.py    Waves are smooth quadratic curves in relative numbers, so that
the whole picture stays under 12 KB. Not part of the running portal.
"""

import math
import pathlib

TARGET = pathlib.Path(__file__).resolve().parent.parent / "static" / "img" / "certificate.svg"
WIDTH, HEIGHT = 1123, 794
JADE, DEEP, GOLD, PALE = "#0B6B60", "#075248", "#B87C00", "#F5D68A"


def ring(waves: int, inner: float, outer: float, turn: float) -> str:
    """Return one closed wave of ``waves`` petals between two radii, turned by ``turn`` degrees."""
    points = []
    for place in range(2 * waves):
        angle = math.radians(turn + place * 180 / waves)
        radius = outer if place % 2 else inner
        points.append((radius * math.cos(angle), radius * math.sin(angle)))
    middles = [
        ((x + points[place - 1][0]) / 2, (y + points[place - 1][1]) / 2)
        for place, (x, y) in enumerate(points)
    ]
    here = middles[0]
    path = f"M{here[0]:.0f} {here[1]:.0f}"
    here = (round(here[0]), round(here[1]))
    for place, point in enumerate(points):
        there = middles[(place + 1) % len(points)]
        numbers = [point[0] - here[0], point[1] - here[1], there[0] - here[0], there[1] - here[1]]
        whole = [round(number) for number in numbers]
        path += "q" + " ".join(map(str, whole)).replace(" -", "-")
        here = (here[0] + whole[2], here[1] + whole[3])
    return path


def ribbon(length: float, waves: int, height: int, half: bool) -> str:
    """Return a wave along the x axis; ``half`` starts it half a step later and ends it so."""
    step = length / waves / 2
    start, count = (step / 2, 2 * waves - 2) if half else (0, 2 * waves - 1)
    return f"M{start:.1f} 0q{step / 2:.2f} {-height} {step:.2f} 0" + f"t{step:.2f} 0" * count


def ribbons(length: float, waves: int) -> str:
    """Return three waves plaited into one another."""
    return "".join(
        f'<path d="{ribbon(length, waves, height, half)}" stroke="{colour}"/>'
        for height, half, colour in ((15, False, JADE), (-15, False, JADE), (9, True, GOLD))
    )


def main() -> None:
    petals = "".join(
        f'<use href="#r" transform="rotate({turn})" stroke="{colour}"/>'
        for turn, colour in ((0, JADE), (2, GOLD), (4, JADE), (6, GOLD), (8, JADE))
    )
    fine = "".join(f'<use href="#f" transform="rotate({turn})"/>' for turn in (0, 1.5, 3, 4.5))
    corner = (
        f'<g id="k"><rect x="-12" y="-12" width="24" height="24" fill="{DEEP}"/>'
        f'<g transform="rotate(45)" fill="none" stroke="{PALE}" stroke-width="1.3">'
        '<rect x="-3.6" y="-8" width="7.2" height="16" rx="3.6"/><path d="M-3.6 0h7.2"/></g></g>'
    )
    picture = f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">
<defs><path id="r" d="{ring(36, 176, 246, 0)}"/>\
<g id="f"><path d="{ring(60, 164, 184, 0)}"/><path d="{ring(60, 243, 263, 0)}"/></g>
<g id="x">{ribbons(1007, 39)}</g><g id="y">{ribbons(678, 26)}</g>{corner}</defs>
<g transform="translate(561 412)" fill="none" stroke-width=".5" opacity=".15" stroke="{JADE}">{petals}{fine}</g>
<g fill="none" stroke-width=".8" opacity=".8"><use href="#x" x="58" y="44"/><use href="#x" x="58" y="750"/>\
<use href="#y" transform="translate(44 58) rotate(90)"/><use href="#y" transform="translate(1079 58) rotate(90)"/></g>
<g fill="none" stroke="{DEEP}" stroke-width="1.2"><rect x="32" y="32" width="1059" height="730"/>\
<rect x="56" y="56" width="1011" height="682"/></g>
<rect x="61" y="61" width="1001" height="672" fill="none" stroke="{GOLD}" stroke-width=".75"/>
<use href="#k" x="44" y="44"/><use href="#k" x="1079" y="44"/>\
<use href="#k" x="44" y="750"/><use href="#k" x="1079" y="750"/>
</svg>
"""
    TARGET.write_text(picture)


if __name__ == "__main__":
    main()
