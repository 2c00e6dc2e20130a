"""Solid mechanics: kinematics, constitutive models as energy densities and as residuals, loads."""

from kinn.mechanics.corners import corner_exponent, corner_feature, corner_weight
from kinn.mechanics.hyperelastic import Hyperelastic, NeoHookean, SaintVenantKirchhoff
from kinn.mechanics.kinematics import deformation_gradient, determinant, green_strain
from kinn.mechanics.loads import Bonded, Traction, pressure_work, symmetry
from kinn.mechanics.material import Elastic, PlaneStrain, PlaneStress, Solid

__all__ = [
    "Bonded",
    "Elastic",
    "Hyperelastic",
    "NeoHookean",
    "PlaneStrain",
    "PlaneStress",
    "SaintVenantKirchhoff",
    "Solid",
    "Traction",
    "corner_exponent",
    "corner_feature",
    "corner_weight",
    "deformation_gradient",
    "determinant",
    "green_strain",
    "pressure_work",
    "symmetry",
]
