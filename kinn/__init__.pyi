"""The public names of kinn by subject, each loaded when first used; read by lazy_loader, type checkers and editors."""

# What is solved
from .problem.problem import Problem as Problem
from .defaults import Defaults as Defaults
from .problem.postprocess import Postprocess as Postprocess
from .unknowns import Unknown as Unknown
from .unknowns import UnknownField as UnknownField
from .unknowns import UnknownTerm as UnknownTerm
from .fields import MovingCoordinate as MovingCoordinate
from .table import Table as Table

# How it is solved, and what comes back
from .solver import solve as solve
from .eigenproblem import solve_eigenproblem as solve_eigenproblem
from .runs.resume import resume as resume
from .training_options import TrainingOptions as TrainingOptions
from .solution import Solution as Solution
from .train.callbacks import Callback as Callback
from .train.state import StopReason as StopReason
from .errors import InputError as InputError
from .errors import SolveError as SolveError

# Where: shapes
from .geometry.geometry import Geometry as Geometry
from .geometry.shapes.box import Interval as Interval
from .geometry.shapes.box import Rectangle as Rectangle
from .geometry.shapes.box import Cuboid as Cuboid
from .geometry.shapes.box import Box as Box
from .geometry.shapes.ball import Disk as Disk
from .geometry.shapes.ball import Sphere as Sphere
from .geometry.shapes.ball import Ball as Ball
from .geometry.shapes.ellipse import Ellipse as Ellipse
from .geometry.shapes.polygon import Polygon as Polygon
from .geometry.shapes.arcs import ArcPolygon as ArcPolygon
from .geometry.shapes.curve_domain import CurveDomain as CurveDomain
from .geometry.csg.products import Cylinder as Cylinder
from .geometry.csg.products import Extrusion as Extrusion
from .geometry.meshes.triangulated_solid import TriangulatedSolid as TriangulatedSolid
from .geometry.shapes.point_cloud import PointCloud as PointCloud
from .geometry.meshes.mesh import Mesh as Mesh
from .geometry.csg.products import TimeInterval as TimeInterval

# What holds on boundaries, at the start, between subdomains and at points
from .conditions.boundary import Dirichlet as Dirichlet
from .conditions.boundary import Neumann as Neumann
from .conditions.boundary import Robin as Robin
from .conditions.boundary import Initial as Initial
from .conditions.periodic import Periodic as Periodic
from .conditions.boundary import Interface as Interface
from .conditions.points import Observation as Observation
from .conditions.points import PointValue as PointValue
from .conditions.integral import Integral as Integral
from .conditions.residual import ResidualCondition as ResidualCondition
from .conditions.condition import Condition as Condition
from .conditions.condition import BoundaryCondition as BoundaryCondition

# Equations with a fundamental solution, for boundary integrals
from .equations import Laplace as Laplace
from .equations import Helmholtz as Helmholtz
from .equations import Elasticity as Elasticity
from .equations import Stokes as Stokes

# Fields, their differential operators and elementary functions
from .fields import Field as Field
from .fields import Points as Points
from .calculus import grad as grad
from .calculus import div as div
from .calculus import laplacian as laplacian
from .calculus import hessian as hessian
from .calculus import strain as strain
from .curvilinear import Polar as Polar
from .curvilinear import Cylindrical as Cylindrical
from .curvilinear import Spherical as Spherical
from .math import abs as abs
from .math import arctan as arctan
from .math import arctan2 as arctan2
from .math import complementarity as complementarity
from .math import cos as cos
from .math import cosh as cosh
from .math import erf as erf
from .math import exp as exp
from .math import floor as floor
from .math import log as log
from .math import maximum as maximum
from .math import minimum as minimum
from .math import sigmoid as sigmoid
from .math import sign as sign
from .math import sin as sin
from .math import sinh as sinh
from .math import sqrt as sqrt
from .math import tan as tan
from .math import tanh as tanh
from .math import where as where

# Networks
from .networks.kan import KAN as KAN
from .networks.mlp import MLP as MLP
from .networks.resnet import ResNet as ResNet
from .networks.resnet import ResidualKAN as ResidualKAN
from .networks.resnet import ModifiedMLP as ModifiedMLP
from .networks.resnet import PirateNet as PirateNet
from .networks.neural_ode import NeuralODE as NeuralODE
from .networks.neural_ode import KANODE as KANODE
from .networks.random_features import RandomFeatures as RandomFeatures
from .networks.tensor_splines import TensorSplines as TensorSplines
from .networks.network import match_parameters as match_parameters

# Optimisers
from .optim.auto import Auto as Auto
from .optim.levenberg_marquardt import LevenbergMarquardt as LevenbergMarquardt
from .optim.broyden import SelfScaledBroyden as SelfScaledBroyden
from .optim.least_squares import LastLayerLeastSquares as LastLayerLeastSquares
from .optim.first_order import LBFGS as LBFGS
from .optim.first_order import Adam as Adam

# Training strategies: loss weights, sampling, causality
from .train.strategies.strategy import Strategy as Strategy
from .train.strategies.strategy import Weighting as Weighting
from .train.strategies.strategy import Sampling as Sampling
from .train.strategies.weights import UniformWeights as UniformWeights
from .train.strategies.weights import FixedWeights as FixedWeights
from .train.strategies.weights import NTK as NTK
from .train.strategies.weights import GradientNorm as GradientNorm
from .train.strategies.weights import ResidualAttention as ResidualAttention
from .train.strategies.weights import SelfAdaptive as SelfAdaptive
from .train.strategies.resampling import RAD as RAD
from .train.strategies.resampling import RARD as RARD
from .train.strategies.causal import Causal as Causal

__version__: str
