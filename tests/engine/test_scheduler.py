"""Who is computed when: prompts beside answers, the urgent first, and an end for everybody however tight it gets."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kimicode_engine.request import Priority
from tests.fakes.engine_floor import Floor, answer_alone, text

BACKGROUND = Priority.BACKGROUND


def spoken(sequence):
    return sequence.tokens[len(sequence.request.prompt) :]


def ends_clean(floor):
    """Nobody holds a page, and dropping the tree frees them all."""
    pool = floor.scheduler.pool
    assert pool.used == 0
    floor.scheduler.prefix.evict(pool.total)
    return pool.free == pool.total


# --- the shape of a step ------------------------------------------------------------------------------------


def test_one_request_is_computed_and_answered():
    floor = Floor.of()
    one = floor.submit(text(100), answer=3)
    assert floor.run() == 3
    assert floor.steps == [[("0", 0, 100)], [("0", 100, 1)], [("0", 101, 1)], []]
    assert spoken(one) == answer_alone(text(100), 3)
    assert ends_clean(floor)


def test_a_long_prompt_does_not_stop_those_who_answer():
    floor = Floor.of(step_tokens=256)
    floor.submit(text(10), answer=9, name="short")
    floor.step()
    floor.submit(text(1000, seed=1), answer=1, name="long")
    floor.run()
    assert floor.steps[1:6] == [
        [("short", 10, 1), ("long", 0, 192)],
        [("short", 11, 1), ("long", 192, 192)],
        [("short", 12, 1), ("long", 384, 192)],
        [("short", 13, 1), ("long", 576, 192)],
        [("short", 14, 1), ("long", 768, 232)],
    ]


def test_chunks_end_at_pages_unless_that_wastes_the_step():
    floor = Floor.of(step_tokens=100)
    floor.submit(text(300))
    floor.step()
    assert floor.steps == [[("0", 0, 64)]]
    tight = Floor.of(step_tokens=60)
    tight.submit(text(300))
    tight.step()
    assert tight.steps == [[("0", 0, 60)]]


def test_several_prompts_share_a_step():
    floor = Floor.of(step_tokens=256)
    for seed in range(3):
        floor.submit(text(100, seed))
    floor.step()
    assert floor.steps == [[("0", 0, 100), ("1", 0, 100), ("2", 0, 56)]]


def test_single_tokens_come_first_whoever_is_more_urgent():
    floor = Floor.of()
    floor.submit(text(10), priority=BACKGROUND, name="behind")
    floor.step()
    floor.submit(text(20, seed=1), name="ahead")
    assert floor.step() == ["behind", "ahead"]


def test_more_answers_than_tokens_in_a_step_take_turns_in_order():
    floor = Floor.of(step_tokens=2)
    asked = [floor.submit(text(2, seed), answer=3) for seed in range(4)]
    floor.run()
    assert [spoken(one) for one in asked] == [answer_alone(text(2, seed), 3) for seed in range(4)]


# --- who goes first -----------------------------------------------------------------------------------------


def test_interactive_goes_before_background_then_whoever_came_first():
    floor = Floor.of(running=1)
    floor.submit(text(10, 1), priority=BACKGROUND, arrival=1.0, name="early background")
    floor.submit(text(10, 2), arrival=3.0, name="late")
    floor.submit(text(10, 3), arrival=2.0, name="early")
    floor.run()
    order = dict.fromkeys(name for step in floor.steps for name, _, _ in step)
    assert list(order) == ["early", "late", "early background"]


def test_an_interactive_request_takes_the_seat_of_a_background_one():
    floor = Floor.of(running=2, step_tokens=512)
    floor.submit(text(100, 1), answer=9, priority=BACKGROUND, name="old")
    young = floor.submit(text(200, 2), answer=9, priority=BACKGROUND, name="young")
    floor.step()
    floor.submit(text(10, 3), answer=1, name="urgent")
    assert floor.step() == ["old", "urgent"]
    assert (young.pages, young.computed) == ([], 0)
    assert floor.step() == ["old", "young"]
    assert floor.steps[-1][1] == ("young", 192, 9), "the full pages of the one sent away were kept"
    assert floor.scheduler.stats().preemptions == 1
    floor.run()
    assert spoken(young) == answer_alone(text(200, 2), 9)


def test_a_request_of_the_same_class_waits_for_a_seat():
    floor = Floor.of(running=1)
    floor.submit(text(10), answer=3, arrival=2.0)
    floor.step()
    floor.submit(text(10, 1), arrival=1.0, name="earlier")
    assert floor.step() == ["0"]
    assert floor.scheduler.stats().preemptions == 0


def test_an_interactive_request_gets_the_pages_of_background_ones():
    floor = Floor.of(pages=4)
    floor.submit(text(200), answer=50, priority=BACKGROUND, name="behind")
    floor.step()
    floor.submit(text(100, 1), answer=1, name="urgent")
    assert floor.step() == ["urgent"]
    floor.run()
    assert ends_clean(floor)


# --- what was computed before -------------------------------------------------------------------------------


def test_a_prompt_that_came_before_is_not_computed_again():
    floor = Floor.of()
    floor.submit(text(200))
    floor.run()
    again = floor.submit(text(200))
    floor.step()
    assert floor.steps[-1] == [("0", 192, 8)]
    assert again.cached == 192
    stats = floor.scheduler.stats()
    assert (stats.prefix_tokens, stats.prompt_tokens) == (192, 400)


def test_the_last_token_is_computed_even_if_all_is_known():
    floor = Floor.of()
    floor.submit(text(128))
    floor.run()
    assert floor.submit(text(128)).request.id == "0"
    floor.step()
    assert floor.steps[-1] == [("0", 64, 64)]


def test_an_answer_is_known_when_the_conversation_goes_on():
    floor = Floor.of()
    floor.submit(text(100), answer=100)
    floor.run()
    turn = floor.submit(text(100) + tuple(answer_alone(text(100), 100)) + text(10, 1))
    floor.run()
    assert turn.cached == 192


def test_the_same_prompt_at_the_same_time_is_computed_once():
    floor = Floor.of(step_tokens=4096)
    asked = [floor.submit(text(200), answer=5) for _ in range(4)]
    floor.run()
    assert floor.steps[0] == [("0", 0, 200)]
    assert floor.steps[1] == [("0", 200, 1), ("1", 192, 8), ("2", 192, 8), ("3", 192, 8)]
    assert [one.cached for one in asked] == [0, 192, 192, 192]
    assert [spoken(one) for one in asked] == [answer_alone(text(200), 5)] * 4


def test_a_short_prompt_waits_for_what_it_shares_with_a_long_one_and_no_longer():
    floor = Floor.of(step_tokens=256)
    floor.submit(text(2000), answer=1, name="long")
    short = floor.submit(text(70)[:64] + text(20, 1), answer=1, arrival=1.0, name="short")
    floor.submit(text(30, 2), answer=1, arrival=2.0, name="other")
    floor.step()
    assert floor.steps[-1] == [("long", 0, 256)]
    floor.step()
    assert short.cached is None, "the step had no tokens left"
    floor.run()
    assert short.cached == 64


def test_nobody_waits_for_what_a_less_urgent_one_computes():
    floor = Floor.of(step_tokens=128)
    behind = floor.submit(text(600), priority=BACKGROUND, name="behind")
    floor.step()
    ahead = floor.submit(text(600), name="ahead")
    floor.step()
    assert floor.steps[-1] == [("ahead", 128, 128)]
    floor.run()
    assert spoken(ahead) == spoken(behind) == answer_alone(text(600), 4)


# --- when pages run out -------------------------------------------------------------------------------------


def test_the_prefix_cache_gives_way_before_anybody_who_runs():
    floor = Floor.of(pages=4)
    floor.submit(text(192))
    floor.run()
    assert floor.scheduler.stats().pages_cached == 3
    other = floor.submit(text(150, 1), answer=80)
    floor.run()
    assert floor.scheduler.stats().preemptions == 0
    assert spoken(other) == answer_alone(text(150, 1), 80)


def test_the_youngest_is_sent_away_and_comes_back_before_those_who_wait():
    floor = Floor.of(pages=5, running=2)
    asked = [floor.submit(text(60, seed), answer=150, arrival=float(seed), name=str(seed)) for seed in range(3)]
    floor.run()
    preempted = next(index for index, step in enumerate(floor.steps) if index > 5 and len(step) == 1)
    assert floor.steps[preempted][0][0] == "0"
    order = dict.fromkeys(name for step in floor.steps[preempted:] for name, _, _ in step)
    assert list(order) == ["0", "1", "2"]
    assert floor.scheduler.stats().preemptions > 0
    assert [spoken(one) for one in asked] == [answer_alone(text(60, seed), 150) for seed in range(3)]
    assert [one.cached for one in asked] == [0, 0, 0], "what it finds of its own is no hit"
    assert ends_clean(floor)


def test_a_prompt_comes_in_once_there_is_room_for_all_of_it():
    floor = Floor.of(pages=5)
    floor.submit(text(150), answer=30, name="first")
    floor.submit(text(180, 1), answer=1, arrival=1.0, name="big")
    floor.submit(text(10, 2), answer=1, arrival=2.0, name="small")
    floor.step()
    assert floor.step() == ["first"], "nobody overtakes the big one, or it might wait for ever"
    assert floor.scheduler.stats().waiting == 2
    floor.run()
    assert floor.scheduler.stats().preemptions == 0


def test_one_who_finds_no_room_does_not_hold_up_the_more_urgent():
    floor = Floor.of(pages=5)
    floor.submit(text(150), answer=30, name="first")
    floor.submit(text(180, 1), answer=1, priority=BACKGROUND, name="big")
    floor.step()
    floor.submit(text(10, 2), name="urgent")
    assert floor.step() == ["first", "urgent"]


def test_the_most_urgent_moves_on_though_others_claim_the_tokens_and_hold_the_pages():
    floor = Floor.of(pages=4, running=2, step_tokens=1)
    floor.submit(text(150, 1), answer=1)
    floor.run()
    behind = floor.submit(text(10), answer=190, priority=BACKGROUND, name="behind")
    while not behind.generated:
        floor.step()
    ahead = floor.submit(text(140, 1), answer=1, name="ahead")
    floor.run()
    assert ahead.cached == 128
    assert spoken(behind) == answer_alone(text(10), 190)


# --- ends ---------------------------------------------------------------------------------------------------


def test_who_ends_gives_everything_back_in_every_state():
    floor = Floor.of(running=2, step_tokens=128)
    answering = floor.submit(text(10), answer=50)
    prefilling = floor.submit(text(500, 1), arrival=1.0)
    waiting = floor.submit(text(10, 2), arrival=2.0)
    floor.step()
    floor.step()
    stats = floor.scheduler.stats()
    assert (stats.running, stats.waiting, stats.waiting_tokens) == (2, 1, 10)
    for sequence in (answering, prefilling, waiting):
        floor.finish(sequence)
    stats = floor.scheduler.stats()
    assert (stats.running, stats.waiting, stats.waiting_tokens) == (0, 0, 0)
    assert stats.pages_used == 0
    assert floor.step() == []
    assert ends_clean(floor)


def test_what_a_faulty_sequence_computed_is_not_found_again():
    floor = Floor.of()
    faulty = floor.submit(text(200), name="faulty")
    floor.step()
    floor.scheduler.finish(faulty, faulty=True)
    del floor.alive["faulty"]
    assert floor.scheduler.pool.free == floor.scheduler.pool.total
    again = floor.submit(text(200))
    floor.run()
    assert again.cached == 0


ASKED = st.tuples(
    st.integers(1, 200),
    st.integers(0, 2),
    st.integers(1, 70),
    st.sampled_from(Priority),
    st.integers(0, 40),
    st.booleans(),
)


@settings(max_examples=150, deadline=None)
@given(
    asked=st.lists(ASKED, min_size=1, max_size=8),
    pages=st.integers(5, 12),
    running=st.integers(1, 4),
    step_tokens=st.integers(1, 300),
)
def test_everybody_gets_their_own_answer_though_all_compete(asked, pages, running, step_tokens):
    floor = Floor.of(pages=pages, running=running, step_tokens=step_tokens)
    coming = sorted(enumerate(asked), key=lambda one: one[1][4])
    given_up, complete, step = [], [], 0
    while coming or floor.alive:
        while coming and (coming[0][1][4] <= step or not floor.alive):
            index, (length, seed, answer, priority, arrival, leaves) = coming.pop(0)
            sequence = floor.submit(text(length, seed), answer, priority, float(arrival), str(index))
            (given_up if leaves else complete).append((sequence, step + answer))
        assert floor.step(), "somebody is there and nobody moves on"
        step += 1
        for sequence, until in given_up:
            if step >= until and sequence.request.id in floor.alive:
                floor.finish(sequence)
        assert step < 5_000, "it does not end"
    for sequence, _ in complete:
        prompt = sequence.request.prompt
        assert spoken(sequence) == answer_alone(prompt, sequence.request.sampling.max_tokens)
    assert ends_clean(floor)
