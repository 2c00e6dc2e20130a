// The outputs of a layer. A thread has one sample and a group of outputs; it forms the functions on an input's edges
// once and contracts them with the weights of its outputs. The block shares the weights of its outputs and a tile of
// inputs.
#include "layer.cuh"
#include "tiles.cuh"

namespace kinn {

template <class Real, class Index, class Splines, class Edge, int Outputs>
__device__ void forward(const Real* __restrict__ stack, const Real* __restrict__ weight, const Real* __restrict__ edges,
                        const Real* __restrict__ matrices, Real* __restrict__ out, int points, int inputs, int outputs,
                        int cells, int staged, int tile_inputs) {
    constexpr int components = Index::components, pitch = Weights<Outputs>::pitch;
    const int slots = cells + Splines::degree + 1;
    const int groups = (outputs + Outputs - 1) / Outputs;
    const int row = blockIdx.x / groups * blockDim.x;
    const int column = blockIdx.x % groups * Outputs;

    int taken = 0;
    const Splines splines(taken, edges, matrices, cells, staged);
    Real* const weights = carve<Real>(taken, tile_inputs * slots * pitch);
    Real* const tile = carve<Real>(taken, 0);

    Real sums[components][Outputs];
#pragma unroll
    for (int a = 0; a < components; ++a)
#pragma unroll
        for (int o = 0; o < Outputs; ++o) sums[a][o] = Real(0);

    for (int first = 0; first < inputs; first += tile_inputs) {
        const int count = smaller(tile_inputs, inputs - first);
        __syncthreads();
        Weights<Outputs>::load(weights, weight + static_cast<Offset>(first) * slots * outputs, count * slots, outputs,
                               column);
        for (int a = 0; a < components; ++a)
            gather(tile + a * count * tile_pitch(), stack + static_cast<Offset>(a) * points * inputs, row, points,
                   inputs, first, count);
        __syncthreads();
#pragma unroll 1
        for (int i = 0; i < count; ++i) {
            Edge edge;
#pragma unroll
            for (int a = 0; a < components; ++a) edge.u[a] = tile[(a * count + i) * tile_pitch() + threadIdx.x];
            edge.evaluate(splines);
            const Real* const live = weights + (i * slots + edge.cell) * pitch;
            const Real* const base = weights + (i * slots + slots - 1) * pitch;
#pragma unroll
            for (int o = 0; o < Outputs; ++o) {
                Real f[4];
                edge.template contract<0, Index::order>(live + o, base + o, pitch, f);
                sums[0][o] += f[0];
#pragma unroll
                for (int a = 1; a < components; ++a) sums[a][o] += f[1] * edge.y[a];
#pragma unroll
                for (int s = 0; s < Index::seconds; ++s) sums[Index::first_second + s][o] += f[2] * edge.y_products[s];
            }
        }
    }
#pragma unroll
    for (int a = 0; a < components; ++a) {
        __syncthreads();
#pragma unroll
        for (int o = 0; o < Outputs; ++o) tile[o * tile_pitch() + threadIdx.x] = sums[a][o];
        __syncthreads();
        scatter(tile, out + static_cast<Offset>(a) * points * outputs, row, points, outputs, column, Outputs);
    }
}

}  // namespace kinn

extern "C" __global__ void __launch_bounds__(kinn::MAX_THREADS)
    kinn_forward(const KINN_REAL* stack, const KINN_REAL* weight, const KINN_REAL* edges, const KINN_REAL* matrices,
                 KINN_REAL* out, int points, int inputs, int outputs, int cells, int staged, int tile_inputs) {
    using namespace kinn;
    forward<LayerReal, LayerIndex, LayerSplines, LayerEdge, KINN_OUTPUTS>(stack, weight, edges, matrices, out, points,
                                                                          inputs, outputs, cells, staged, tile_inputs);
}
