"""Compiles kernels for sm_90 where there is no GPU, and reads what became of them from their machine code.

`python -m tests.fakes.sass MODULE ...` prints it for modules of kimicode_kernels."""

import hashlib
import importlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "kernels" / "kimicode_kernels"
COUNTED = ("HGMMA", "HMMA", "LDGSTS", "UTMALDG", "LDSM", "LDS", "STS", "LOP3", "SHF", "HADD2", "HMUL2", "HFMA2", "BAR")


@dataclass(frozen=True, slots=True)
class Report:
    """One compiled case. `stack` in bytes a thread (spills lie there), `shared` in bytes a program."""

    name: str
    expected: str
    registers: int
    stack: int
    allowed_stack: int
    shared: int
    counts: dict[str, int]
    loop: int
    """Instructions of the main loop: the one without a loop inside that has the most matrix instructions, or, where
    there are none, the longest."""
    words: int | None
    hazards: list[str]

    @property
    def per_word(self) -> float | None:
        """Instructions of the main loop per packed int32."""
        return self.loop / self.words if self.words else None

    @property
    def matrix(self) -> str:
        """Which matrix instruction is there, in a case's words."""
        return "wgmma" if self.counts.get("HGMMA") else "mma" if self.counts.get("HMMA") else "none"


# --- reading machine code -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Instruction:
    """`text` without its predicate, `operation` without its suffixes."""

    address: str
    text: str
    guarded: bool

    @property
    def operation(self) -> str:
        """As "HGMMA" of "HGMMA.64x16x16.F32.BF16 R24, …"."""
        return re.split(r"[.\s]", self.text, maxsplit=1)[0]

    @property
    def operands(self) -> list[str]:
        """The comma-separated rest."""
        return [part.strip() for part in self.text.partition(" ")[2].split(",")]


@dataclass(frozen=True, slots=True)
class Listing:
    """A kernel's instructions in order, and the index that each label points to."""

    instructions: list[Instruction]
    labels: dict[str, int]

    def loops(self) -> list[tuple[int, int]]:
        """(first, last) of every backward jump."""
        found = []
        for at, one in enumerate(self.instructions):
            target = re.search(r"`\((\.L_x_\w+)\)", one.text) if one.operation == "BRA" else None
            if target and self.labels.get(target[1], at) < at:
                found.append((self.labels[target[1]], at))
        return found

    def main_loop(self) -> int:
        """See Report.loop; 0 without loops."""
        loops = self.loops()
        inner = [a for a in loops if not any(b != a and a[0] <= b[0] and b[1] <= a[1] for b in loops)]
        sizes = []
        for first, last in inner:
            body = [one.operation for one in self.instructions[first : last + 1] if one.operation != "NOP"]
            sizes.append((sum(operation in ("HGMMA", "HMMA") for operation in body), len(body)))
        return max(sizes, default=(0, 0))[1]


def read(disassembly: str) -> Listing:
    """What `nvdisasm -c` printed of one kernel."""
    instructions: list[Instruction] = []
    labels = {}
    for line in disassembly.splitlines():
        if label := re.match(r"(\.L_x_\w+):", line):
            labels[label[1]] = len(instructions)
        elif found := re.match(r"\s+/\*([0-9a-f]+)\*/\s+(@!?U?P\w+\s+)?(.*?)\s*;", line):
            instructions.append(Instruction(found[1], found[3], found[2] is not None))
    return Listing(instructions, labels)


@dataclass(frozen=True, slots=True)
class InFlight:
    """A warpgroup product that no wait has retired, and the registers that must not change before."""

    group: int
    address: str
    registers: frozenset[int]


NO_RESULT = frozenset({"ISETP", "FSETP", "HSETP2", "DSETP", "BAR", "RET", "CALL", "BRX", "NANOSLEEP", "WARPSYNC"})
"""Operations whose first register is read."""


def written(one: Instruction) -> frozenset[int]:
    """The registers that an instruction writes."""
    if one.operation in NO_RESULT:
        return frozenset()
    first = next((operand for operand in one.operands if not re.fullmatch(r"U?P(\d|T)", operand)), "")
    register = re.fullmatch(r"R(\d+)", first)
    if not register:
        return frozenset()
    suffixes = one.text.split()[0]
    wide = 4 if re.search(r"\.128|M88\.4|MT88\.4|^HMMA", suffixes) else 1
    if re.search(r"\.64|WIDE|M88\.2|MT88\.2|^D(ADD|MUL|FMA)", suffixes) or suffixes == "CS2R":
        wide = 2
    return frozenset(range(int(register[1]), int(register[1]) + wide))


def held(product: Instruction) -> frozenset[int]:
    """The registers of a warpgroup product: its fp32 sums (64 x n over 128 threads), and A where that is no memory."""
    columns = re.search(r"\.64x(\d+)x", product.text)
    sums = re.fullmatch(r"R(\d+)", product.operands[0])
    a = re.fullmatch(r"R(\d+)", product.operands[1])
    count = int(columns[1]) // 2 if columns else 0
    return frozenset([*range(int(sums[1]), int(sums[1]) + count)] if sums else []) | frozenset(
        range(int(a[1]), int(a[1]) + 4) if a else []
    )


def hazards(listing: Listing) -> list[str]:
    """Writes to registers of warpgroup products in flight, in any loop that has such products.

    Each loop is walked twice, for what the last iteration left in flight, and then on to where its products end.
    """
    found = {}
    for first, last in listing.loops():
        body = listing.instructions[first : last + 1]
        if any(one.operation == "HGMMA" for one in body):
            for one, product in _collisions([*body, *body, *_tail(listing.instructions[last + 1 :])]):
                found[one.address] = f"{one.address}: {one.text[:60]} (in flight: {product.address})"
    return [found[address] for address in sorted(found)]


def _tail(after: Sequence[Instruction]) -> Iterator[Instruction]:
    """The straight line behind a loop."""
    for one in after:
        if one.operation in ("BRA", "EXIT", "RET") and not one.guarded:
            return
        yield one


def _collisions(walk: Iterable[Instruction]) -> Iterator[tuple[Instruction, InFlight]]:
    flying: list[InFlight] = []
    group = 0
    for one in walk:
        if one.operation == "HGMMA":
            flying.append(InFlight(group, one.address, held(one)))
            group += "gsb0" in one.text
        elif wait := re.match(r"WARPGROUP\.DEPBAR\.LE gsb0, (0x[0-9a-f]+)", one.text):
            flying = [product for product in flying if product.group >= group - int(wait[1], 16)]
        elif flying and (registers := written(one)):
            yield from ((one, product) for product in flying if product.registers & registers)


# --- compiling, in a process whose Triton does not interpret ------------------------------------------------


def compile_module(module: str, *, every: bool) -> list[Report]:
    """The cases of a module of kimicode_kernels, or the first of each kernel by matrix instruction and argument types.
    Not where TRITON_INTERPRET is set."""
    cases = list(importlib.import_module(f"kimicode_kernels.{module}").compile_cases())
    if not every:
        firsts = {(case.function, case.expected, *case.signature.values()): case for case in reversed(cases)}
        cases = list(firsts.values())
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return list(threads.map(compile_case, cases))


def compile_case(case) -> Report:
    """One case of `kimicode_kernels.compiling`, through Triton's own compiler and assembler."""
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource
    from triton.experimental.gluon._runtime import GluonASTSource, GluonJITFunction

    function = case.function
    constexprs = {p.name: p.default for p in function.params if p.is_constexpr and p.has_default} | case.constexprs
    missing = [name for name in function.arg_names if name not in constexprs and name not in case.signature]
    if missing:
        raise ValueError(f"{case.name}: no type or value of {', '.join(missing)}")
    signature = {name: "constexpr" if name in constexprs else case.signature[name] for name in function.arg_names}
    aligned = [name for name, kind in signature.items() if kind.startswith("*") or name in case.divisible]
    attributes = {(function.arg_names.index(name),): [["tt.divisibility", 16]] for name in aligned}
    options = {"num_warps": case.num_warps, "num_stages": case.num_stages, "launch_pdl": case.launch_pdl}
    source = GluonASTSource if isinstance(function, GluonJITFunction) else ASTSource
    built = triton.compile(
        source(function, signature, constexprs, attributes),
        target=GPUTarget("cuda", 90, 32),
        options=options | ({"maxnreg": case.maxnreg} if case.maxnreg else {}),
    )
    usage, listing = _disassemble(built.asm["cubin"])
    counts = Counter(one.operation for one in listing.instructions)
    return Report(
        name=case.name,
        expected=case.expected,
        registers=int(usage["REG"]),
        stack=int(usage["STACK"]),
        allowed_stack=case.spill_bytes,
        shared=built.metadata.shared,
        counts={name: counts[name] for name in COUNTED if counts[name]},
        loop=listing.main_loop(),
        words=case.words,
        hazards=hazards(listing),
    )


def _disassemble(cubin: bytes) -> tuple[dict[str, str], Listing]:
    """(resource usage by cuobjdump's names, the code)."""
    import triton

    tools = Path(triton.__file__).parent / "backends" / "nvidia" / "bin"
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(cubin)
        file.flush()
        usage = _output(tools / "cuobjdump", "-res-usage", file.name)
        listing = read(_output(tools / "nvdisasm", "-c", file.name))
    return dict(re.findall(r"(\w+):(\d+)", usage.rpartition("Function ")[2].partition("\n")[2])), listing


def _output(*command: object) -> str:
    return subprocess.run([*map(str, command)], check=True, capture_output=True, text=True).stdout


# --- from a test --------------------------------------------------------------------------------------------


def kernel_modules() -> list[str]:
    """The modules that have cases, found without importing them."""
    return sorted(path.stem for path in PACKAGE.glob("*.py") if "\ndef compile_cases(" in path.read_text("utf-8"))


def reports(*modules: str, every: bool) -> dict[str, list[Report]]:
    """See compile_module; in one child process for all `modules`, kept until a source of the package changes."""
    kind = "--every" if every else "--some"
    places = {module: _cache() / f"{module}{kind}-{_fingerprint()}.json" for module in modules}
    missing = [module for module, place in places.items() if not place.exists()]
    if missing:
        environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
        done = subprocess.run(
            [sys.executable, "-m", "tests.fakes.sass", kind, *missing],
            cwd=ROOT,
            env={**environment, "TRITON_CACHE_DIR": str(_cache() / "triton")},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{', '.join(missing)} do not compile:\n{done.stderr[-4000:]}"
        for module, line in zip(missing, done.stdout.splitlines()[-len(missing) :], strict=True):
            own = places[module].with_suffix(f".{os.getpid()}")
            own.write_text(line)
            own.replace(places[module])
    return {module: [Report(**one) for one in json.loads(place.read_text())] for module, place in places.items()}


def _cache() -> Path:
    folder = Path(tempfile.gettempdir()) / f"kimicode-sass-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _fingerprint() -> str:
    """Changes with every source that can change the machine code, or our reading of it."""
    texts = [path.read_bytes() for path in [Path(__file__), *sorted(PACKAGE.rglob("*.py"))]]
    return hashlib.sha256(b"\0".join([sys.version.encode(), *texts])).hexdigest()[:16]


def main(modules: Sequence[str]) -> None:
    """Print the reports of modules, for people or, behind --every or --some, for `reports`."""
    if modules[0] in ("--every", "--some"):
        every = modules[0] == "--every"
        done = (compile_module(module, every=every) for module in modules[1:])
        lines = [json.dumps([asdict(report) for report in some]) for some in done]
        sys.stdout.write("\n".join(lines) + "\n")
        return
    for module in modules:
        sys.stdout.writelines(f"{module} {text(report)}\n" for report in compile_module(module, every=True))


def text(report: Report) -> str:
    """For people."""
    rate = f", {report.per_word:.1f} a word" if report.per_word else ""
    lines = [
        f"{report.name}: {report.registers} registers, {report.stack} B stack, {report.shared} B shared",
        f"{report.matrix} (wanted {report.expected}), loop {report.loop} instructions{rate}, {report.counts}",
        *(f"HAZARD {hazard}" for hazard in report.hazards[:5]),
    ]
    return "\n    ".join(lines)


if __name__ == "__main__":
    main(sys.argv[1:])
