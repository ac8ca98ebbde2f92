from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS_KM = 6371.0


def haversine(latitude_1, longitude_1, latitude_2, longitude_2):
    """Great-circle distance in kilometres; degrees in."""
    phi_1, phi_2 = radians(latitude_1), radians(latitude_2)
    d_phi = phi_2 - phi_1
    d_lambda = radians(longitude_2 - longitude_1)
    a = sin(d_phi / 2) ** 2 + cos(phi_1) * cos(phi_2) * sin(d_lambda / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(sqrt(a))
