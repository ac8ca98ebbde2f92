"""What is found in a file of each language, and what a time box leaves."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode.index.languages import GRAMMARS
from kimicode.index.symbols import LONGEST_SIGNATURE, MOST_LINES, facts_of

SAMPLES = {
    "python": (
        "import os.path\nLIMIT = 3\nclass Dog(Animal):\n    age: int = 1\n    def bark(self, loud: Sound) -> None:\n"
        "        howl(loud)\n@cached\nasync def walk(\n    dog,\n):\n    pass\n",
        {("LIMIT", "constant", ""), ("Dog", "class", ""), ("age", "variable", "Dog"), ("bark", "method", "Dog")}
        | {("walk", "function", "")},
        {"path", "Animal", "Sound", "howl", "cached"},
    ),
    "javascript": (
        "import run from 'x';\nconst LIMIT = 1;\nclass Dog extends Animal { bark(loud) { howl(loud); } }\n"
        "function walk(dog) { return new Path(dog); }\nconst sit = (dog) => dog.rest();\n",
        {("LIMIT", "constant", ""), ("Dog", "class", ""), ("bark", "method", "Dog"), ("walk", "function", "")}
        | {("sit", "function", "")},
        {"run", "Animal", "howl", "Path", "rest"},
    ),
    "typescript": (
        "interface Pet { name(): string }\nenum Kind { Big }\ntype Id = Key;\nabstract class Dog extends Animal {\n"
        "  bark(loud: Sound): void { howl(loud); }\n}\nexport function walk(dog: Dog): void {}\n",
        {("Pet", "interface", ""), ("name", "method", "Pet"), ("Kind", "enum", ""), ("Id", "type", "")}
        | {("Dog", "class", ""), ("bark", "method", "Dog"), ("walk", "function", "")},
        {"Key", "Animal", "Sound", "howl", "Dog"},
    ),
    "tsx": (
        "export function Page(props: Props) { return <Menu wide={true}><Item/></Menu>; }\n",
        {("Page", "function", "")},
        {"Props", "Menu", "Item"},
    ),
    "go": (
        "package p\nconst Limit = 1\ntype Dog struct { Age int }\ntype Pet interface { Name() string }\n"
        "func (d *Dog) Bark(loud Sound) { howl(loud) }\nfunc Walk(d Dog) { d.Rest() }\n",
        {("Limit", "constant", ""), ("Dog", "class", ""), ("Pet", "interface", ""), ("Name", "method", "Pet")}
        | {("Bark", "method", "Dog"), ("Walk", "function", "")},
        {"Sound", "howl", "Rest", "Dog"},
    ),
    "rust": (
        "use a::Animal;\nconst LIMIT: u8 = 1;\nstruct Dog { age: Years }\ntrait Pet { fn name(&self); }\n"
        "impl Pet for Dog { fn bark(&self) { howl(1); } }\nmacro_rules! pet { () => {} }\nfn walk() { pet!(); }\n",
        {("LIMIT", "constant", ""), ("Dog", "class", ""), ("Pet", "interface", ""), ("name", "method", "Pet")}
        | {("bark", "method", "Dog"), ("pet", "macro", ""), ("walk", "function", "")},
        {"Animal", "Years", "howl", "pet"},
    ),
    "java": (
        "import a.Animal;\nclass Dog extends Animal { static final int LIMIT = 1; Dog() {}\n"
        "  @Override void bark(Sound loud) { howl(loud); } }\ninterface Pet { String name(); }\nenum Kind { BIG }\n",
        {("Dog", "class", ""), ("LIMIT", "constant", "Dog"), ("Dog", "method", "Dog"), ("bark", "method", "Dog")}
        | {("Pet", "interface", ""), ("name", "method", "Pet"), ("Kind", "enum", ""), ("BIG", "constant", "Kind")},
        {"Animal", "Override", "Sound", "howl"},
    ),
    "c": (
        "#define LIMIT 1\nstruct dog { int age; };\ntypedef struct dog Dog;\nenum kind { BIG };\n"
        "static Dog *walk(Dog *dog) { rest(dog); return 0; }\nint declared(void);\n",
        {("LIMIT", "macro", ""), ("dog", "class", ""), ("Dog", "type", ""), ("kind", "enum", "")}
        | {("BIG", "constant", "kind"), ("walk", "function", ""), ("declared", "function", "")},
        {"rest", "Dog"},
    ),
    "cpp": (
        "namespace zoo {\ntemplate <class T> class Dog : public Animal { void bark(Sound s) { howl(s); } };\n}\n"
        "void zoo::Cat::meow() { purr(); }\nusing Id = Key;\n",
        {("zoo", "module", ""), ("Dog", "class", "zoo"), ("bark", "method", "Dog"), ("meow", "function", "Cat")}
        | {("Id", "type", "")},
        {"Animal", "Sound", "howl", "purr", "Key"},
    ),
    "csharp": (
        "namespace Zoo { class Dog : Animal { int Age { get; set; } void Bark(Sound s) { Howl(s); } }\n"
        "interface IPet { } enum Kind { Big } }\n",
        {("Zoo", "module", ""), ("Dog", "class", "Zoo"), ("Age", "variable", "Dog"), ("Bark", "method", "Dog")}
        | {("IPet", "interface", "Zoo"), ("Kind", "enum", "Zoo"), ("Big", "constant", "Kind")},
        {"Animal", "Sound", "Howl"},
    ),
    "ruby": (
        "module Zoo\n  class Dog < Animal\n    LIMIT = 1\n    def bark(loud)\n      howl(loud)\n    end\n  end\nend\n"
        "def walk\nend\n",
        {("Zoo", "module", ""), ("Dog", "class", "Zoo"), ("LIMIT", "constant", "Dog"), ("bark", "method", "Dog")}
        | {("walk", "function", "")},
        {"Animal", "howl"},
    ),
    "php": (
        "<?php\nuse A\\Animal;\nclass Dog extends Animal { const LIMIT = 1; function bark(Sound $s) { howl($s); } }\n"
        "interface Pet {}\nfunction walk(Dog $d) { $d->rest(); }\n",
        {("Dog", "class", ""), ("LIMIT", "constant", "Dog"), ("bark", "method", "Dog"), ("Pet", "interface", "")}
        | {("walk", "function", "")},
        {"Animal", "Sound", "howl", "Dog", "rest"},
    ),
    "bash": (
        "LIMIT=1\nwalk() {\n  rest now\n}\nfunction bark { howl; }\nwalk\n",
        {("LIMIT", "constant", ""), ("walk", "function", ""), ("bark", "function", "")},
        {"rest", "howl", "walk"},
    ),
}


@pytest.mark.parametrize("language", SAMPLES)
def test_definitions_and_references_of_every_language(language):
    source, definitions, references = SAMPLES[language]
    facts = facts_of(source.encode(), language)
    assert {(one.name, one.kind, one.container) for one in facts.definitions} == definitions
    assert references <= facts.references.keys()


def test_every_language_has_a_sample():
    assert set(SAMPLES) == set(GRAMMARS)


def test_a_definition_knows_its_lines_and_its_head():
    source = "class Dog(\n    Animal,\n):\n    def bark(\n        self, loud\n    ) -> None:\n        pass\n"
    dog, bark = facts_of(source.encode(), "python").definitions
    assert (dog.line, dog.end_line, dog.signature) == (1, 7, "class Dog( Animal, )")
    assert (bark.line, bark.end_line, bark.signature) == (4, 7, "def bark( self, loud ) -> None")


def test_a_long_head_is_cut():
    parameters = ", ".join(f"parameter_{number}" for number in range(100))
    (one,) = facts_of(f"def long({parameters}): pass\n".encode(), "python").definitions
    assert len(one.signature) == LONGEST_SIGNATURE
    assert one.signature.endswith("…")


def test_a_definition_is_no_reference_to_itself_and_a_line_counts_once():
    facts = facts_of(b"def walk(): pass\nwalk(); walk()\nwalk()\n", "python")
    assert facts.references == {"walk": (2, 3)}


def test_a_name_on_thousands_of_lines_keeps_the_first_ones():
    facts = facts_of(b"walk()\n" * 1000, "python")
    assert facts.references == {"walk": tuple(range(1, MOST_LINES + 1))}


def test_broken_source_still_gives_what_can_be_read():
    facts = facts_of(b"def good(): pass\n\nclass Broken(:\n  def (\n\ndef also_good(): pass\n", "python")
    assert {"good", "also_good"} <= {one.name for one in facts.definitions}


def test_markdown_has_sections_outside_of_code():
    source = b"# One\ntext\n```sh\n# comment\n```\n## Two\nmore\n## Three\n# Four\n"
    found = [(one.name, one.line, one.end_line, one.container) for one in facts_of(source, "markdown").definitions]
    assert found == [("One", 1, 7 + 1, ""), ("Two", 6, 7, "One"), ("Three", 8, 8, "One"), ("Four", 9, 10, "")]


def test_a_huge_file_costs_its_time_box_and_keeps_its_words():
    source = b"table = {\n" + b'    "key": [1, 2, {3: 4}],\n' * 60_000 + b"}\n"
    facts = facts_of(source, "python", time_box_s=0.01)
    assert facts.timed_out
    assert facts.definitions == ()
    assert "table" in facts.body.split()


@pytest.mark.parametrize(
    ("language", "source"),
    [("bash", "(a)(b)*\n"), ("c", "a<(b\n"), ("csharp", "(a)(b)*\n"), ("javascript", 'f"{\n'), ("ruby", "if(a){\n")],
)
def test_a_small_file_that_a_parser_cannot_cope_with_costs_no_more(language, source):
    """Without a box some of these take minutes."""
    facts = facts_of(source.encode() * 8_000, language, time_box_s=0.02)
    assert facts.timed_out
    assert facts_of(SAMPLES[language][0].encode(), language).definitions, "the next file is read as ever"


def test_packed_source_gives_words_alone():
    facts = facts_of(b"function a(){b()};" * 5000, "javascript")
    assert facts.definitions == ()
    assert not facts.timed_out


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted([*GRAMMARS, "markdown", "text"])), st.binary(max_size=400))
def test_any_bytes_in_any_language_give_facts_that_can_be_stored(language, data):
    facts = facts_of(data, language)
    last = data.count(b"\n") + 1
    for one in facts.definitions:
        f"{one.name}{one.signature}{one.container}".encode()
        assert 1 <= one.line <= one.end_line <= last + 1
    for name, lines in facts.references.items():
        assert name.encode()
        assert list(lines) == sorted(set(lines))
