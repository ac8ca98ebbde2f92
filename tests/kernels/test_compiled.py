"""Every kernel compiled for the H100 where there is none: no spills, the matrix instruction that was meant, no register
overwritten under a running product, no more instructions than recorded. Every tile of every table: `pytest -m slow`.

`python -m tests.kernels.test_compiled` records what is there now."""

import json
import re
import sys
from pathlib import Path

import pytest

from tests.fakes.sass import PACKAGE, Report, hazards, kernel_modules, read, reports, written

BUDGETS = Path(__file__).with_name("budgets.json")
REGISTERS = 8
"""The hardware gives registers to a thread in steps of so many."""
BATCHES = 5
"""Child processes that share the modules: importing PyTorch and Triton takes each of them seconds."""
PER_WORD = 0.5
"""Instructions a packed int32 that make no difference."""

needs_triton = pytest.mark.skipif(sys.platform != "linux", reason="Triton comes for Linux alone")


def complaints(report: Report, recorded: dict[str, float] | None) -> list[str]:
    """What is wrong with a compiled case."""
    found = [f"hazard at {text}" for text in report.hazards[:3]]
    if report.stack > report.allowed_stack:
        found.append(f"{report.stack} bytes of registers a thread spill, {report.allowed_stack} are accepted")
    if report.matrix != report.expected:
        found.append(f"computes with {report.matrix}, not {report.expected}")
    if recorded is None:
        found.append("nothing recorded: python -m tests.kernels.test_compiled")
    else:
        if report.registers > recorded["registers"] + REGISTERS:
            found.append(f"{report.registers} registers, recorded are {recorded['registers']:.0f}")
        if report.per_word is not None and report.per_word > recorded.get("per_word", 0) + PER_WORD:
            found.append(f"{report.per_word:.1f} instructions a word, recorded are {recorded.get('per_word')}")
    return [f"{report.name}: {text}" for text in found]


@needs_triton
@pytest.mark.parametrize("modules", [kernel_modules()[at::BATCHES] for at in range(BATCHES)], ids=" ".join)
def test_one_tile_of_each_kernel_becomes_what_was_meant(modules):
    budgets = json.loads(BUDGETS.read_text("utf-8"))
    for module, done in reports(*modules, every=False).items():
        recorded = budgets.get(module, {})
        found = [text for report in done for text in complaints(report, recorded.get(report.name))]
        assert not found, "\n".join([f"{module}:", *found])


@needs_triton
@pytest.mark.slow
@pytest.mark.parametrize("module", kernel_modules())
def test_every_tile_becomes_what_was_meant(module):
    recorded = json.loads(BUDGETS.read_text("utf-8")).get(module, {})
    done = reports(module, every=True)[module]
    assert len({report.name for report in done}) == len(done) > 0
    found = [text for report in done for text in complaints(report, recorded.get(report.name))]
    assert not found, "\n".join(found)
    assert not recorded.keys() - {report.name for report in done}, "recorded is what no longer exists"


def test_every_kernel_is_compiled_here():
    jitted = {path.stem for path in PACKAGE.glob("*.py") if re.search(r"^@triton\.jit", path.read_text("utf-8"), re.M)}
    texts = {module: (PACKAGE / f"{module}.py").read_text("utf-8") for module in kernel_modules()}
    missing = {
        name for name in jitted - texts.keys() if not any(re.search(rf"\b{name}\b", text) for text in texts.values())
    }
    assert not missing, f"no compile_cases in {missing}, nor in a module that uses them"


# --- what the checks recognise ------------------------------------------------------------------------------


def listing(*lines: str) -> str:
    return "\n".join(
        line if line.endswith(":") else f"        /*{at * 16:04x}*/                   {line} ;"
        for at, line in enumerate(lines)
    )


ONE_DOT = (
    ".L_x_1:",
    "LDS.128 R24, [R9+0x7040]",
    "WARPGROUP.ARRIVE",
    "HGMMA.64x16x16.F32.BF16 R40, R24, gdesc[UR8], R40",
    "HGMMA.64x16x16.F32.BF16 R40, R28, gdesc[UR12], R40, gsb0",
    "WARPGROUP.DEPBAR.LE gsb0, 0x1",
    "@P0 BRA `(.L_x_1)",
    "WARPGROUP.DEPBAR.LE gsb0, 0x0",
    "FADD R40, R40, R40",
    "EXIT",
)


def test_a_write_into_a_running_product_of_the_iteration_before_is_found():
    found = hazards(read(listing(*ONE_DOT)))
    assert found == ["0010: LDS.128 R24, [R9+0x7040] (in flight: 0030)"]


@pytest.mark.parametrize(
    ("at", "line"),
    [
        (1, "LDS.128 R32, [R9+0x7040]"),  # other registers
        (5, "WARPGROUP.DEPBAR.LE gsb0, 0x0"),  # nothing is in flight any more
    ],
)
def test_no_hazard_where_the_product_has_ended_or_reads_something_else(at, line):
    assert not hazards(read(listing(*ONE_DOT[:at], line, *ONE_DOT[at + 1 :])))


def test_sums_that_are_read_too_early_behind_the_loop_are_found():
    early = [line for line in ONE_DOT if not line.endswith("gsb0, 0x0")]
    assert any("FADD R40" in text for text in hazards(read(listing(*early))))


@pytest.mark.parametrize(
    ("line", "registers"),
    [
        ("LDG.E.128 R4, desc[UR4][R2.64]", {4, 5, 6, 7}),
        ("IMAD.WIDE R2, R3, 0x4, R6", {2, 3}),
        ("LOP3.LUT P0, R7, R5, 0xf000f, R6, 0xea, !PT", {7}),
        ("ISETP.GE.AND P0, PT, R3, R4, PT", set()),
        ("STS.128 [R5], R8", set()),
        ("LDSM.16.M88.4 R8, [R5]", {8, 9, 10, 11}),
        ("SHFL.BFLY PT, R3, R2, 0x1, 0x1f", {3}),
    ],
)
def test_what_an_instruction_writes(line, registers):
    assert written(read(listing(line)).instructions[0]) == registers


def test_a_case_is_held_to_all_it_promises():
    fine = Report("up", "mma", 64, 0, 0, 20_000, {"HMMA": 8}, 200, 8, [])
    assert fine.per_word == 25
    recorded = {"registers": 60, "per_word": 24.9}
    assert not complaints(fine, recorded)
    spoilt = Report("up", "wgmma", 69, 8, 0, 20_000, {"HMMA": 8}, 210, 8, ["0010: …"])
    assert len(complaints(spoilt, recorded)) == 5
    assert len(complaints(fine, None)) == 1


def record() -> None:
    """Write what the kernels need now."""
    found = {
        module: {
            one.name: {"registers": one.registers} | ({"per_word": round(one.per_word, 1)} if one.per_word else {})
            for one in done
        }
        for module, done in reports(*kernel_modules(), every=True).items()
    }
    BUDGETS.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    record()
