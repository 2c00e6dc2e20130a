// Every sample's own cotangent of the weight, added to a row of a matrix: a thread has an input, an output and a
// sample, and touches the live slots alone.
#include "records.cuh"

namespace kinn {

template <class Real, class Index, class Splines, class Edge>
__device__ void jacobian(const Real* __restrict__ stack, const Real* __restrict__ edges,
                         const Real* __restrict__ matrices, const Real* __restrict__ grad, Real* __restrict__ out,
                         int points, int inputs, int outputs, int cells, int staged, int tile_inputs, int samples,
                         Offset pitch) {
    using Taken = Record<Real, Index, Edge>;
    const int slots = cells + Splines::degree + 1;
    const int parts = (inputs + tile_inputs - 1) / tile_inputs;
    const int row = blockIdx.x / parts * samples;
    const int first = blockIdx.x % parts * tile_inputs;
    const int count = smaller(tile_inputs, inputs - first);
    const int present = smaller(samples, points - row);

    int taken = 0;
    const Splines splines(taken, edges, matrices, cells, staged);
    auto* const records = carve<Pack<Real, Taken::width>>(taken, samples * tile_inputs * Taken::packs);
    int* const places = carve<int>(taken, samples * tile_inputs);
    __syncthreads();
    record<Real, Index, Splines, Edge>(splines, stack, points, inputs, row, present, first, count, records, places);
    __syncthreads();
    for (Walk at(outputs); at.row < present * count; at.next()) {
        const int sample = row + at.row / count, input = first + at.row % count;
        Taken edge;
        edge.load(records + at.row * Taken::packs);
        Real h[3];
        edge.heads([&](int a) { return grad[(static_cast<Offset>(a) * points + sample) * outputs + at.column]; }, h);
        Real* const mine = out + sample * pitch + static_cast<Offset>(input) * slots * outputs + at.column;
        Real* const live = mine + static_cast<Offset>(places[at.row]) * outputs;
#pragma unroll
        for (int j = 0; j < Taken::live - 1; ++j) live[static_cast<Offset>(j) * outputs] += edge.share(j, h);
        mine[static_cast<Offset>(slots - 1) * outputs] += edge.share(Taken::live - 1, h);
    }
}

}  // namespace kinn

extern "C" __global__ void __launch_bounds__(kinn::MAX_THREADS)
    kinn_jacobian(const KINN_REAL* stack, const KINN_REAL* edges, const KINN_REAL* matrices, const KINN_REAL* grad,
                  KINN_REAL* out, int points, int inputs, int outputs, int cells, int staged, int tile_inputs,
                  int samples, long long pitch) {
    using namespace kinn;
    jacobian<LayerReal, LayerIndex, LayerSplines, LayerEdge>(stack, edges, matrices, grad, out, points, inputs, outputs,
                                                             cells, staged, tile_inputs, samples, pitch);
}
