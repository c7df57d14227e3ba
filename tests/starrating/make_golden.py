"""Freeze the golden set anew: ``python -m tests.starrating.make_golden``.

Only together with a new ENGINE_VERSION and a reason in the change log: an engine that gives an
issued result otherwise is forbidden.
"""

import json
import random
from pathlib import Path

from starrating.scheme_format import DEFAULT_SCHEME, canonical_json, load, read_yaml
from starrating.scoring import Evidence, Value, Veto, freeze, rate
from tests.starrating.schemes import KIND_OF, SCHEMES, cases_of, evidence_of

GOLDEN = Path(__file__).parent / "golden"
EXAMPLES = ("adjustments", "bonus_limits", "missing_and_small_samples", "periods_mean", "vetoes")


def answer(item, chance):
    """Return a plausible answer to an item of the default scheme."""
    if item.method == "bool":
        return chance.choice("1110")
    if item.method == "deduct":
        return chance.choice(["0", "0", "0", "1", "2", "9"])
    if item.method == "ratio":
        return f"{chance.randint(10, 24)}/20"
    if item.method == "level":
        return chance.choice(item.levels).name
    return chance.choice(["0", "1", "3.6", "4.7", "4.9"])


def shop(scheme, seed):
    """Return the evidence of one invented shop."""
    chance = random.Random(seed)
    items = {}
    for item in scheme.items:
        kind = KIND_OF[item.scorer]
        values = [Value(kind, answer(item, chance), f"mark/{seed}", "示例材料")]
        if item.scorer == "owner":
            values.append(Value("self", answer(item, chance), f"sheet/{seed}"))
        if item.small_sample and chance.random() < 0.5:
            values = [values[0]._replace(n=chance.randint(0, 60))]
        if item.na and chance.random() < 0.3:
            values = [Value(kind, "NA", f"mark/{seed}", "", None, "无此业务")]
        if seed % 5 == 4 and chance.random() < 0.05:
            continue
        items[item.code] = tuple(values)
    bonus = {
        line.code: (Value("system", str(chance.randint(0, 4)), f"activity/{seed}"),)
        for line in scheme.bonus.lines
        if chance.random() < 0.4
    }
    vetoes = (Veto("V05", "处罚〔2026〕7号", id="veto/1"),) if seed % 6 == 5 else ()
    return Evidence(items=items, bonus=bonus, vetoes=vetoes)


def best_shop(scheme):
    """Return the evidence of a shop that lacks very little."""
    best = {"bool": "1", "deduct": "0", "ratio": "20/20"}
    items = {}
    for item in scheme.items:
        value = best.get(item.method)
        if value is None:
            value = item.levels[0].name if item.levels else item.steps[0].name
        items[item.code] = (Value(KIND_OF[item.scorer], value, "mark/0"),)
    items["R05"] = (Value("department", "1", "mark/0"),)
    return Evidence(items=items, bonus={"B01": (Value("system", "3", "activity/1"),)})


def golden_of(document, evidences):
    scheme = load(document)
    ratings = [rate(scheme, evidence) for evidence in evidences]
    return {
        "document": json.loads(canonical_json(document)),
        "results": [
            {**freeze(rating), "tree": rating.as_dict() if n < 2 else None}
            for n, rating in enumerate(ratings)
        ],
    }


def main():
    document = read_yaml(DEFAULT_SCHEME.read_text(encoding="utf-8"))
    scheme = load(document)
    sets = {
        "default": golden_of(
            document, [best_shop(scheme), *[shop(scheme, seed) for seed in range(24)]]
        )
    }
    for name in EXAMPLES:
        document = read_yaml((SCHEMES / f"{name}.yaml").read_text(encoding="utf-8"))
        scheme = load(document)
        cases = [case for case in cases_of(name) if "preview" not in case]
        sets[name] = golden_of(document, [evidence_of(scheme, case) for case in cases])
    for name, golden in sets.items():
        text = json.dumps(golden, ensure_ascii=False, indent=1, sort_keys=True)
        (GOLDEN / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
