"""Cut the PDF fonts: how the files under static/fonts were made. Not part of the running portal.

    npm pack @expo-google-fonts/noto-sans-sc@0.4.3 @expo-google-fonts/noto-serif-sc@0.4.3
    (unpack both, then)  python docs/make_fonts.py noto-sans-sc/package noto-serif-sc/package

Keeps the 8,105 characters of the general standard table, every character of GB 2312,
Latin letters, digits and the signs our papers use. Needs fontTools (requirements-dev.txt).
"""

import argparse
import pathlib

from fontTools import subset
from fontTools.ttLib import TTFont

HOUSE = pathlib.Path(__file__).resolve().parent.parent
FONTS = HOUSE / "static" / "fonts"
CHARACTERS = HOUSE / "tests" / "data" / "characters"
CUTS = {
    "PortalSans-Regular.ttf": ("sans", "400Regular/NotoSansSC_400Regular.ttf"),
    "PortalSans-SemiBold.ttf": ("sans", "600SemiBold/NotoSansSC_600SemiBold.ttf"),
    "PortalSerif-Regular.ttf": ("serif", "400Regular/NotoSerifSC_400Regular.ttf"),
    "PortalSerif-SemiBold.ttf": ("serif", "600SemiBold/NotoSerifSC_600SemiBold.ttf"),
}
SIGNS = "★☆✓✗×−–—…‘’“”·•°℃％‰≥≤±→←↑↓①②③④⑤⑥⑦⑧⑨⑩■□▲△●○◎〇¥￥§№　"


def wanted_characters() -> set[int]:
    """Return the code points every paper of the association may need."""
    wanted = {*range(0x20, 0x7F), *range(0xA0, 0x100), *map(ord, SIGNS)}
    for table in sorted(CHARACTERS.glob("level-*.txt")):
        wanted.update(ord(mark) for mark in table.read_text(encoding="utf-8") if not mark.isspace())
    for row in (*range(0xA1, 0xAA), *range(0xB0, 0xF8)):
        for cell in range(0xA1, 0xFF):
            try:
                wanted.add(ord(bytes((row, cell)).decode("gb2312")))
            except UnicodeDecodeError:
                continue
    return wanted


def cut(source: pathlib.Path, target: pathlib.Path, wanted: set[int]) -> None:
    """Write ``target`` with the wanted characters only, named as a family of its own."""
    options = subset.Options(
        layout_features=["kern", "locl", "halt", "palt", "chws"], name_IDs=["*"], hinting=False
    )
    font = TTFont(source)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=wanted)
    cutter.subset(font)
    family, weight = target.stem.split("-")
    names = {1: family, 2: "Regular", 4: f"{family} {weight}", 6: target.stem, 16: family}
    for record in font["name"].names:
        if record.nameID in names:
            record.string = names[record.nameID]
        elif record.nameID == 17:
            record.string = weight
    font.save(target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sans", type=pathlib.Path)
    parser.add_argument("serif", type=pathlib.Path)
    packages = vars(parser.parse_args())
    wanted = wanted_characters()
    for name, (package, path) in CUTS.items():
        cut(packages[package] / path, FONTS / name, wanted)


if __name__ == "__main__":
    main()
