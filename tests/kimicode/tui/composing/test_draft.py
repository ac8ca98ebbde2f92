"""Drafts: labels stand for pastes and images, and nothing behind them is lost."""

from hypothesis import given
from hypothesis import strategies as st

from kimicode.messages import Image
from kimicode.tui.composing.draft import Attachments, Draft, DraftFile, paste_label, without_images

PICTURE = Image("image/png", "AAAA")
words = st.text(st.characters(blacklist_characters="[]", blacklist_categories=["Cs"]), max_size=20)


@given(st.lists(st.tuples(words, st.text(st.characters(blacklist_categories=["Cs"]), min_size=1)), max_size=5), words)
def test_every_paste_comes_back_in_its_place(pieces, end):
    inside = Attachments()
    text = "".join(before + inside.add_paste(paste) for before, paste in pieces) + end
    draft = inside.draft(text)
    assert draft.expanded == "".join(before + paste for before, paste in pieces) + end


@given(st.lists(st.text(st.characters(blacklist_categories=["Cs"]), min_size=1), min_size=1, max_size=4), st.data())
def test_a_draft_names_only_what_its_text_names(pastes, data):
    inside = Attachments()
    labels = [inside.add_paste(paste) for paste in pastes]
    kept = data.draw(st.lists(st.sampled_from(range(len(labels))), unique=True))
    draft = inside.draft(" ".join(labels[place] for place in kept))
    assert draft.expanded == " ".join(pastes[place] for place in kept)
    assert len(draft.pastes) == len(kept)


@given(st.lists(st.text(st.characters(blacklist_categories=["Cs"]), min_size=1), max_size=3))
def test_a_draft_survives_another_composer_and_json(pastes):
    first, second = Attachments(), Attachments()
    second.add_paste("something else\nhere")
    text = " and ".join(map(first.add_paste, pastes))
    draft = Draft.from_json(first.draft(text).to_json())
    assert second.draft(second.adopt(draft)).expanded == " and ".join(pastes)


def test_a_paste_that_holds_a_label_is_not_expanded_twice():
    inside = Attachments()
    inside.add_paste("[Pasted text #2 +2 lines]")
    text = paste_label(1, inside.pastes[0])
    inside.add_paste("a\nb")
    assert inside.draft(f"{text} [Pasted text #2 +2 lines]").expanded == "[Pasted text #2 +2 lines] a\nb"


def test_words_that_only_look_like_a_label_stay_words():
    text = "see [Image #3] and [Pasted text #1 +42 lines]"
    draft = Attachments().draft(text)
    assert (draft.text, draft.expanded, draft.pastes, draft.images) == (text, text, (), ())


def test_images_are_numbered_by_their_places_in_the_text():
    other = Image("image/png", "BBBB")
    inside = Attachments()
    inside.add_image(PICTURE)
    label = inside.add_image(other)
    assert label == "[Image #2]"
    draft = inside.draft(f"{label} then [Image #1] and {label} again")
    assert draft.text == "[Image #1] then [Image #2] and [Image #1] again"
    assert draft.images == (other, PICTURE)
    assert without_images(draft.text, 2) == " then  and  again"


def test_an_unchanged_paste_folds_again_after_the_editor():
    inside = Attachments()
    label = inside.add_paste("one\ntwo\nthree")
    assert inside.folded("before one\ntwo\nthree after") == f"before {label} after"
    assert inside.folded("before one\nTWO\nthree") == "before one\nTWO\nthree"


def test_a_label_says_how_much_it_stands_for():
    assert paste_label(3, "a\nb\nc\n") == "[Pasted text #3 +3 lines]"
    assert paste_label(1, "x" * 2000) == "[Pasted text #1 +2000 characters]"


def test_a_draft_file_is_private_and_goes_with_the_draft(tmp_path):
    file = DraftFile(tmp_path / "draft.json")
    file.save(Draft("hello [Pasted text #1 +2 lines]", ("a\nb",)))
    assert file.load().expanded == "hello a\nb"
    assert (tmp_path / "draft.json").stat().st_mode & 0o077 == 0
    file.save(Draft())
    assert list(tmp_path.iterdir()) == []


@given(st.binary(max_size=80))
def test_a_damaged_draft_file_is_an_empty_draft(data):
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "draft.json"
        path.write_bytes(data)
        assert isinstance(DraftFile(path).load(), Draft)
