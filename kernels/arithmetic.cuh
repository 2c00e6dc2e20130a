// What the kernels say for float and double alike, and how they cut the block's shared memory into arrays.
#pragma once

namespace kinn {

__device__ inline float exponential(float x) { return expf(x); }
__device__ inline double exponential(double x) { return exp(x); }
__device__ inline float hyperbolic_tangent(float x) { return tanhf(x); }
__device__ inline double hyperbolic_tangent(double x) { return tanh(x); }
__device__ inline float square_root(float x) { return sqrtf(x); }
__device__ inline double square_root(double x) { return sqrt(x); }

__device__ inline int smaller(int a, int b) { return a < b ? a : b; }

// An offset into a tensor: products of sizes may exceed 32 bits.
typedef long long Offset;

// Numbers that are moved by one instruction, 16 bytes at most.
template <class Real, int Count>
struct alignas(Count * sizeof(Real) < 16 ? Count * sizeof(Real) : 16) Pack {
    Real values[Count];
};

// The block's shared memory, as many bytes as the launch asks for.
extern __shared__ __align__(16) unsigned char arena[];

// Takes the next `count` numbers of the arena, on whole 16 bytes; `carve` in kinn/ops/gpu/launch_config.py does the same
// sum.
template <class Number>
__device__ Number* carve(int& taken, int count) {
    Number* const array = reinterpret_cast<Number*>(arena + taken);
    taken += (count * static_cast<int>(sizeof(Number)) + 15) / 16 * 16;
    return array;
}

// Takes the block's threads through an array of rows in row-major order, every thread through its own elements.
struct Walk {
    int row, column;

    __device__ explicit Walk(int width)
        : row(threadIdx.x / width),
          column(threadIdx.x % width),
          width(width),
          rows(blockDim.x / width),
          columns(blockDim.x % width) {}

    __device__ void next() {
        row += rows;
        column += columns;
        if (column >= width) {
            column -= width;
            ++row;
        }
    }

 private:
    int width, rows, columns;
};

}  // namespace kinn
