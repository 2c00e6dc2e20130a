// The cotangents of a layer's inputs. A thread has one sample and takes the outputs a group at a time: their cotangents
// stay in registers while it goes through the inputs of the block's tile.
#include "layer.cuh"
#include "tiles.cuh"

namespace kinn {

template <class Real, class Index, class Splines, class Edge, int Outputs>
__device__ void input_grad(const Real* __restrict__ stack, const Real* __restrict__ weight,
                           const Real* __restrict__ edges, const Real* __restrict__ matrices,
                           const Real* __restrict__ grad, Real* __restrict__ stack_grad, int points, int inputs,
                           int outputs, int cells, int staged, int tile_inputs) {
    constexpr int components = Index::components, pitch = Weights<Outputs>::pitch;
    const int slots = cells + Splines::degree + 1;
    const int parts = (inputs + tile_inputs - 1) / tile_inputs;
    const int row = blockIdx.x / parts * blockDim.x;
    const int first = blockIdx.x % parts * tile_inputs;
    const int count = smaller(tile_inputs, inputs - first);

    int taken = 0;
    const Splines splines(taken, edges, matrices, cells, staged);
    Real* const weights = carve<Real>(taken, tile_inputs * slots * pitch);
    Real* const tile = carve<Real>(taken, components * tile_inputs * tile_pitch());
    // the inputs make room for their cotangents as they go, unless another group of outputs needs them again
    Real* const sums = outputs > Outputs ? carve<Real>(taken, components * tile_inputs * tile_pitch()) : tile;
    Real* const exchange = carve<Real>(taken, Outputs * tile_pitch());

    for (int a = 0; a < components; ++a)
        gather(tile + a * count * tile_pitch(), stack + static_cast<Offset>(a) * points * inputs, row, points, inputs,
               first, count);
    for (int column = 0; column < outputs; column += Outputs) {
        __syncthreads();
        Weights<Outputs>::load(weights, weight + static_cast<Offset>(first) * slots * outputs, count * slots, outputs,
                               column);
        Real g[components][Outputs];
#pragma unroll
        for (int a = 0; a < components; ++a) {
            gather(exchange, grad + static_cast<Offset>(a) * points * outputs, row, points, outputs, column, Outputs);
            __syncthreads();
#pragma unroll
            for (int o = 0; o < Outputs; ++o) g[a][o] = exchange[o * tile_pitch() + threadIdx.x];
            __syncthreads();
        }
#pragma unroll 1
        for (int i = 0; i < count; ++i) {
            Edge edge;
#pragma unroll
            for (int a = 0; a < components; ++a) edge.u[a] = tile[(a * count + i) * tile_pitch() + threadIdx.x];
            edge.evaluate(splines);
            const Real* const live = weights + (i * slots + edge.cell) * pitch;
            const Real* const base = weights + (i * slots + slots - 1) * pitch;
            // sums over the outputs of the cotangents times phi', phi'', phi'''
            Real once[components], twice[components], thrice[Index::room];
#pragma unroll
            for (int a = 0; a < components; ++a) once[a] = twice[a] = Real(0);
#pragma unroll
            for (int s = 0; s < Index::room; ++s) thrice[s] = Real(0);
#pragma unroll
            for (int o = 0; o < Outputs; ++o) {
                Real f[4];
                edge.template contract<1, Index::order + 1>(live + o, base + o, pitch, f);
                once[0] += f[1] * g[0][o];
#pragma unroll
                for (int a = 1; a < components; ++a) {
                    once[a] += f[1] * g[a][o];
                    twice[a] += f[2] * g[a][o];
                }
#pragma unroll
                for (int s = 0; s < Index::seconds; ++s) thrice[s] += f[3] * g[Index::first_second + s][o];
            }
            Real grad_y[components], grad_u[components];
            Index::pull(once, twice, thrice, edge.y, edge.y_products, grad_y);
            edge.pull_map(grad_y, grad_u);
#pragma unroll
            for (int a = 0; a < components; ++a) {
                Real& place = sums[(a * count + i) * tile_pitch() + threadIdx.x];
                place = column == 0 ? grad_u[a] : place + grad_u[a];
            }
        }
    }
    __syncthreads();
    for (int a = 0; a < components; ++a)
        scatter(sums + a * count * tile_pitch(), stack_grad + static_cast<Offset>(a) * points * inputs, row, points,
                inputs, first, count);
}

}  // namespace kinn

extern "C" __global__ void __launch_bounds__(kinn::MAX_THREADS)
    kinn_input_grad(const KINN_REAL* stack, const KINN_REAL* weight, const KINN_REAL* edges, const KINN_REAL* matrices,
                    const KINN_REAL* grad, KINN_REAL* stack_grad, int points, int inputs, int outputs, int cells,
                    int staged, int tile_inputs) {
    using namespace kinn;
    input_grad<LayerReal, LayerIndex, LayerSplines, LayerEdge, KINN_OUTPUTS>(
        stack, weight, edges, matrices, grad, stack_grad, points, inputs, outputs, cells, staged, tile_inputs);
}
