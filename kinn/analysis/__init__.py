"""What training a network is like before and while it is done: its tangent kernel, its size, what evaluating it costs."""

from kinn.analysis.ntk import Stage, TangentKernel, TangentKernelStudy, kernels, study
from kinn.analysis.size import Size, size

__all__ = ["Size", "Stage", "TangentKernel", "TangentKernelStudy", "kernels", "size", "study"]
