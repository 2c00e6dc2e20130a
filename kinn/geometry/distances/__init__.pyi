"""The names of kinn.geometry.distances that all shapes use, each loaded when first used."""

from .implicit import ImplicitFunction as ImplicitFunction
from .implicit import Plane as Plane
from .implicit import Values as Values
from .rfunctions import FullSpace as FullSpace
from .rfunctions import HalfSpace as HalfSpace
from .rfunctions import Region as Region
from .rfunctions import TrimmedZeroSet as TrimmedZeroSet
from .rfunctions import diametral_ball as diametral_ball
from .rfunctions import distance as distance
from .rfunctions import intersection as intersection
