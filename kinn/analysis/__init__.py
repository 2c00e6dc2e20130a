"""What training a network is like before and while it is done: its tangent kernel, its size, what evaluating it costs."""

from kinn.analysis.ntk import Kernel, Stage, Study, kernels, study
from kinn.analysis.size import Size, size

__all__ = ["Kernel", "Size", "Stage", "Study", "kernels", "size", "study"]
