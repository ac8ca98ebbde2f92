import pytest

from geo.places import Place, nearest, route_length, within

BERLIN = Place("Berlin", 52.520, 13.405)
PARIS = Place("Paris", 48.857, 2.352)
ROME = Place("Rome", 41.903, 12.496)
OSLO = Place("Oslo", 59.913, 10.752)
CITIES = [BERLIN, PARIS, ROME, OSLO]


def test_here_is_no_distance():
    assert BERLIN.distance_to(BERLIN) == 0


def test_a_known_distance():
    assert BERLIN.distance_to(PARIS) == pytest.approx(878, abs=3)


def test_a_quarter_of_the_equator():
    assert Place("a", 0, 0).distance_to(Place("b", 0, 90)) == pytest.approx(10_007.5, abs=1)


def test_nearest_is_somewhere_else():
    assert nearest(BERLIN, CITIES) == OSLO


def test_within():
    assert within(BERLIN, CITIES, 900) == [BERLIN, PARIS, OSLO]


def test_route():
    assert route_length([OSLO, BERLIN, PARIS]) == pytest.approx(838 + 878, abs=6)
    assert route_length([OSLO]) == 0
