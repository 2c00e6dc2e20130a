"""Routes: the trainings that a solve consists of, one after another; one kind of route a module."""

from kinn.training.routes.base import Fields, Route, Start
from kinn.training.routes.curriculum import Curriculum
from kinn.training.routes.ensemble import Ensemble, Members
from kinn.training.routes.slabs import Slabs, TimeSlabs
from kinn.training.routes.whole import Whole

__all__ = ["Curriculum", "Ensemble", "Fields", "Members", "Route", "Slabs", "Start", "TimeSlabs", "Whole"]
