from dataclasses import dataclass

from geo.distance import haversine


@dataclass(frozen=True)
class Place:
    name: str
    latitude: float
    longitude: float

    def distance_to(self, other):
        return haversine(self.latitude, other.latitude, self.longitude, other.longitude)


def nearest(here, places):
    others = [place for place in places if place != here]
    return min(others, key=here.distance_to)


def within(here, places, radius_km):
    return [place for place in places if here.distance_to(place) <= radius_km]


def route_length(places):
    return sum(a.distance_to(b) for a, b in zip(places, places[1:]))
