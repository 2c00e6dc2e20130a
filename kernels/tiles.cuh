// Parts of tensors in shared memory, transposed: global memory is read and written along rows, shared memory along
// columns by threads that own one row (one sample) each. One number is left free after each column: threads that walk
// along a row of a tile then meet no bank conflict either.
#pragma once

#include "arithmetic.cuh"

namespace kinn {

__device__ inline int tile_pitch() { return blockDim.x + 1; }

// Copies `count` columns of the block's rows of a rows x width matrix into a tile; what lies beyond the matrix is zero.
template <class Real>
__device__ void gather(Real* tile, const Real* matrix, int row, int rows, int width, int column, int count) {
    for (Walk at(count); at.row < blockDim.x; at.next()) {
        const bool valid = row + at.row < rows && column + at.column < width;
        const Offset place = static_cast<Offset>(row + at.row) * width + column + at.column;
        tile[at.column * tile_pitch() + at.row] = valid ? matrix[place] : Real(0);
    }
}

// The way back.
template <class Real>
__device__ void scatter(const Real* tile, Real* matrix, int row, int rows, int width, int column, int count) {
    for (Walk at(count); at.row < blockDim.x; at.next()) {
        if (row + at.row < rows && column + at.column < width) {
            const Offset place = static_cast<Offset>(row + at.row) * width + column + at.column;
            matrix[place] = tile[at.column * tile_pitch() + at.row];
        }
    }
}

// Between the weights of neighbouring slots lie an odd number of numbers: threads in different cells read different
// banks.
template <int Block>
struct Weights {
    static constexpr int pitch = Block | 1;

    // Copies `count` rows of a weight matrix, columns [column, column + Block); what lies beyond the last is zero.
    template <class Real>
    __device__ static void load(Real* tile, const Real* matrix, int count, int width, int column) {
        for (Walk at(Block); at.row < count; at.next()) {
            const bool valid = column + at.column < width;
            const Offset place = static_cast<Offset>(at.row) * width + column + at.column;
            tile[at.row * pitch + at.column] = valid ? matrix[place] : Real(0);
        }
    }
};

}  // namespace kinn
