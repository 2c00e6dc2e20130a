"""Analysis of networks: tangent kernels over training, sizes, operations per point."""
