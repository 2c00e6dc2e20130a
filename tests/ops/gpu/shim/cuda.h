// As much of CUDA C++ as the kernels use, for a C++20 compiler: one thread of the host for each thread of a block.
#pragma once

#define __global__
#define __device__
#define __shared__
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __launch_bounds__(threads)

struct dim3 {
    unsigned int x = 1, y = 1, z = 1;
};

extern thread_local dim3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;

void __syncthreads();

// as in <cmath>, which takes longer to compile than the kernels
extern "C" {
double exp(double) noexcept;
float expf(float) noexcept;
double tanh(double) noexcept;
float tanhf(float) noexcept;
double sqrt(double) noexcept;
float sqrtf(float) noexcept;
}
